"""Finding passages by meaning and by wording, one collection at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A chunk as the index holds it.

    Attributes:
        number: The chunk's number, unique over all collections.
        document_id: Whose chunk it is.
        text: What is indexed by wording: the chunk with its context (title, file name, headings) in front.
        vector: Unit length, float32, shape (dimensions,).
    """

    number: int
    document_id: UUID
    text: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RemovedPassages:
    """A document whose chunks numbered up to and including `up_to_number` are gone."""

    document_id: UUID
    up_to_number: int


@dataclass(frozen=True, slots=True)
class IndexChanges:
    """What happened to a collection between two revisions; removals apply first."""

    added: Sequence[IndexedPassage] = ()
    removed: Sequence[RemovedPassages] = ()


class Scored(NamedTuple):
    """A chunk found, and how well it fits: a cosine, or a BM25 score.

    Each search makes hundreds: a tuple is made in a quarter of the time.
    """

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Rankings:
    """What one collection has to say to a query.

    Attributes:
        by_meaning: Best first.
        by_wording: Best first.
        candidates: How many chunks were searched.
        revision: What the shard stood at. Below what `apply` had reached only where the shard was lost in between
            (memory limit, damage, a full disk): apply and search again.
    """

    by_meaning: Sequence[Scored]
    by_wording: Sequence[Scored]
    candidates: int
    revision: int = 0


@dataclass(frozen=True, slots=True)
class KeptShard:
    """A shard in memory or on disk.

    Attributes:
        revision: What it stands at: in memory, where it is there.
        is_left: By a process that is gone.
    """

    collection_id: UUID
    embedder: str
    revision: int
    is_left: bool = False


class ShardLoading(Exception):
    """A large shard is being built or read in the background; try again."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"The index is being loaded; try again in {retry_after_seconds:g} seconds.")
        self.retry_after_seconds = retry_after_seconds


class PassageIndex(Protocol):
    """One shard per collection, exact up to a revision; a cache of PostgreSQL that may be thrown away at any time."""

    async def revision(self, collection_id: UUID, embedder: str) -> int:
        """Return the revision that the shard stands at; 0 where there is none, or none for this embedder.

        Opens the shard's snapshot where there is one, and waits for a change that is under way. What it stands at may
        fall at any time (memory limit, damage): ask before each `apply`.

        Raises:
            ShardLoading: It is being loaded in the background.
        """
        ...

    async def apply(
        self, collection_id: UUID, embedder: str, changes: IndexChanges, *, since: int, revision: int
    ) -> None:
        """Take a shard from revision `since` to `revision`; searchable on return.

        Applying again what was applied changes nothing. Nothing happens if the shard does not stand at `since` any
        more (the caller reads `revision` again). From 0 on, `changes.added` is the whole collection.

        Raises:
            ShardLoading: It is being loaded in the background.
            ValueError: A vector is not finite or not as long as the others; nothing has changed.
        """
        ...

    async def search(
        self,
        collection_id: UUID,
        embedder: str,
        *,
        vector: NDArray[np.float32],
        words: str,
        documents: frozenset[UUID] | None,
        count: int,
    ) -> Rankings:
        """Return the best `count` passages by meaning and by wording.

        Args:
            collection_id: The shard.
            embedder: The name whose vectors it holds.
            vector: The query, unit length, shape (dimensions,).
            words: The query in words.
            documents: Only chunks of these are searched and counted; None for all.
            count: Length of each list at most, at least 1.

        Returns:
            Two empty lists where there is no shard. Ties are broken by number.

        Raises:
            ShardLoading: It is being loaded in the background.
            ValueError: The vector is not finite or not as long as the shard's.
        """
        ...

    async def forget(self, collection_id: UUID) -> None:
        """Remove a shard from memory and disk."""
        ...

    async def kept(self) -> Sequence[KeptShard]:
        """Return the shards of this process, and those that processes left which are gone, never those of others."""
        ...

    async def forget_left(self, collection_id: UUID) -> None:
        """Remove what processes that are gone left of a collection."""
        ...

    async def aclose(self) -> None:
        """Write what is worth keeping and let go of everything."""
        ...
