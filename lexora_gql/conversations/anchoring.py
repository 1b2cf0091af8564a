"""Finding the words of old citations again in a new reading of their document."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a quote stands now, in code points of the new text."""

    start: int
    end: int


def find_again(text: str, quote: str, *, near: int) -> Anchor | None:
    """Return the occurrence of a quote that is nearest to its old place; None where it does not stand any more."""
    if not quote:
        return None
    before = text.rfind(quote, 0, near + len(quote))
    after = text.find(quote, near)
    places = [place for place in (before, after) if place >= 0]
    if not places:
        return None
    start = min(places, key=lambda place: abs(place - near))
    return Anchor(start, start + len(quote))


def holder(anchor: Anchor, spans: Sequence[tuple[int, int]]) -> int | None:
    """Return which of the spans holds an anchor's beginning, the one that holds most of it first."""
    best, best_overlap = None, 0
    for number, (start, end) in enumerate(spans):
        overlap = min(end, anchor.end) - max(start, anchor.start)
        if overlap > best_overlap:
            best, best_overlap = number, overlap
    return best
