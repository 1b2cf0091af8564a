"""Where the sentences of a passage begin and end, whatever its language."""

import re

from lexora_gql.ports.text_extractor import Span

THAI = "\u0e00-\u0eff"
"""Thai and Lao: blanks part phrases, nothing else parts sentences."""

_END = re.compile(
    r"""[.!?…؟۔।॥።]{1,8}["'”’»)\]]{0,4}(?=\s|$)"""
    r"""|[。！？｡។။]{1,8}[”’」』）)]{0,4}"""
    rf"""|(?<=[{THAI}])(?=[ ]{{1,4}}[{THAI}])"""
)
_BREAK = re.compile(r"[ \t]{0,16}\n[ \t]{0,16}(?:\n|(?=[#>|•‣▪*+–—-]|\(?\d{1,3}[.)]\s|\Z))")
_LINE = re.compile(r"[ \t]{0,16}\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|etc|approx|ca|dr|mr|mrs|ms|prof|st|jr|sr|inc|ltd|co|corp|nos?|nr|figs?|eq|sec|art|vol|pp?"
    r"|bzw|z\. ?b|d\. ?h|u\. ?a|evtl|ggf|inkl|vgl|bd|hr|fr|tel|mio|mrd|u\.s|u\.k|a\.m|p\.m|núm|pág|mme|m)"
    r"|\b[^\W\d]|(?:^|\n)[ \t]*\(?\d{1,3})\.$",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\b\d{1,2}\.$")
_AFTER_ORDINAL = re.compile(
    r"Jan|Jän|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert|Jh|Tag|Woche|Monat|Klasse|Stock|Kapitel"
)
_LOOK_BACK_CHARACTERS = 12
_SHORT_LINE_CHARACTERS = 45


def sentences(text: str) -> list[Span]:
    """Part a text into sentences, in order and without blanks around them; headings and list items stand alone.

    A line's end parts sentences where an empty line, a list item or a heading follows, or where it looks like the end
    of a heading or a table's row; elsewhere it only wraps. Takes linear time.
    """
    ends = {match.end() for match in _END.finditer(text) if not _goes_on(text, match)}
    ends |= {match.end() for match in _BREAK.finditer(text)}
    ends |= {match.end() for match in _LINE.finditer(text) if _stands_alone(text, match.start(), match.end())}
    spans: list[Span] = []
    start = 0
    for end in [*sorted(ends), len(text)]:
        part = text[start:end]
        if inner := part.strip():
            left = start + len(part) - len(part.lstrip())
            spans.append(Span(left, left + len(inner)))
        start = end
    return spans


def quoted(text: str, span: Span) -> str:
    """Return a sentence on one line: each run of white space is one blank, all else is to the letter."""
    return " ".join(text[span.start : span.end].split())


def _goes_on(text: str, match: re.Match[str]) -> bool:
    if match[0] != ".":
        return False
    before = text[max(0, match.start() - _LOOK_BACK_CHARACTERS) : match.end()]
    following = text[match.end() : match.end() + 16].lstrip()
    return bool(
        following[:1].islower()
        or _ABBREVIATION.search(before)
        or (_ORDINAL.search(before) and _AFTER_ORDINAL.match(following))
    )


def _stands_alone(text: str, start: int, end: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start].strip()
    following = text[end : end + 8].lstrip()[:1]
    is_row = "|" in line or "\t" in line
    is_short = len(line) < _SHORT_LINE_CHARACTERS and not line.endswith((",", ";", "-"))
    return is_row or (is_short and (following.isupper() or following.isdecimal()))
