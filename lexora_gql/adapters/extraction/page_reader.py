"""A PageReader whose files can do no harm: each is read by a child process of its own."""

import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from lexora_gql.adapters.extraction import frames
from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.reading import PDF, picture_of, words_of
from lexora_gql.adapters.extraction.receiving import Malformed, Receiving, failure_of, require
from lexora_gql.adapters.extraction.sandbox import Sandbox
from lexora_gql.ports.page_reader import Mark, PlacedWord
from lexora_gql.ports.text_extractor import ExtractionFailed

# People wait for it, and others read documents meanwhile.
LIMITS = Limits(cpu_seconds=10, wall_seconds=20.0)
CHILDREN_AT_ONCE = 2
PAGES_MAX = 100
# More would not fit into what is told to the parent of the readers.
MARKS_MAX = 100
PICTURE_BYTES_MAX = 16 * 1024 * 1024
CHARACTERS_MAX = 1_000_000


@dataclass(slots=True)
class WordsReceiver(Receiving):
    """Puts together the words of the pages that were asked for.

    Attributes:
        asked: The pages' numbers.
        words: By page, as far as they were told.
        failure: Why there are none, where the child said so.
    """

    asked: frozenset[int]
    words: dict[int, list[PlacedWord]] = field(default_factory=dict)
    failure: ExtractionFailed | None = None
    _characters: int = 0

    def begin_again(self) -> Self:
        """Return another for a second child on the same file."""
        return type(self)(self.asked)

    def take(self, kind: bytes, payload: bytes) -> None:
        """Take a frame; see `Receiving.take`."""
        match kind:
            case frames.WORDS:
                for page, text, bottom, top, sides in json.loads(payload):
                    self._take_word(page, text, bottom, top, sides)
            case frames.FAILURE:
                self.failure = failure_of(**json.loads(payload))
            case _:
                raise Malformed

    def _take_word(self, page: object, text: object, bottom: object, top: object, sides: list[object]) -> None:
        if not isinstance(page, int) or page not in self.asked or not isinstance(text, str):
            raise Malformed
        edges = [float(edge) for edge in (bottom, top, *sides) if isinstance(edge, float | int)]
        require(len(edges) == 2 + len(sides) == 2 + 2 * len(text) and all(map(math.isfinite, edges)))
        self._characters += len(text)
        require(self._characters <= CHARACTERS_MAX)
        word = PlacedWord(text, edges[0], edges[1], tuple(zip(edges[2::2], edges[3::2], strict=True)))
        self.words.setdefault(page, []).append(word)


@dataclass(slots=True)
class PictureReceiver(Receiving):
    """Puts together a picture; whether it is one, whoever looks at it sees.

    Attributes:
        pieces: As far as they were sent.
        failure: Why there is none, where the child said so.
    """

    pieces: list[bytes] = field(default_factory=list)
    failure: ExtractionFailed | None = None

    def begin_again(self) -> Self:
        """Return another for a second child on the same file."""
        return type(self)()

    def take(self, kind: bytes, payload: bytes) -> None:
        """Take a frame; see `Receiving.take`."""
        match kind:
            case frames.PICTURE:
                self.pieces.append(payload)
                require(sum(map(len, self.pieces)) <= PICTURE_BYTES_MAX)
            case frames.FAILURE:
                self.failure = failure_of(**json.loads(payload))
            case _:
                raise Malformed


Told = TypeVar("Told", WordsReceiver, PictureReceiver)


@dataclass(slots=True)
class SandboxedPages(Sandbox):
    """Reads where words stand, and draws pages; its parent of readers is started with the first question."""

    limits: Limits = LIMITS
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CHILDREN_AT_ONCE))

    async def words(self, path: Path, media_type: str, pages: Sequence[int]) -> dict[int, Sequence[PlacedWord]]:
        """Return the words of pages; see `PageReader.words`."""
        asked = sorted(set(pages))[:PAGES_MAX]
        if media_type != PDF or not asked:
            return {}
        receiver = await self._told(path, words_of(asked), WordsReceiver(frozenset(asked)))
        return dict(receiver.words)

    async def picture(self, path: Path, media_type: str, page: int, marks: Sequence[Mark]) -> bytes | None:
        """Return a PNG of a page; see `PageReader.picture`."""
        if media_type != PDF:
            return None
        receiver = await self._told(path, picture_of(page, marks[:MARKS_MAX]), PictureReceiver())
        return b"".join(receiver.pieces)

    async def _told(self, path: Path, wanted: str, receiver: Told) -> Told:
        async with self._turns:
            receiver, ended = await self.run(path, wanted, receiver)
        if receiver.failure is not None:
            raise receiver.failure
        if ended.status != 0:
            raise self.reason(ended)
        return receiver
