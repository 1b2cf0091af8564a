"""In the server: from frames to a document's text, believing nothing."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from lexora_gql.adapters.extraction import frames
from lexora_gql.adapters.extraction.cleaning import strip_control_characters
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, CHARACTERS_MAX, HEADINGS_MAX, PAGES_MAX
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, PageSpan, Span

CODES = {"ENCRYPTED", "CORRUPT", "NO_TEXT", "TOO_MANY_PAGES", "TOO_LARGE_TO_PARSE"}
WARNINGS_MAX = 20


class Malformed(Exception):
    """A child said something that no reader of ours says."""


class Receiving(ABC):
    """Hears what one child says, believing nothing."""

    __slots__ = ()

    @abstractmethod
    def begin_again(self) -> Self:
        """Return another of its kind for a second child on the same file."""

    @abstractmethod
    def take(self, kind: bytes, payload: bytes) -> None:
        """Take a frame.

        Raises:
            Malformed, ValueError, TypeError, KeyError, RecursionError: It does not hold what it should.
        """

    async def receive(self, reader: asyncio.StreamReader) -> None:
        """Read frames until the child closes its end.

        Raises:
            Malformed: A frame is too long, or does not hold what it should.
        """
        while True:
            try:
                kind, length = frames.HEADER.unpack(await reader.readexactly(frames.HEADER.size))
                if length > frames.FRAME_BYTES_MAX:
                    raise Malformed
                payload = await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                # The child is gone, perhaps in the middle of a word; its exit says why.
                return
            try:
                self.take(kind, payload)
            except (ValueError, TypeError, KeyError, RecursionError):
                raise Malformed from None


@dataclass(slots=True)
class Receiver(Receiving):
    """Puts together what one child says.

    Attributes:
        on_progress: Called with pages done and total; done never falls.
        found: The last complete version, None as long as there is none.
        failure: Why there is no text, where the child said so.
    """

    on_progress: Callable[[int, int | None], None]
    found: ExtractedText | None = None
    failure: ExtractionFailed | None = None
    _text: str | None = None
    _pieces: list[str] = field(default_factory=list)
    _characters: int = 0
    _pages: list[PageSpan] = field(default_factory=list)
    _headings: list[Heading] = field(default_factory=list)
    _blocks: list[Span] = field(default_factory=list)
    _done: int = -1

    def begin_again(self) -> Self:
        """Return a receiver for another child on the same file, whose progress goes on where this one's stopped."""
        return type(self)(self.on_progress, _done=self._done)

    def take(self, kind: bytes, payload: bytes) -> None:
        """Take a frame; see `Receiving.take`."""
        match kind:
            case frames.TEXT:
                self._take_text(payload.decode())
            case frames.PROGRESS:
                self._take_progress(*json.loads(payload))
            case frames.PAGES:
                self._pages += [
                    PageSpan(int(n), int(s), int(e), _text_or_none(x)) for n, s, e, x in json.loads(payload)
                ]
                require(len(self._pages) <= PAGES_MAX)
            case frames.HEADINGS:
                self._headings += [Heading(int(level), str(title), int(s)) for level, title, s in json.loads(payload)]
                require(len(self._headings) <= HEADINGS_MAX)
            case frames.BLOCKS:
                self._blocks += [Span(int(start), int(end)) for start, end in json.loads(payload)]
                require(len(self._blocks) <= BLOCKS_MAX)
            case frames.VERSION:
                self._take_version(**json.loads(payload))
            case frames.FAILURE:
                self.failure = failure_of(**json.loads(payload))
            case _:
                raise Malformed

    def _take_text(self, piece: str) -> None:
        self._characters += len(piece)
        require(self._text is None and self._characters <= CHARACTERS_MAX)
        require(strip_control_characters(piece) == piece)
        self._pieces.append(piece)

    def _take_progress(self, done: object, total: object) -> None:
        if not isinstance(done, int) or not (total is None or isinstance(total, int)):
            raise Malformed
        if done > self._done:
            self._done = done
            self.on_progress(done, total)

    def _take_version(
        self, title: str | None, language: str | None, page_count: int | None, warnings: list[str]
    ) -> None:
        if self._text is None:
            self._text = "".join(self._pieces)
            self._pieces.clear()
        require(page_count is None or 0 <= page_count <= PAGES_MAX)
        self._check_offsets(len(self._text))
        self.found = ExtractedText(
            text=self._text,
            pages=tuple(self._pages),
            headings=tuple(self._headings),
            blocks=tuple(self._blocks),
            title=_text_or_none(title),
            language=_text_or_none(language),
            page_count=page_count,
            warnings=tuple(str(warning) for warning in warnings[:WARNINGS_MAX]),
        )
        self._pages, self._headings, self._blocks = [], [], []

    def _check_offsets(self, length: int) -> None:
        page_ends = [0, *(end for page in self._pages for end in (page.start, page.end)), length]
        block_ends = [0, *(end for block in self._blocks for end in (block.start, block.end)), length]
        starts = [0, *(heading.start for heading in self._headings), length]
        for ends in (page_ends, block_ends, starts):
            require(all(one <= other for one, other in pairwise(ends)))


def failure_of(code: str, message: str) -> ExtractionFailed:
    """Return what a child said of why there is nothing."""
    require(code in CODES)
    return ExtractionFailed(code, str(message))


def _text_or_none(text: object) -> str | None:
    return None if text is None else strip_control_characters(str(text))


def require(condition: bool) -> None:  # noqa: FBT001  # a positional condition reads best
    """Raise Malformed where a child did not say what it should."""
    if not condition:
        raise Malformed
