"""One collection's passages under one embedder: changed by one, searched by many, kept on disk."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from lexora_gql.adapters.local_index import snapshots
from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.local_index.bulk_analysis import BulkAnalysis
from lexora_gql.adapters.local_index.folding import (
    Base,
    fold,
    open_folded,
    read_folded,
    read_recent,
    write_recent,
)
from lexora_gql.adapters.local_index.rows import Row
from lexora_gql.adapters.local_index.snapshots import Doubtful, Header
from lexora_gql.adapters.local_index.state import ShardState, require_vectors
from lexora_gql.ports.passage_index import IndexChanges, IndexedPassage

SMALL_ROWS = 500
"""Up to here a shard is searched by arithmetic alone, without FAISS and tantivy, whose open index keeps a thread."""
_RECENT_ROWS = 256
_RECENT_SHARE = 0.02


class Shard:
    """Blocking; every method may be called from any thread.

    `_folding` is held while files are written, `_publishing` only while the state is replaced; searches take neither.
    """

    def __init__(self, slot: Path, collection_id: UUID, embedder: str) -> None:
        self.folder = snapshots.shard_folder(slot, collection_id, embedder)
        self.state = ShardState()
        self._collection_id = collection_id
        self._embedder = embedder
        self._publishing = threading.Lock()
        self._folding = threading.Lock()
        self._saved: tuple[Path, Header] | None = None
        self._is_forgotten = False

    @property
    def needs_folding(self) -> bool:
        """Whether so much is recent that searches are slowed."""
        state = self.state
        if state.folded is None:
            return state.recent_rows > SMALL_ROWS
        return len(state.recent) > max(_RECENT_ROWS, _RECENT_SHARE * len(state.folded))

    @property
    def _recent_at_once(self) -> int:
        """How many passages of one change are searched as recent rows, until they are folded in beside searches."""
        folded = self.state.folded
        return SMALL_ROWS if folded is None else max(SMALL_ROWS, int(_RECENT_SHARE * len(folded)))

    @property
    def is_saved(self) -> bool:
        """Whether the snapshot is as new as the state."""
        return self.state.revision == (0 if self._saved is None else self._saved[1].revision)

    def load(self, generation: Path, header: Header) -> None:
        """Take the state from a generation.

        Raises:
            Doubtful: It cannot be trusted; it is still there.
        """
        snapshots.check(generation, header)
        if header.is_folded:
            self.state = ShardState(revision=header.revision, folded=read_folded(generation, header))
        else:
            self.state = ShardState().changed(read_recent(generation, header), (), header.revision)
        self._saved = generation, header

    def apply(self, changes: IndexChanges, *, since: int, revision: int) -> None:
        """Take the shard from one revision to another; nothing happens where it does not stand at `since`.

        Raises:
            ValueError: A vector is not finite or not as long as the others; nothing has changed.
            OSError: A change so large that it goes to disk at once could not be written.
        """
        if self.state.revision != since or self._is_forgotten:
            return
        require_vectors([passage.vector for passage in changes.added], self.state.dimensions)
        if len(changes.added) > self._recent_at_once:
            self._apply_folding(changes, since, revision)
            return
        rows = list(_analysed(changes.added))
        with self._publishing:
            if self.state.revision == since and not self._is_forgotten:
                self.state = self.state.changed(rows, changes.removed, revision)

    def _apply_folding(self, changes: IndexChanges, since: int, revision: int) -> None:
        """Fold a change in as it is read: so many recent rows would be slow to search and large to keep.

        Whoever searches waits for it, and for a large shard that is seconds: only what changes much of it comes here.
        """
        with self._folding:
            state = self.state
            if state.revision != since or self._is_forgotten:
                return
            less = state.changed((), changes.removed, revision)
            known = set(less.recent.numbers)
            if less.folded is not None:
                numbers = np.array([passage.number for passage in changes.added], dtype=np.int64)
                known.update(numbers[less.folded.holds(numbers)].tolist())
            added = [passage for passage in changes.added if passage.number not in known]
            folded_state = self._fold(less, added)
            with self._publishing:
                self.state = folded_state

    def save(self) -> None:
        """Bring the snapshot up to date; large shards are folded by it.

        Raises:
            OSError: It could not be written.
        """
        with self._folding:
            state = self.state
            if self._is_forgotten or self.is_saved:
                return
            if self._saved is not None and not _has_changes(state):
                self._saved = snapshots.relabel(self.folder, *self._saved, state.revision)
            elif state.folded is None and state.recent_rows <= SMALL_ROWS:
                self._saved = snapshots.write(self.folder, lambda target: self._fill_small(target, state))
            else:
                self._fold_and_publish(state)

    def fold(self) -> None:
        """Fold recent rows in where there are many.

        Raises:
            OSError: They could not be written.
        """
        with self._folding:
            if self.needs_folding and not self._is_forgotten:
                self._fold_and_publish(self.state)

    def forget(self) -> None:
        """Take part in nothing any more."""
        with self._folding, self._publishing:
            self._is_forgotten = True
            self.state = ShardState()

    def _fold_and_publish(self, state: ShardState) -> None:
        folded_state = self._fold(state, ())
        assert folded_state.folded is not None
        with self._publishing:
            self.state = self.state.refolded(state, folded_state.folded)

    def _fold(self, state: ShardState, added: Sequence[IndexedPassage]) -> ShardState:
        base = None
        if state.folded is not None and self._saved is not None:
            base = Base(state.folded, self._saved[0], state.folded_mask)
        count = state.recent_rows + len(added)
        dimensions = state.dimensions or len(added[0].vector)
        folded = []

        def fill(target: Path) -> Header:
            folded.append(fold(target, base, _all_rows(state, added), count, dimensions))
            rows = folded[0][0]
            return self._header(state.revision, dimensions, len(rows.numbers), len(rows.documents), is_folded=True)

        self._saved = snapshots.write(self.folder, fill)
        return ShardState(revision=state.revision, folded=open_folded(self._saved[0], *folded[0]))

    def _fill_small(self, target: Path, state: ShardState) -> Header:
        rows = list(state.recent.alive(state.recent_mask))
        documents = write_recent(target, rows, state.recent.dimensions)
        return self._header(state.revision, state.recent.dimensions, len(rows), documents, is_folded=False)

    def _header(self, revision: int, dimensions: int, rows: int, documents: int, *, is_folded: bool) -> Header:
        return Header(str(self._collection_id), self._embedder, revision, dimensions, rows, documents, is_folded)


def _has_changes(state: ShardState) -> bool:
    """Whether a folded state differs from its generation in more than the revision."""
    return state.folded is None or len(state.recent) > 0 or state.folded_mask is not None


def _analysed(passages: Sequence[IndexedPassage]) -> Iterator[Row]:
    texts = [passage.text for passage in passages]
    # What bulk analysis works with takes longer to set up than a few passages take.
    if len(texts) <= SMALL_ROWS:
        found: Iterator[tuple[str, int]] = ((" ".join(terms), len(terms)) for terms in map(terms_of, texts))
    else:
        found = BulkAnalysis().terms(texts)
    for passage, (terms, length) in zip(passages, found, strict=True):
        yield Row(passage.number, passage.document_id, passage.vector, terms, length)


def _all_rows(state: ShardState, added: Sequence[IndexedPassage]) -> Iterator[Row]:
    yield from state.recent.alive(state.recent_mask)
    yield from _analysed(added)


__all__ = ["SMALL_ROWS", "Doubtful", "Shard"]
