"""From bytes to text, when nobody says in what encoding."""

import codecs
import re
from contextlib import suppress

from charset_normalizer import from_bytes

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How ISO-2022 goes over to Japanese or Korean; all its bytes are ASCII, so it would pass for UTF-8.
_SHIFT = re.compile(rb"\x1b\$(?:[@B]|\)C|\(D)")
SAMPLE_BYTES = 65_536
# A file that is UTF-8 but for one broken character in this many is UTF-8 with damage, not something else.
INTACT_PER_BROKEN = 50
# Guesses this close in disorder are told apart by whether some language has all the letters that come out.
CHAOS_MARGIN = 0.07
_WESTERN = ("äöüß", "àâæçéèêëîïôœùûü", "áéíñóúüªº", "ãáàâçéêíõóôúüªº", "àèéìíîòóù", "åäöæøéü", "áðéíóúýþæö", "ëïéèóöüá")
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž")
_ALPHABETS = {"cp1252": _WESTERN, "cp1250": _CENTRAL, "iso8859_2": _CENTRAL}
_EAST_ASIAN = {"cp949", "euc_kr", "johab", "gbk", "gb2312", "gb18030", "hz", "big5", "big5hkscs", "cp950", "cp932"}
# A Thai vowel or tone mark stands over, under or behind a letter; a leading vowel stands before a consonant.
_THAI_MISPLACED = re.compile(
    "(?:^|[^\u0e01-\u0e5b])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|[\u0e40-\u0e44](?![\u0e01-\u0e2e])"
)


def decode(data: bytes) -> str | None:
    """Return the text, or None when no encoding makes sense of the bytes.

    A byte order mark decides; else the escapes of ISO-2022; else UTF-8 when it fits; else UTF-16 or UTF-32 by where the
    zero bytes stand; else the guess of charset-normalizer on a sample, right for most texts of a few sentences.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    for encoding in ("iso2022_jp_ext", "iso2022_kr") if _SHIFT.search(data) else ():
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    return _decode_wide(data) or _decode_damaged_utf8(data) or _decode_legacy(data)


def _decode_wide(data: bytes) -> str | None:
    """Western text in UTF-16 or UTF-32 without a mark has zeros in the same place of each unit."""
    sample = data[:SAMPLE_BYTES]
    if b"\x00" not in sample:
        return None
    for width, place, encoding in ((4, 3, "utf-32-le"), (4, 0, "utf-32-be"), (2, 1, "utf-16-le"), (2, 0, "utf-16-be")):
        units = sample[place::width]
        others = len(sample) - len(units)
        zeros_elsewhere = sample.count(0) - units.count(0)
        expected_elsewhere = others * 2 // 3 if width == 4 else 0
        if units.count(0) * 2 > len(units) and abs(zeros_elsewhere - expected_elsewhere) * 10 <= len(sample):
            return data.decode(encoding, "replace")
    return None


def _decode_damaged_utf8(data: bytes) -> str | None:
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    intact = sum(1 for character in text[:SAMPLE_BYTES] if character > "\x7f" and character != "\ufffd")
    if text[:SAMPLE_BYTES].count("\ufffd") * INTACT_PER_BROKEN <= intact and broken * 1_000 <= len(text):
        return text
    return None


def _decode_legacy(data: bytes) -> str | None:
    sample = data[:SAMPLE_BYTES]
    guess = _likeliest(sample)
    if guess is None:
        return None
    if guess in _EAST_ASIAN and _is_thai(sample):
        guess = "cp874"
    # The sample may end within a character, and the rest may hold bytes that the sample did not.
    return data.decode(guess, "replace")


def _likeliest(sample: bytes) -> str | None:
    matches = list(from_bytes(sample))
    if not matches:
        return None
    close = [match for match in matches if match.chaos <= matches[0].chaos + CHAOS_MARGIN]
    for encoding, alphabets in _ALPHABETS.items():
        if any(encoding in (match.encoding, *match.could_be_from_charset) for match in close):
            letters = {
                letter for letter in sample.decode(encoding, "replace").lower() if letter > "\x7f" and letter.isalpha()
            }
            if any(letters <= set(alphabet) for alphabet in alphabets):
                return encoding
    return matches[0].encoding


def _is_thai(sample: bytes) -> bool:
    try:
        text = sample.decode("cp874")
    except UnicodeDecodeError:
        return False
    letters = sum(1 for character in text if "\u0e01" <= character <= "\u0e5b")
    return letters > 0 and len(_THAI_MISPLACED.findall(text)) * INTACT_PER_BROKEN <= letters
