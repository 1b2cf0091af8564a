"""Where passages begin and end."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from lexora_gql.documents.boundaries import (
    first_sentence_start,
    first_word_start,
    last_line_end,
    last_paragraph_end,
    last_sentence_end,
    last_word_end,
    next_whole_character,
    skip_white_space,
    whole_characters,
)
from lexora_gql.ports.text_extractor import ExtractedText, Heading, Span

# A document with more sections at its top than this is a list rather than a structure: they share passages then.
SECTIONS_MAX = 10_000


class Cutter:
    """Finds where the passages of one text begin and end; see `splitting.split` for the rules."""

    def __init__(self, extracted: ExtractedText, characters: int, overlap: int) -> None:
        self._text = extracted.text
        self._characters = characters
        self._overlap = overlap
        self._headings = sorted({heading.start for heading in extracted.headings})
        self._blocks = [self._trimmed(block) for block in extracted.blocks]
        self._block_starts = [block.start for block in self._blocks]
        self._tops = _top_starts(extracted.headings)

    def cuts(self) -> Iterator[tuple[int, int, int]]:
        """Yield start, start without the overlap, and end of each passage."""
        borders = [0, *self._tops, len(self._text)]
        for start, end in pairwise(borders):
            if start < end:
                yield from self._section(start, start + len(self._text[start:end].rstrip()))

    def _trimmed(self, block: Span) -> Span:
        """Return a block without the white space around it, which no passage holds and so must not fit."""
        start = skip_white_space(self._text, block.start, block.end)
        return Span(start, start + len(self._text[start : block.end].rstrip()))

    def _section(self, low: int, high: int) -> Iterator[tuple[int, int, int]]:
        core = start = skip_white_space(self._text, low, high)
        while core < high:
            cut = self._cut(start, core, high)
            yield start, core, start + len(self._text[start:cut].rstrip())
            before, core = core, skip_white_space(self._text, cut, high)
            start = self._overlap_start(before, core)

    def _cut(self, start: int, core: int, high: int) -> int:
        """Return where a passage ends that began at `start`, with new text from `core` on."""
        reach = start + self._characters
        if high <= reach:
            return high
        quarter, half = core + (reach - core) // 4, core + (reach - core) // 2
        heading = self._last_heading(reach)
        if heading > core and heading >= quarter:
            return heading
        block = self._block_around(reach)
        if block is not None:
            fits = block.end - block.start <= self._characters
            if block.start > core and (fits or block.start >= quarter):
                return block.start
            return self._cut_lines(core, half, reach)
        for last_end in (last_paragraph_end, last_sentence_end, last_line_end):
            if (found := last_end(self._text, half, reach)) is not None:
                return self._outside(found)
        return self._cut_words(core, half, reach)

    def _cut_lines(self, core: int, half: int, reach: int) -> int:
        """Cut in a table or in code, which are made of lines."""
        found = last_line_end(self._text, half, reach)
        return found if found is not None else self._cut_words(core, half, reach)

    def _cut_words(self, core: int, half: int, reach: int) -> int:
        found = last_word_end(self._text, half, reach)
        return found if found is not None else whole_characters(self._text, reach, core + 1)

    def _overlap_start(self, before: int, core: int) -> int:
        """Return where the passage begins whose new text begins at `core`, the one before having begun at `before`."""
        heading = self._last_heading(core)
        block = self._block_before(core)
        if self._overlap == 0 or heading == core or (block is not None and block.start == core):
            return core
        low = max(core - self._overlap, before, heading)
        if block is not None and block.end > core:
            low = max(low, block.start)
            line = self._text.find("\n", low, core)
            return core if line < 0 else skip_white_space(self._text, line, core)
        if block is not None:
            low = max(low, block.end)
        for first_start in (first_sentence_start, first_word_start):
            if (found := first_start(self._text, low, core)) is not None:
                return found
        return next_whole_character(self._text, low, core) if low > before else core

    def _last_heading(self, place: int) -> int:
        """Return the last start of a heading up to and including a place, -1 for none."""
        index = bisect_right(self._headings, place) - 1
        return self._headings[index] if index >= 0 else -1

    def _block_before(self, place: int) -> Span | None:
        """Return the last block that begins up to and including a place."""
        index = bisect_right(self._block_starts, place) - 1
        return self._blocks[index] if index >= 0 else None

    def _block_around(self, place: int) -> Span | None:
        """Return the block that a cut at a place would go through."""
        block = self._block_before(place)
        return block if block is not None and block.start < place < block.end else None

    def _outside(self, place: int) -> int:
        """Return the place, or the end of the block that it is in: that block ends before the passage must."""
        block = self._block_around(place)
        return place if block is None else block.end


def _top_starts(headings: tuple[Heading, ...]) -> list[int]:
    top = min((heading.level for heading in headings), default=0)
    starts = sorted({heading.start for heading in headings if heading.level == top})
    return starts if len(starts) <= SECTIONS_MAX else []
