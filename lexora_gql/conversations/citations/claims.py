"""Which words of an answer each marker stands for."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from lexora_gql.conversations.citations.markers import MarkerSpan
from lexora_gql.conversations.language.sentences import sentences
from lexora_gql.conversations.language.wording import is_unspaced
from lexora_gql.ports.text_extractor import Span

SEGMENT_WORDS_MIN = 3
BETWEEN_MARKERS = " ,;、，\u00a0"


@dataclass(slots=True)
class _Claimed:
    """A sentence and the groups of markers that stand for it."""

    span: Span
    groups: list[list[MarkerSpan]]


def claims(content: str, markers: Sequence[MarkerSpan]) -> list[tuple[MarkerSpan, str]]:
    """Return, for each marker, the claim it backs, without markers.

    A marker belongs to the sentence it stands in; right behind a sentence, on the same line or alone on the next, to
    the one before. One group of markers in a sentence backs all of it. Several back what comes before each, from the
    group before; the last also backs the rest. Where that is a word or two, as in "Rome [1] and Oslo [2] have signed",
    the sentence's end is part of it.

    Args:
        content: The answer.
        markers: Its markers, by place.
    """
    found: list[tuple[MarkerSpan, str]] = []
    for claimed in _claimed(content, _groups(content, markers)):
        edges = [claimed.span.start, *(group[0].start for group in claimed.groups), claimed.span.end]
        for place, group in enumerate(claimed.groups):
            text = _claim(content, claimed, edges, place, markers)
            found.extend((marker, text.strip()) for marker in group)
    return found


def _groups(content: str, markers: Sequence[MarkerSpan]) -> list[list[MarkerSpan]]:
    groups: list[list[MarkerSpan]] = []
    for marker in markers:
        between = content[groups[-1][-1].end : marker.start] if groups else ""
        if groups and not between.strip(BETWEEN_MARKERS):
            groups[-1].append(marker)
        else:
            groups.append([marker])
    return groups


def _claimed(content: str, groups: list[list[MarkerSpan]]) -> list[_Claimed]:
    found = [_Claimed(span, []) for span in sentences(content)]
    starts = [claimed.span.start for claimed in found]
    for group in groups:
        place = max(0, bisect.bisect_right(starts, group[0].start) - 1)
        if place and _is_behind(content, found[place].span, group, found[place - 1].span):
            found[place].span = Span(min(group[-1].end, found[place].span.end), found[place].span.end)
            place -= 1
        found[place].groups.append(group)
    return [claimed for claimed in found if claimed.groups]


def _is_behind(content: str, span: Span, group: list[MarkerSpan], previous: Span) -> bool:
    """Return whether a group that begins a sentence belongs to the one before."""
    if _words(content[span.start : group[0].start]):
        return False
    is_alone = not _words(content[group[-1].end : span.end])
    return is_alone or "\n" not in content[previous.end : group[0].start]


def _claim(content: str, claimed: _Claimed, edges: list[int], place: int, markers: Sequence[MarkerSpan]) -> str:
    whole = _without(content, claimed.span.start, claimed.span.end, markers)
    if len(claimed.groups) == 1:
        return whole
    segment = _without(content, edges[place], edges[place + 1], markers)
    tail = _without(content, edges[-2], edges[-1], markers)
    is_last = place == len(claimed.groups) - 1
    if not _words(segment) and place:
        return _claim(content, claimed, edges, place - 1, markers)
    if is_last or (_words(tail) and _words(segment) < SEGMENT_WORDS_MIN):
        segment = segment.rstrip(" ,;") + tail
    return segment if _words(segment) >= SEGMENT_WORDS_MIN else whole


def _without(content: str, start: int, end: int, markers: Sequence[MarkerSpan]) -> str:
    """Return a stretch without its markers and the blanks before them."""
    first = bisect.bisect_left(markers, start, key=lambda marker: marker.start)
    pieces: list[str] = []
    for marker in itertools.islice(markers, first, None):
        if marker.start >= end:
            break
        piece = content[start : marker.start]
        pieces.append(piece.rstrip(" \t\u00a0") if piece.strip(BETWEEN_MARKERS) or not pieces else "")
        start = marker.end
    pieces.append(content[start:end])
    return "".join(pieces)


def _words(text: str) -> int:
    """Count words; a word of a script without blanks has about two characters."""
    spaced = "".join(" " if is_unspaced(character) else character for character in text)
    unspaced = sum(map(is_unspaced, text))
    return sum(any(map(str.isalnum, word)) for word in spaced.split()) + (unspaced + 1) // 2
