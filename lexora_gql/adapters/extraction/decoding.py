"""From bytes to text, when nobody says in what encoding."""

import codecs
import re
from collections import Counter
from contextlib import suppress
from functools import partial

import chardet

from lexora_gql.documents.wide_text import wide_encoding

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How ISO-2022 goes over to Japanese or Korean, and HZ to Chinese; all their bytes are ASCII and would pass for UTF-8.
_SHIFT = re.compile(rb"\x1b\$(?:[@B]|\)C|\(D)")
_CHINESE = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}")
SAMPLE_BYTES = 65_536
# A file that is UTF-8 but for one broken character in this many is UTF-8 with damage, not something else.
INTACT_PER_BROKEN = 50
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_BEYOND_ASCII_LETTER = re.compile(r"[\x80-\x9f]|[^\W\d_\x00-\x7f]")
# Of a hundred runs of bytes beyond ASCII, so many are a single letter among others in any Latin alphabet.
LATIN_SINGLES = 70
# Guesses are as good as the best one when their confidence is within this share of its.
AS_GOOD = 0.7
_WESTERN = ("äöüß", "àâæçéèêëîïôœùûü", "áéíñóúüªº", "ãáàâçéêíõóôúüªº", "àèéìíîòóù", "åäöæøéü", "áðéíóúýþæö", "ëïéèóöüá")
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž")
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")
_TURKISH = ("çğıöşüâîû",)
# The letters that a language has beyond ASCII, by the encodings that it was written in.
_ALPHABETS = {
    "cp1252": _WESTERN, "iso8859-1": _WESTERN, "iso8859-15": _WESTERN, "mac-roman": _WESTERN, "cp850": _WESTERN,
    "cp437": _WESTERN, "cp1250": _CENTRAL, "iso8859-2": _CENTRAL, "cp852": _CENTRAL, "cp1254": _TURKISH,
    "iso8859-9": _TURKISH, "cp857": _TURKISH, "cp1257": _BALTIC, "iso8859-13": _BALTIC, "cp775": _BALTIC,
}  # fmt: skip


_WIDER = {
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "latin1", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis"), "cp932"),
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
}


def decode(data: bytes, declared: str | None = None) -> str | None:
    """Return the text, or None when no encoding makes sense of the bytes.

    A byte order mark decides; else UTF-16 or UTF-32 where the bytes can be nothing else; else the escapes of ISO-2022
    and HZ; else UTF-8 when it fits; else what the file says of itself; else the guess of chardet on a sample, right for
    most texts of a sentence or two.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if (wide := wide_encoding(data)) is not None:
        return data.decode(wide, "replace")
    for attempt in (_decode_escaped, _decode_utf8, partial(_decode_declared, declared=declared), _decode_legacy):
        if (text := attempt(data)) is not None:
            return text
    return None


def _decode_declared(data: bytes, *, declared: str | None) -> str | None:
    if declared is None:
        return None
    # Browsers read more than the name says, and so do those who write for them.
    name = _WIDER.get(declared.lower(), declared)
    with suppress(LookupError, UnicodeError, ValueError):
        if "\ufffd" not in (text := data.decode(name, "replace")):
            return text
    return None


def _decode_escaped(data: bytes) -> str | None:
    candidates = ["iso2022_jp_ext", "iso2022_kr"] if _SHIFT.search(data) else ["hz"] if _CHINESE.search(data) else []
    for encoding in candidates:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return None


def _decode_utf8(data: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    intact = sum(1 for character in text[:SAMPLE_BYTES] if character > "\x7f" and character != "\ufffd")
    if text[:SAMPLE_BYTES].count("\ufffd") * INTACT_PER_BROKEN <= intact and broken * 1_000 <= len(text):
        return text
    return None


def _decode_legacy(data: bytes) -> str | None:
    sample = data[:SAMPLE_BYTES]
    guess = _likeliest_latin(sample) if _is_latin(sample) else _likeliest(sample)
    # The sample may end within a character, and the rest may hold bytes that the sample did not.
    return None if guess is None else data.decode(guess, "replace")


def _is_latin(sample: bytes) -> bool:
    """Whether the letters beyond ASCII mostly stand alone, as they do in no other alphabet."""
    runs = _BEYOND_ASCII.findall(sample)
    return bool(runs) and sum(1 for run in runs if len(run) == 1) * 100 >= len(runs) * LATIN_SINGLES


def _likeliest_latin(sample: bytes) -> str | None:
    """Return, of guesses that are about as good, the first that best makes a known language's letters of the bytes."""
    guesses = chardet.detect_all(sample, ignore_threshold=True, compat_names=False, include_encodings=_ALPHABETS)
    names = [
        guess["encoding"]
        for guess in guesses
        if guess["encoding"] is not None and guess["confidence"] >= guesses[0]["confidence"] * AS_GOOD
    ]
    return max(names, key=lambda name: _share_of_a_language(sample, name), default=None)


def _share_of_a_language(sample: bytes, encoding: str) -> float:
    """Return what share of the letters beyond ASCII a language has, the best fitting of those an encoding is for."""
    text = sample.decode(encoding, "replace").lower()
    # No text holds C1 control characters: what makes them is another encoding's letters.
    letters = Counter(_BEYOND_ASCII_LETTER.findall(text))
    known = (sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS[encoding])
    return max(known) / max(letters.total(), 1)


def _likeliest(sample: bytes) -> str | None:
    return chardet.detect(sample, compat_names=False)["encoding"]
