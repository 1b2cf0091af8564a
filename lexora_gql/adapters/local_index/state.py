"""What a shard holds at one moment; searched without locks, replaced as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.folded import Folded
from lexora_gql.adapters.local_index.recent import RecentRows
from lexora_gql.adapters.local_index.rows import Mask, Row
from lexora_gql.ports.passage_index import RemovedPassages

_CHECKED_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True)
class ShardState:
    """A folded part, recent rows, and which of them count.

    Attributes:
        revision: What it is exact at; 0 before the first change.
        folded: None while the shard is small.
        folded_mask: Its rows that have not been removed; None for all.
        recent: A log; only the rows that `recent_mask` reaches belong to this state.
        recent_mask: Those of them that have not been removed.
        removed: Up to which number each document's passages went since `folded` was made.
    """

    revision: int = 0
    folded: Folded | None = None
    folded_mask: Mask | None = None
    recent: RecentRows = field(default_factory=lambda: RecentRows(0))
    recent_mask: Mask = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    removed: dict[UUID, int] = field(default_factory=dict)

    @property
    def dimensions(self) -> int | None:
        """Of the vectors; None where there are none."""
        if self.folded is not None:
            return self.folded.meaning.dimensions
        return self.recent.dimensions or None

    @property
    def folded_rows(self) -> int:
        """Rows left in the folded part."""
        if self.folded is None:
            return 0
        return len(self.folded) if self.folded_mask is None else int(self.folded_mask.sum())

    @property
    def recent_rows(self) -> int:
        """Recent rows left."""
        return int(self.recent_mask.sum())

    @property
    def memory_bytes(self) -> int:
        """About how much memory it takes."""
        return self.recent.memory_bytes + (0 if self.folded is None else self.folded.memory_bytes)

    def changed(self, rows: Sequence[Row], removed: Sequence[RemovedPassages], revision: int) -> "ShardState":
        """Return the state after a change; appends to the log, so only one thread at a time may ask."""
        less = self._without(removed)
        new = self._unknown(rows)
        recent = less.recent
        if new and not len(recent):
            recent = RecentRows(len(new[0].vector))
        recent.append(new)
        mask = np.concatenate([less.recent_mask, np.ones(len(new), dtype=np.bool_)])
        return replace(less, revision=revision, recent=recent, recent_mask=mask)

    def _without(self, removed: Sequence[RemovedPassages]) -> "ShardState":
        folded_mask, recent_mask = self.folded_mask, self.recent_mask.copy()
        bounds = dict(self.removed)
        for one in removed:
            bounds[one.document_id] = max(one.up_to_number, bounds.get(one.document_id, one.up_to_number))
            recent_mask &= ~self.recent.mask_of_removed(one.document_id, one.up_to_number, len(recent_mask))
        if self.folded is not None:
            folded_mask = _less(self.folded, folded_mask, {one.document_id: one.up_to_number for one in removed})
        return replace(self, folded_mask=folded_mask, recent_mask=recent_mask, removed=bounds)

    def _unknown(self, rows: Sequence[Row]) -> list[Row]:
        """Leave out what is there already: a number's passage never changes."""
        numbers = np.array([row.number for row in rows], dtype=np.int64)
        known = np.zeros(len(rows), dtype=np.bool_) if self.folded is None else self.folded.holds(numbers)
        seen: set[int] = set()
        new = []
        for row, is_known in zip(rows, known.tolist(), strict=True):
            if not is_known and row.number not in self.recent.numbers and row.number not in seen:
                seen.add(row.number)
                new.append(row)
        return new

    def refolded(self, before: "ShardState", folded: Folded) -> "ShardState":
        """Return this state with all that `before` held folded into `folded`."""
        newer = {
            document: bound for document, bound in self.removed.items() if before.removed.get(document, -1) < bound
        }
        late = self.recent_mask.copy()
        late[: len(before.recent_mask)] = False
        recent = RecentRows(self.recent.dimensions)
        recent.append(list(self.recent.alive(late)))
        return ShardState(
            revision=self.revision,
            folded=folded,
            folded_mask=_less(folded, None, newer),
            recent=recent,
            recent_mask=np.ones(len(recent), dtype=np.bool_),
            removed=newer,
        )

    @property
    def average_length(self) -> float:
        """Of the passages, in terms: the folded part's own while there is one, which is what tantivy uses."""
        if self.folded is not None and len(self.folded):
            return self.folded.average_length
        return self.recent.total_length(self.recent_mask) / max(self.recent_rows, 1)

    def folded_with(self, term: str, occurrences: int) -> int:
        """Return in how many rows left in the folded part a term occurs, of `occurrences` in the whole of it."""
        if self.folded is None or self.folded_mask is None or not occurrences:
            return occurrences
        return occurrences - self.folded.removed_with(term, self.folded_mask, self.removed)


def require_vectors(vectors: Sequence[NDArray[np.float32]], dimensions: int | None) -> None:
    """Check vectors, many at a time.

    Args:
        vectors: Any number.
        dimensions: Of the shard; None where it is empty, and the first decides.

    Raises:
        ValueError: One is not finite, or not as long as the shard's.
    """
    for start in range(0, len(vectors), _CHECKED_AT_ONCE):
        some = vectors[start : start + _CHECKED_AT_ONCE]
        dimensions = len(some[0]) if dimensions is None and some[0].ndim == 1 else dimensions
        for vector in some:
            if vector.shape != (dimensions,):
                message = f"a vector of shape {vector.shape} was given; the shard has {dimensions} dimensions"
                raise ValueError(message)
        if not np.isfinite(np.stack(some)).all():
            message = "a vector holds a value that is not finite"
            raise ValueError(message)


def _less(folded: Folded, mask: Mask | None, removed: dict[UUID, int]) -> Mask | None:
    for document, bound in removed.items():
        gone = folded.mask_of_removed(document, bound)
        if gone is not None:
            mask = ~gone if mask is None else mask & ~gone
    return mask
