"""PPTX: each slide a page, with its title, what it shows in reading order, and the notes of its speaker."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import BinaryIO

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.blocks import Block, Kind, joined
from lexora_gql.adapters.extraction.cleaning import has_text
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, CHARACTERS_MAX, HEADINGS_MAX
from lexora_gql.adapters.extraction.page_ranges import agree, name_pages
from lexora_gql.adapters.extraction.plain_text_extractor import join_pages
from lexora_gql.adapters.extraction.pptx_package import KIND, SECTION_LAYOUT, Deck, Slide
from lexora_gql.adapters.extraction.pptx_shapes import Shown, SlideReader, notes_of, without_repeated
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, PageSpan, Span

NOTES = "Speaker notes"
_HIDDEN = {"0", "false", "off"}


@dataclass(slots=True)
class _Page:
    """What was read of a slide.

    Attributes:
        section: The section that it is in.
        begins_section: Whether it is laid out to hold the title of those that follow.
    """

    section: str | None = None
    title: str = ""
    shown: list[Shown] = field(default_factory=list)
    notes: list[Block] = field(default_factory=list)
    is_title_page: bool = False
    begins_section: bool = False
    is_damaged: bool = False
    is_hidden: bool = False
    has_pictures: bool = False
    text: str = ""
    headings: list[Heading] = field(default_factory=list)
    whole: list[Span] = field(default_factory=list)


def read_pptx(source: BinaryIO, progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the text with a page for each slide; titles of slides are headings, below those of sections.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT, NO_TEXT, TOO_MANY_PAGES or TOO_LARGE_TO_PARSE.
    """
    deck = Deck.open(source)
    pages = _read(deck, progress)
    for page, shown in zip(pages, without_repeated([page.shown for page in pages]), strict=True):
        page.shown = shown
    _write(pages)
    if not any(page.text for page in pages):
        raise _nothing(pages)
    text, spans = join_pages([page.text for page in pages])
    headings = [
        replace(one, start=one.start + span.start)
        for page, span in zip(pages, spans, strict=True)
        for one in page.headings
    ]
    whole = [
        Span(one.start + span.start, one.end + span.start)
        for page, span in zip(pages, spans, strict=True)
        for one in page.whole
    ]
    yield ExtractedText(
        text=text,
        pages=_numbered(spans, deck.first_number),
        headings=tuple(headings[:HEADINGS_MAX]),
        blocks=tuple(whole[:BLOCKS_MAX]),
        title=deck.package.title() or next((page.title for page in pages if page.is_title_page and page.title), None),
        page_count=len(pages),
        warnings=tuple(_warnings(pages)),
    )


def _read(deck: Deck, progress: Callable[[int, int | None], None]) -> list[_Page]:
    total = len(deck)
    pages: list[_Page] = []
    characters = 0
    for slide in deck.slides():
        page = _page(deck, slide)
        characters += sum(len(block.text) for one in page.shown for block in one.blocks)
        if characters + sum(len(block.text) for block in page.notes) > CHARACTERS_MAX:
            raise failures.too_much_text()
        pages.append(page)
        progress(len(pages), total)
    return pages


def _page(deck: Deck, slide: Slide) -> _Page:
    if slide.element is None:
        return _Page(section=slide.section, is_damaged=True)
    reader = SlideReader(deck, slide)
    shown = reader.shown()
    return _Page(
        section=slide.section,
        title=reader.title,
        shown=shown,
        notes=notes_of(slide),
        is_title_page=reader.is_title_page,
        begins_section=slide.layout_type == SECTION_LAYOUT and bool(reader.title),
        is_hidden=slide.element.get("show") in _HIDDEN,
        has_pictures=reader.has_pictures,
    )


def _write(pages: list[_Page]) -> None:
    """Put each slide's text together; slides are sections of the top where the file has no sections of its own."""
    are_named = any(page.section for page in pages)
    below = 2 if are_named or any(page.begins_section for page in pages) else 1
    section = None
    for number, page in enumerate(pages, 1):
        blocks = [block for one in page.shown for block in one.blocks]
        level = 1 if page.begins_section and not are_named else below
        if page.title:
            blocks.insert(0, Block(page.title, Kind.HEADING, level))
        if page.notes:
            blocks += [Block(NOTES, Kind.HEADING, level + 1), *page.notes]
        if not any(has_text(block.text) for block in blocks):
            continue
        page.text, page.headings, page.whole = joined(blocks)
        if not page.title:
            # Else it would seem to belong to the slide before.
            page.headings.insert(0, Heading(level, f"Slide {number}", 0))
        if page.section and page.section != section:
            section = page.section
            page.headings.insert(0, Heading(1, section, 0))


def _numbered(spans: tuple[PageSpan, ...], first: int) -> tuple[PageSpan, ...]:
    """Return the pages with the numbers printed on them, where those do not begin with 1."""
    if first == 1:
        return spans
    return tuple(replace(span, label=str(first + span.number - 1)) for span in spans)


def _nothing(pages: list[_Page]) -> ExtractionFailed:
    if pages and all(page.is_damaged for page in pages):
        return failures.corrupt(KIND)
    if any(page.has_pictures for page in pages):
        return failures.pictured(KIND, len(pages))
    return failures.blank(KIND)


def _warnings(pages: list[_Page]) -> Iterator[str]:
    named = partial(name_pages, one="Slide", several="Slides")
    if damaged := _numbers(page.is_damaged for page in pages):
        yield f"{named(damaged)} {agree(damaged, 'is', 'are')} damaged and could not be read."
    if empty := _numbers(not page.text and not page.is_damaged for page in pages):
        yield f"{named(empty)} {agree(empty, 'has', 'have')} no text."
    if pictured := _numbers(bool(page.text) and page.has_pictures for page in pages):
        yield f"{named(pictured)} {agree(pictured, 'has', 'have')} pictures; what is written in them was not read."
    if hidden := _numbers(page.is_hidden for page in pages):
        yield f"{named(hidden)} {agree(hidden, 'is', 'are')} hidden when the slides are shown; the text was read."


def _numbers(are: Iterable[bool]) -> list[int]:
    return [number for number, is_so in enumerate(are, 1) if is_so]
