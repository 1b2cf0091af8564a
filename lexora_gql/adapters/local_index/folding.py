"""Writing the parts of a shard into a generation's folder, and reading them back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import tantivy
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.flat import FlatVectors
from lexora_gql.adapters.local_index.folded import Folded, FoldedRows, document_key, open_words
from lexora_gql.adapters.local_index.rows import Mask, Row
from lexora_gql.adapters.local_index.snapshots import Doubtful, Header, link_files

_WRITER_HEAP_BYTES = 32_000_000
_MANY_ROWS = 20_000
"""From so many new rows on two threads write tantivy's segments: whole collections are waited for."""
_ROWS, _VECTORS, _WORDS, _TERMS = "rows.bin", "vectors.bin", "words", "terms.txt"


@dataclass(frozen=True, slots=True)
class Base:
    """What a fold starts from: a folded part, its generation, and which of its rows are left."""

    folded: Folded
    generation: Path
    mask: Mask | None


def fold(
    target: Path, base: Base | None, rows: Iterable[Row], count: int, dimensions: int
) -> tuple[FoldedRows, FlatVectors]:
    """Write the rows that are left and new rows into a folder.

    Args:
        target: A folder of its own.
        base: None to begin with nothing.
        rows: Read once, in one pass.
        count: How many there are.
        dimensions: Of their vectors.

    Returns:
        The rows and their vectors by position; tantivy's index is in the folder.
    """
    words_folder = target / _WORDS
    words_folder.mkdir(mode=0o700)
    is_grown = base is not None and base.mask is None
    if base is not None and is_grown:
        link_files(base.generation / _WORDS, words_folder)
    threads = 2 if count >= _MANY_ROWS else 1
    writer = open_words(words_folder, is_new=not is_grown).writer(threads * _WRITER_HEAP_BYTES, threads)
    if base is not None and base.mask is not None:
        # tantivy only marks what is deleted; a deleted document's words must not stay on disk, nor count as frequent.
        old = base.folded.rows
        for at, terms in base.folded.stored_terms(base.mask):
            writer.add_document(_document(int(old.numbers[at]), old.documents[old.owners[at]], terms))
    added = _Added(count, dimensions)
    for row in rows:
        writer.add_document(_document(row.number, row.document_id, row.terms))
        added.take(row)
    writer.commit()
    writer.garbage_collect_files()
    writer.wait_merging_threads()
    return _together(target, base, added)


def _document(number: int, document_id: UUID, terms: str) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("terms", terms)
    document.add_unsigned("number", number)
    document.add_unsigned("document", document_key(document_id))
    return document


class _Added:
    """Collects new rows as arrays."""

    def __init__(self, count: int, dimensions: int) -> None:
        self.vectors: NDArray[np.float32] = np.empty((count, dimensions), dtype=np.float32)
        self.numbers: list[int] = []
        self.lengths: list[int] = []
        self.documents: list[UUID] = []

    def take(self, row: Row) -> None:
        self.vectors[len(self.numbers)] = row.vector
        self.numbers.append(row.number)
        self.lengths.append(row.length)
        self.documents.append(row.document_id)


def _together(target: Path, base: Base | None, added: _Added) -> tuple[FoldedRows, FlatVectors]:
    numbers = np.array(added.numbers, dtype=np.int64)
    lengths = np.array(added.lengths, dtype=np.int32)
    documents = added.documents
    vectors = added.vectors
    if base is not None:
        old, mask = base.folded.rows, base.mask
        kept: Mask | slice = slice(None) if mask is None else mask
        numbers = np.concatenate([old.numbers[kept], numbers])
        lengths = np.concatenate([old.lengths[kept], lengths])
        documents = [*(old.documents[place] for place in old.owners[kept].tolist()), *documents]
        vectors = np.concatenate([base.folded.meaning.view()[kept], vectors])
    if np.any(numbers[1:] < numbers[:-1]):
        order = np.argsort(numbers, kind="stable")
        numbers, lengths, vectors = numbers[order], lengths[order], vectors[order]
        documents = [documents[at] for at in order]
    places: dict[UUID, int] = {}
    owners = np.array([places.setdefault(document, len(places)) for document in documents], dtype=np.int32)
    rows = FoldedRows(numbers, owners, lengths, tuple(places))
    _write_rows(target, rows, vectors)
    return rows, FlatVectors(vectors)


