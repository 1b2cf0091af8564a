"""A PageReader for tests of what comes after: UTF-8 as a typewriter would set it."""

from collections.abc import Sequence
from pathlib import Path

from lexora_gql.ports.page_reader import Mark, PlacedWord

PAGE_END = "\f"
LETTER_WIDTH = 6.0
LINE_HEIGHT = 12.0
PAGE_HEIGHT = 792.0


class OfflinePageReader:
    """Places each letter of a text file in a column and a row, whatever the media type; form feeds end pages."""

    async def words(self, path: Path, media_type: str, pages: Sequence[int]) -> dict[int, Sequence[PlacedWord]]:
        """Return the words of pages; see `PageReader.words`."""
        del media_type
        # Small files of tests: reading them takes less time than a thread would.
        texts = path.read_bytes().decode().split(PAGE_END)  # noqa: ASYNC240  # a test waits for nobody else
        found = {number: typeset(texts[number - 1]) for number in pages if 0 < number <= len(texts)}
        return {number: words for number, words in found.items() if words}

    async def picture(self, path: Path, media_type: str, page: int, marks: Sequence[Mark]) -> bytes | None:
        """Say in words how a page looks; see `PageReader.picture`."""
        del path, media_type
        return f"page {page} with {len(marks)} marks".encode()

    async def aclose(self) -> None:
        """Nothing to end."""


def typeset(page: str) -> list[PlacedWord]:
    """Return the words of a page, each letter in a column and a row."""
    words = []
    for row, line in enumerate(page.splitlines()):
        bottom = PAGE_HEIGHT - (row + 1) * LINE_HEIGHT
        column = 0
        for word in line.split():
            column = line.index(word, column)
            sides = tuple(((column + at) * LETTER_WIDTH, (column + at + 1) * LETTER_WIDTH) for at in range(len(word)))
            words.append(PlacedWord(word, bottom, bottom + LINE_HEIGHT, sides))
            column += len(word)
    return words
