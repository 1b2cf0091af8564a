"""Where the words of a page stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Mark = tuple[float, float, float, float]
"""A rectangle on a page: left, bottom, right and top, in points from the page's lower left corner."""


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word as it stands on a page, in points from the page's lower left corner.

    Attributes:
        text: Without white space.
        bottom: The lower edge of its lowest character.
        top: The upper edge of its highest character.
        sides: The left and the right edge of each character.
    """

    text: str
    bottom: float
    top: float
    sides: tuple[tuple[float, float], ...]


class PageReader(Protocol):
    """Reads pages in a child process with limits; safe to call from several tasks."""

    async def words(self, path: Path, media_type: str, pages: Sequence[int]) -> dict[int, Sequence[PlacedWord]]:
        """Return the words of pages, in the file's order.

        Args:
            path: A local file, only read.
            media_type: As decided by its content at upload.
            pages: Their numbers, the first being 1.

        Returns:
            By page; without those that have no words or cannot be read. Empty where the format has no places.

        Raises:
            ExtractionFailed: The file cannot be read.
        """
        ...

    async def picture(self, path: Path, media_type: str, page: int, marks: Sequence[Mark]) -> bytes | None:
        """Return a PNG of a page with places on it marked; None where the format has no pages to be drawn.

        Args:
            path: A local file, only read.
            media_type: As decided by its content at upload.
            page: Its number, the first being 1.
            marks: What is marked; of very many, the first.

        Raises:
            ExtractionFailed: The file cannot be read, or has no such page.
        """
        ...

    async def aclose(self) -> None:
        """End every child."""
        ...
