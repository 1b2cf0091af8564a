"""Where sentences begin and end, in answers and in sources."""

import re

from lexora_gql.ports.text_extractor import Span

SENTENCE_CHARACTERS_MAX = 2_000

# A full stop in a script with spaces ends a sentence only before a blank; where there are no spaces, always.
_END = re.compile(
    r"""(?:[.!?…؟۔।॥]{1,8}["'”’»)\]\*_]{0,4}(?=\s|$|\[)|[。！？｡]{1,8}[”’」』）)\]]{0,4}|[;；](?=\s{0,8}\n))"""
)
_LINE_END = re.compile(r"[ \t]{0,16}\n[ \t]{0,16}")
_LIST_ITEM = re.compile(r"[#>|]|(?:[-*+•‣▪–—·]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])[ \t]")
_NOT_AN_END = re.compile(
    r"""(?:\b(?:e\.g|i\.e|cf|vs|etc|approx|ca|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Inc|Ltd|Co|Corp|No|Nos|Nr|Fig|Figs|Eq|Sec|Art
        |Abs|Vol|pp|p|bzw|z\.\ ?B|d\.\ ?h|u\.\ ?a|evtl|ggf|inkl|usw|vgl|Bd|Hr|Fr|Tel|Std|Mio|Mrd|Tsd|Kap|Ziff|Aufl|U\.S
        |U\.K|z|d|u|i|e|a\.m|p\.m|art|núm|pág|Sr|Sra|Mme|M)|\b[A-Z]|(?:^|\n)[ \t]*\(?\d{1,3})\.$""",
    re.VERBOSE,
)
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_MONTH_OR_LOWER = re.compile(
    r"\s+(?:[a-zà-öø-ÿа-я]|Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
    r"|Jahrhundert)"
)
_ENDED = frozenset(".!?…。！？؟۔।॥:：;；]")


def sentences(text: str) -> list[Span]:
    """Part a text into its sentences, in order, without blanks around them.

    A line's end is a sentence's end too where a list item or an empty line follows, or where the line was a sentence
    already; elsewhere it only wraps. Longer ones are cut at `SENTENCE_CHARACTERS_MAX`. Takes linear time.
    """
    spans: list[Span] = []
    start = 0
    for end in _ends(text):
        _append(spans, text, start, end)
        start = end
    _append(spans, text, start, len(text))
    return spans


def _ends(text: str) -> list[int]:
    found = {match.end() for match in _END.finditer(text) if not _goes_on(text, match)}
    found |= {match.end() for match in _LINE_END.finditer(text) if _is_break(text, match)}
    return sorted(found)


def _goes_on(text: str, match: re.Match[str]) -> bool:
    if not match[0].startswith(".") or len(match[0]) > 1:
        return False
    before = text[max(0, match.start() - 12) : match.start() + 1]
    after = text[match.end() : match.end() + 16]
    following = after.lstrip()
    if following[:1] == "[":
        return False
    if _NOT_AN_END.search(before) or (_ORDINAL.search(before) and _MONTH_OR_LOWER.match(after)):
        return True
    return following[:1].islower() and "\n" not in after[: len(after) - len(following)]


def _is_break(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1 : match.start()]
    after = text[match.end() : match.end() + 8]
    return not before or before in _ENDED or after[:1] in ("", "\n") or _LIST_ITEM.match(after) is not None


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end:
        stop = min(end, start + SENTENCE_CHARACTERS_MAX)
        part = text[start:stop]
        inner = part.strip()
        if inner:
            left = start + part.index(inner[0])
            spans.append(Span(left, left + len(inner)))
        start = stop
