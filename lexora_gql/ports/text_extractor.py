"""Reading the text out of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PageSpan:
    """A page and the stretch of text that stands on it.

    Attributes:
        number: 1 for the first page of the file.
        start: First character, an offset in code points into the text.
        end: One past the last character.
        label: The label printed on the page, such as "iv"; None where the file names none.
    """

    number: int
    start: int
    end: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's title; the section runs to the next heading of the same or a higher level.

    Attributes:
        level: 1 for the outermost.
        title: As printed, on one line.
        start: Where the section begins, an offset in code points into the text.
    """

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, in code points: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """All that is known of a document's text.

    Attributes:
        text: Without NUL and other control characters but tab and newline; paragraphs are parted by an empty line.
        pages: In order, covering the text; empty where the format has no pages.
        headings: In order of `start`.
        blocks: Tables and code blocks, in order, not to be split where they fit into a chunk.
        title: Of the document, where the file names one.
        language: ISO 639-1 code, where it is known.
        page_count: Pages in the file, with or without text; None where the format has no pages.
        warnings: Sentences for the user about what could not be read.
    """

    text: str
    pages: tuple[PageSpan, ...] = ()
    headings: tuple[Heading, ...] = ()
    blocks: tuple[Span, ...] = ()
    title: str | None = None
    language: str | None = None
    page_count: int | None = None
    warnings: tuple[str, ...] = ()


class ExtractionFailed(Exception):
    """A file whose text cannot be had.

    Attributes:
        code: ENCRYPTED, CORRUPT, NO_TEXT, TOO_MANY_PAGES, TOO_LARGE_TO_PARSE, PARSER_TIMEOUT or PARSER_CRASHED.
        message: What a person can do about it.
        is_retryable: Whether the same file may succeed when it is tried again.
    """

    def __init__(self, code: str, message: str, *, is_retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_retryable = is_retryable


class TextExtractor(Protocol):
    """Reads one file at a time in a child process with limits; safe to call from several tasks."""

    async def extract(
        self, path: Path, media_type: str, on_progress: Callable[[int, int | None], None]
    ) -> ExtractedText:
        """Return the text of a file.

        Args:
            path: A local file, only read.
            media_type: As decided by its content at upload.
            on_progress: Called on the event loop with the pages done so far and the total, where it is known.

        Raises:
            ExtractionFailed: With one of its codes. A crash of the child is PARSER_CRASHED and retryable.
        """
        ...

    async def prepare(self) -> None:
        """Do now what the first file would have to wait for. Never raises: that file meets what is wrong."""
        ...

    async def aclose(self) -> None:
        """End every child."""
        ...
