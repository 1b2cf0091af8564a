"""Telling UTF-16 and UTF-32 by what they make of the bytes, where no byte order mark says so."""

import codecs
import re

SAMPLE_BYTES = 16_384
# Bytes below 0x20 that stand in no text of one byte a letter; in wide text they are halves of letters and spaces.
_CONTROL = bytes(code for code in range(0x20) if code not in b"\t\n\r\x0b\x0c\x1b")
# More than one such byte in this many, and a text is wide or it is none.
CONTROL_SHARE = 50
# Of a hundred characters, so many are of scripts in use; read from the wrong end, or with no sense, far fewer are.
LIKELY_SHARE = 95
# Two ASCII letters read as one make a Chinese character; real Chinese is to about a half of bytes that are ASCII.
ASCII_SHARE_MAX = 75
_HAN = re.compile("[\u4e00-\u9fff]")
_ASCII = bytes(range(0x20, 0x7F))
# Latin, Greek, Cyrillic, Hebrew, Arabic, the scripts of India and its neighbours, Georgian, Korean, Ethiopic, Khmer,
# more Latin and Greek, punctuation and signs, Chinese and Japanese, forms of Arabic, full width, pictures.
_LIKELY = re.compile(
    "[\t\n\r\x0b\x0c\x1b -~\xa0-\u05ff\u0600-\u06ff\u0900-\u11ff\u1200-\u137f\u1780-\u17ff\u1e00-\u23ff\u2500-\u27bf"
    "\u3000-\u33ff\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufb50-\ufdff\ufe30-\ufeff\uff00-\uffef\U0001f000-\U0001faff]"
)


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of text with two or four bytes a unit and no mark; None for anything else.

    UTF-32 is strict enough to be told by decoding alone. UTF-16 fits nearly any bytes: there, both orders are tried,
    and the one counts that makes characters of scripts in use, in few blocks, as one text has them.

    Args:
        head: The beginning of a file, or all of it.
    """
    sample = head[:SAMPLE_BYTES]
    if has_few_controls(sample):
        return None
    for encoding in ("utf-32-le", "utf-32-be"):
        if (text := _decoded(sample, encoding)) and _is_likely(text):
            return encoding
    fitting = {
        encoding: _blocks(text)
        for encoding in ("utf-16-le", "utf-16-be")
        if (text := _decoded(sample, encoding)) and _is_likely(text) and not _is_disguised_ascii(sample, text)
    }
    return min(fitting, key=lambda encoding: fitting[encoding], default=None)


def has_few_controls(sample: bytes) -> bool:
    """Whether bytes may be text of one byte a letter, or some bytes a letter, with a stray control character or two."""
    return (len(sample) - len(sample.translate(None, _CONTROL))) * CONTROL_SHARE <= len(sample)


def _decoded(sample: bytes, encoding: str) -> str | None:
    """Return the text, without a last character that the sample cuts; None where the bytes do not fit."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None


def _is_likely(text: str) -> bool:
    return len(_LIKELY.findall(text)) * 100 >= len(text) * LIKELY_SHARE


def _is_disguised_ascii(sample: bytes, text: str) -> bool:
    is_chinese = len(_HAN.findall(text)) * 2 > len(text)
    ascii_count = len(sample) - len(sample.translate(None, _ASCII))
    return is_chinese and ascii_count * 100 > len(sample) * ASCII_SHARE_MAX


def _blocks(text: str) -> int:
    """Return in how many stretches of 256 characters a text's characters are."""
    return len({ord(character) >> 8 for character in text})
