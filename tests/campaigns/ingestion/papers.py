"""Documents of mixed kinds and sizes, no two alike; some take long at one stage, so that they can be met there."""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docx

from tests.adapters.made_files import docx_of, pdf
from tests.campaigns.points import Point
from tests.end_to_end.reading import long_text
from tests.shared_data import SHARED_DATA

REAL_BYTES_MAX = 400_000
REAL_KINDS = {".pdf", ".docx", ".md", ".txt"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file to upload."""

    path: Path
    kind: str


class Stationery:
    """Makes papers, by number and seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(f"papers {seed}")
        self._real = real_documents()
        self._chance.shuffle(self._real)
        self._number = 0

    def paper(self, point: Point | None = None, *, size: int = 1) -> Paper:
        """Return the next paper.

        Args:
            point: At which it is to be met, if that takes a document of its own kind.
            size: So many times as long, where one took too little time to be met.
        """
        self._number += 1
        kind = SLOW.get(point) if point is not None else None
        if kind is None and self._real and self._chance.random() < 0.4:
            path = self._real.pop()
            return Paper(path, f"real {path.suffix[1:]}")
        if kind is None:
            kind = self._chance.choice(list(MADE))
        suffix, make = KINDS[kind]
        path = self._folder / f"{kind}{self._number}.{suffix}"
        path.write_bytes(make(f"paper {self._number} {self._chance.random()}", size))
        return Paper(path, kind)


def real_documents() -> list[Path]:
    """Return ordinary real documents that are not large, each content once; none where they are not at hand."""
    manifest = SHARED_DATA / "docs" / "manifest.csv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["expected"] == "parse" and row["kind"] == "ordinary"]
    once = {row["sha256"]: SHARED_DATA / "docs" / row["file"] for row in rows if int(row["bytes"]) < REAL_BYTES_MAX}
    return sorted(path for path in once.values() if path.suffix in REAL_KINDS)


def _text(seed: str, size: int) -> bytes:
    return long_text(seed, paragraphs=30 * size).encode()


def _markdown(seed: str, size: int) -> bytes:
    text = long_text(seed, paragraphs=20 * size)
    return f"# {seed}\n\n## Hours\n\n{text}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n".encode()


def _word(seed: str, size: int) -> bytes:
    document = docx.Document()
    document.add_heading(seed)
    for paragraph in long_text(seed, paragraphs=20 * size).split("\n\n"):
        document.add_paragraph(paragraph)
    return docx_of(document)


def _pdf(seed: str, size: int, *, pages: int = 12) -> bytes:
    def page(number: int) -> list[tuple[float, str]]:
        return [(700.0 - 14 * row, f"{seed}, page {number}, line {row}.") for row in range(40)]

    return pdf(*(page(number) for number in range(pages * size)))


def _pages(seed: str, size: int) -> bytes:
    return _pdf(seed, size, pages=400)


def _long(seed: str, size: int) -> bytes:
    return long_text(seed, paragraphs=2_500 * size).encode()


def _many(seed: str, size: int) -> bytes:
    return long_text(seed, paragraphs=150 * size).encode()


def _dotted(seed: str, size: int) -> bytes:
    # Where everything might be a sentence a text takes long to be cut.
    return f"{seed} {('words' + ' .' * 40) * 15_000 * size}".encode()


Make = Callable[[str, int], bytes]
MADE: dict[str, tuple[str, Make]] = {
    "text": ("txt", _text),
    "markdown": ("md", _markdown),
    "word": ("docx", _word),
    "pdf": ("pdf", _pdf),
}
KINDS: dict[str, tuple[str, Make]] = {
    **MADE,
    "pages": ("pdf", _pages),
    "long": ("txt", _long),
    "many": ("txt", _many),
    "dotted": ("txt", _dotted),
}
# What is done within a third of a second, or has few passages, writes nothing between its claim and its commit.
SLOW = {Point.PARSING: "pages", Point.CHUNKING: "dotted", Point.EMBEDDING: "long", Point.INDEXING: "many"}
