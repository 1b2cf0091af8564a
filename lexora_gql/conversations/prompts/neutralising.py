"""Making text safe to put before a model: what others wrote is data there, never instructions or structure.

Only the prompt gets it so; what is stored, quoted and shown stays as it is.
"""

import re

from lexora_gql.conversations.citations.marker_shapes import MARKER_SHAPE

# Zero-width characters, bidi controls, variation selectors, tag characters, fillers: people do not see them, models do.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Persian and the scripts of India spell with these two; between other characters they only hide something.
_JOINER = re.compile("(?<![\u0600-\u08ff\u0900-\u0dff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u08ff\u0900-\u0dff])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_FULL_WIDTH = 0xFEE0


def _any_width(word: str) -> str:
    return "".join(f"[{letter}{chr(ord(letter) + _FULL_WIDTH)}]" for letter in word)


TAGS = ("source", "question")
"""Names of the tags that delimit what others wrote."""
_ANGLE = "[<＜﹤]"
_TAG = re.compile(rf"{_ANGLE}(?=[\W_]{{0,8}}(?:{'|'.join(map(_any_width, TAGS))}))", re.IGNORECASE)
# What chat templates use to part messages; some servers read it in the text too.
_TEMPLATE = re.compile(
    r"<(?=\||<SYS|</SYS|/?s>|(?:start|end)_of_turn>|/?(?:bos|eos|pad|unk|sys|tool_call|think)>)|\[(?=/?INST\])",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """Return a text without characters that people do not see; control characters become blanks."""
    return _CONTROL.sub(" ", _JOINER.sub("", _HIDDEN.sub("", text.replace("\r\n", "\n"))))


def neutral(text: str) -> str:
    """Return a text that can neither end its delimiters, nor begin others, nor speak as a part of the conversation."""
    return _TEMPLATE.sub(lambda match: "‹" if match[0] == "<" else "(", _TAG.sub("‹", visible(text)))


def neutral_passage(text: str) -> str:
    """Return a passage as `neutral` does, its own bracketed numbers in round brackets: only ours are markers."""
    return MARKER_SHAPE.sub(_rounded, neutral(text))


def _rounded(match: re.Match[str]) -> str:
    group = match[0].lstrip()
    return f"{match[0][: len(match[0]) - len(group)]}({group[1:-1]})"


def one_line(text: str, *, characters_max: int) -> str:
    """Return a title as `neutral` does, on one line and cut to a length, to stand between double quotes."""
    return " ".join(neutral(text).replace('"', "'").split())[:characters_max]