def _write_rows(target: Path, rows: FoldedRows, vectors: NDArray[np.float32]) -> None:
    with (target / _ROWS).open("wb") as file:
        rows.numbers.tofile(file)
        rows.owners.tofile(file)
        rows.lengths.tofile(file)
        file.write(b"".join(document.bytes for document in rows.documents))
    with (target / _VECTORS).open("wb") as file:
        np.ascontiguousarray(vectors).tofile(file)


def _read_rows(generation: Path, header: Header) -> tuple[FoldedRows, NDArray[np.float32]]:
    count, documents = header.rows, header.documents
    with (generation / _ROWS).open("rb") as file:
        numbers = np.fromfile(file, dtype=np.int64, count=count)
        owners = np.fromfile(file, dtype=np.int32, count=count)
        lengths = np.fromfile(file, dtype=np.int32, count=count)
        ids = file.read()
    vectors = np.fromfile(generation / _VECTORS, dtype=np.float32)
    is_whole = len(lengths) == count and len(ids) == 16 * documents and vectors.size == count * header.dimensions
    if not is_whole or (count and not 0 <= owners.min() <= owners.max() < documents):
        raise Doubtful
    names = tuple(UUID(bytes=ids[at : at + 16]) for at in range(0, len(ids), 16))
    return FoldedRows(numbers, owners, lengths, names), vectors.reshape(count, header.dimensions)


def open_folded(generation: Path, rows: FoldedRows, meaning: FlatVectors) -> Folded:
    """Open the tantivy index of a generation beside its vectors."""
    words = open_words(generation / _WORDS)
    size = sum(path.stat().st_size for path in (generation / _WORDS).iterdir())
    return Folded(rows, meaning, words, size)


def read_folded(generation: Path, header: Header) -> Folded:
    """Read a folded part from a generation that has been checked.

    Raises:
        Doubtful: It does not add up.
    """
    rows, vectors = _read_rows(generation, header)
    try:
        return open_folded(generation, rows, FlatVectors(vectors))
    except (ValueError, OSError) as error:
        raise Doubtful from error


def write_recent(target: Path, rows: Sequence[Row], dimensions: int) -> int:
    """Write the rows of a small shard; returns how many documents they belong to."""
    places: dict[UUID, int] = {}
    owners = np.array([places.setdefault(row.document_id, len(places)) for row in rows], dtype=np.int32)
    numbers = np.array([row.number for row in rows], dtype=np.int64)
    lengths = np.array([row.length for row in rows], dtype=np.int32)
    vectors = np.array([row.vector for row in rows], dtype=np.float32).reshape(len(rows), dimensions)
    _write_rows(target, FoldedRows(numbers, owners, lengths, tuple(places)), vectors)
    (target / _TERMS).write_text("".join(f"{row.terms}\n" for row in rows), encoding="utf-8")
    return len(places)


def read_recent(generation: Path, header: Header) -> list[Row]:
    """Read the rows of a small shard from a generation that has been checked.

    Raises:
        Doubtful: They do not add up.
    """
    rows, vectors = _read_rows(generation, header)
    terms = (generation / _TERMS).read_text(encoding="utf-8").split("\n")
    if len(terms) != header.rows + 1:
        raise Doubtful
    owners = (rows.documents[place] for place in rows.owners.tolist())
    columns = zip(rows.numbers.tolist(), owners, vectors, terms[:-1], rows.lengths.tolist(), strict=True)
    return [Row(number, owner, vector, text, length) for number, owner, vector, text, length in columns]
