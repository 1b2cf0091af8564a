"""What each marker of an answer points at in its source, and whether the source says so."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lexora_gql.conversations.citations.claims import claims
from lexora_gql.conversations.citations.markers import MarkerSpan
from lexora_gql.conversations.citations.support import Passage, Reading, best_support, is_denied
from lexora_gql.conversations.language.wording import Folded, fold_blanks, fold_wording
from lexora_gql.ports.text_extractor import PageSpan, Span

# Bullets, emphasis, quotes and full stops around a claim are the answer's own.
_EDGES = " \t\n\r\u00a0.,;:!?…。！？；：，、؟؛،-–—*•>#_|`\"'“”„‘’«»「」『』"


class CitationVerification(StrEnum):
    """Whether the source says what the answer's sentence says.

    EXACT: the same words to the letter; where the source breaks a line within them, the answer may have a blank.
    NORMALIZED: the same but for white space, hyphens, quotes and case.
    SUPPORTED: in other words.
    UNSUPPORTED: it does not say so.
    """

    EXACT = "EXACT"
    NORMALIZED = "NORMALIZED"
    SUPPORTED = "SUPPORTED"
    UNSUPPORTED = "UNSUPPORTED"


@dataclass(frozen=True, slots=True)
class SourceText:
    """A numbered source as it is stored.

    Attributes:
        text: Of the chunk.
        char_start: Where the chunk begins in the document's text, in code points.
        pages: Of the document, in its offsets and in order; empty where it has none.
    """

    text: str
    char_start: int = 0
    pages: Sequence[PageSpan] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker and the words that it points at.

    Attributes:
        marker: The source's number.
        span: The marker's place in the answer.
        quote: The document's text from `char_start` to `char_end`.
        char_start: In code points, in the document's text.
        char_end: One past the last character.
        page: Where the quote begins; None where the document has no pages.
        verification: Whether the quote says what the marker's sentence says.
    """

    marker: int
    span: Span
    quote: str
    char_start: int
    char_end: int
    page: int | None
    verification: CitationVerification


def cite(content: str, markers: Sequence[MarkerSpan], sources: Mapping[int, SourceText]) -> list[Citation]:
    """Return a citation for each marker of an answer, by place. Nothing but the arguments decides.

    Args:
        content: The answer as shown.
        markers: Its markers, by place, as `MarkerFilter.spans` gives them.
        sources: By number; a marker without one is left out.
    """
    quoting = {number: _Source(source) for number, source in sources.items()}
    claimed = sorted(claims(content, markers), key=lambda pair: pair[0].start)
    return [quoting[marker.marker].cite(marker, claim) for marker, claim in claimed if marker.marker in quoting]


class _Source:
    """A source while an answer is verified; what is worked out for one marker serves the next."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._folded: dict[CitationVerification, Folded] = {}
        self._reading: Reading | None = None
        self._found: dict[str, tuple[Span, CitationVerification]] = {}

    def cite(self, marker: MarkerSpan, claim: str) -> Citation:
        if claim not in self._found:
            self._found[claim] = self._literal(claim) or self._in_other_words(claim)
        span, verification = self._found[claim]
        start = self._source.char_start + span.start
        return Citation(
            marker=marker.marker,
            span=Span(marker.start, marker.end),
            quote=self._source.text[span.start : span.end],
            char_start=start,
            char_end=self._source.char_start + span.end,
            page=page_at(self._source.pages, start),
            verification=verification,
        )

    def _literal(self, claim: str) -> tuple[Span, CitationVerification] | None:
        whole = claim.strip()
        bare = claim.strip(_EDGES)
        for verification, fold in (
            (CitationVerification.EXACT, fold_blanks),
            (CitationVerification.NORMALIZED, fold_wording),
        ):
            if verification not in self._folded:
                self._folded[verification] = fold(self._source.text)
            for words in (whole, bare):
                wanted = fold(words).text.strip() if any(map(str.isalnum, words)) else ""
                if (span := self._folded[verification].find(wanted)) and not is_denied(self._source.text, span, bare):
                    return span, verification
        return None

    def _in_other_words(self, claim: str) -> tuple[Span, CitationVerification]:
        if self._reading is None:
            self._reading = Reading(self._source.text)
        span, is_said = best_support(Passage(claim.strip(_EDGES)), self._reading)
        return span, CitationVerification.SUPPORTED if is_said else CitationVerification.UNSUPPORTED


def page_at(pages: Sequence[PageSpan], place: int) -> int | None:
    """Return the number of the page that a place in the text stands on; between two pages, of the one before."""
    if not pages:
        return None
    return pages[max(0, bisect.bisect_right(pages, place, key=lambda page: page.start) - 1)].number
