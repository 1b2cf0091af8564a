"""Plain text, in whatever encoding."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import has_text, strip_control_characters, unify_line_ends
from lexora_gql.adapters.extraction.decoding import decode
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX, PAGES_MAX
from lexora_gql.ports.text_extractor import ExtractedText, PageSpan

# More bytes than this cannot decode to fewer characters than are allowed, whatever the encoding (UTF-32: four each).
BYTES_MAX = CHARACTERS_MAX * 4
KIND = "text file"


def read_plain_text(source: BinaryIO, _progress: Callable[[int, int | None], None]) -> Iterator[ExtractedText]:
    """Yield the text as it stands; form feeds end pages, as printers and pdftotext have them.

    Raises:
        ExtractionFailed: CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    decoded = unify_line_ends(read_decoded(source, KIND))
    pages = [strip_control_characters(page) for page in decoded.split("\f")]
    # A file commonly ends with a form feed, which begins no page.
    if len(pages) > 1 and not pages[-1].strip():
        pages.pop()
    if not any(has_text(page) for page in pages):
        raise failures.blank(KIND)
    if len(pages) == 1 or len(pages) > PAGES_MAX:
        yield ExtractedText(text="\n\n".join(pages))
        return
    text, spans = join_pages(pages)
    yield ExtractedText(text=text, pages=spans, page_count=len(spans))


HEAD_BYTES = 4_096


def read_decoded(source: BinaryIO, kind: str, declared: Callable[[bytes], str | None] = lambda _: None) -> str:
    """Return a whole file's text, decoded.

    Args:
        source: The file.
        kind: What it is called in a failure.
        declared: Finds the encoding that the file's beginning names.

    Raises:
        ExtractionFailed: CORRUPT or TOO_LARGE_TO_PARSE.
    """
    data = source.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise failures.too_much_text()
    text = decode(data, declared(data[:HEAD_BYTES]))
    if text is None:
        raise failures.corrupt(kind)
    if len(text) > CHARACTERS_MAX:
        raise failures.too_much_text()
    return text


def join_pages(pages: list[str]) -> tuple[str, tuple[PageSpan, ...]]:
    """Join pages by an empty line, which belongs to the page before it; a page without text has an empty span."""
    spans: list[PageSpan] = []
    pieces: list[str] = []
    end = 0
    last = max((number for number, page in enumerate(pages, 1) if page), default=0)
    for number, page in enumerate(pages, 1):
        piece = page + "\n\n" if page and number < last else page
        spans.append(PageSpan(number, end, end + len(piece)))
        pieces.append(piece)
        end += len(piece)
    return "".join(pieces), tuple(spans)
