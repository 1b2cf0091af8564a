"""What a search goes by: the vectors that serve, their embedder's view of the query, or words alone.

Cosines are taken between vectors of one embedder only. Passages without a vector of the embedder that serves are found
by their wording; where that embedder cannot be had any more, all are, until a reindex is done.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.documents.vectors import from_bytes
from lexora_gql.errors import Unavailable
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, EmbedderUnavailable, FormerEmbedders
from lexora_gql.ports.passage_index import Rankings
from lexora_gql.retrieval.fusion import weight_for
from lexora_gql.retrieval.query_vectors import QueryVectors

BYTES_PER_DIMENSION = 2
# How long a former embedder that failed is left alone: each try may take as long as a timeout.
REST_SECONDS = 30.0

log = structlog.get_logger(__name__)


class VectorsSwapped(Exception):
    """Other vectors serve than at the beginning of the search; begin again."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one search goes by, in all collections.

    Attributes:
        vector: The query's; in a search by wording alone one number that says nothing.
        weight: Of meaning against wording; 0 where it is by wording alone.
    """

    serving: Serving
    vector: NDArray[np.float32]
    weight: float
    is_by_wording: bool = False

    @property
    def shard(self) -> str:
        """What the index knows the vectors by: each swap begins new shards."""
        name = "wording" if self.is_by_wording else self.serving.embedder
        return f"{name}#{self.serving.number}"

    def cleaned(self, rankings: Rankings) -> Rankings:
        """Leave out of the meaning list what has no vector."""
        found = () if self.is_by_wording else tuple(one for one in rankings.by_meaning if one.score != 0)
        return Rankings(found, rankings.by_wording, rankings.candidates, rankings.revision)


def indexable(stored: Sequence[bytes | None], meaning: Meaning) -> Sequence[NDArray[np.float32]]:
    """Return a vector per passage as the index takes them; zeros, like nothing, where there is none that fits."""
    if meaning.is_by_wording:
        return [np.ones(1, dtype=np.float32)] * len(stored)
    blank = bytes(BYTES_PER_DIMENSION * len(meaning.vector))
    fitting = [one if one is not None and len(one) == len(blank) else blank for one in stored]
    return list(from_bytes(fitting)) if fitting else []


@dataclass(frozen=True, slots=True)
class Meanings:
    """Turns queries into what searches go by."""

    configured: Embedder
    former: FormerEmbedders
    vectors: QueryVectors
    _failed_at: dict[str, float] = field(default_factory=dict, repr=False)
    _told: set[Serving] = field(default_factory=set, repr=False)

    async def of(self, viewer: Viewer, serving: Serving, words: str) -> Meaning:
        """Return what a person's search for a query goes by.

        Raises:
            Unavailable: The configured embedder failed; worth retrying.
        """
        if serving.embedder == self.configured.name:
            return Meaning(serving, await self._embed(viewer, words), weight_for(words, self.configured.weight))
        self._tell(serving)
        embedder = self.former(serving.embedder)
        if (
            embedder is not None
            and time.monotonic() - self._failed_at.get(embedder.name, -REST_SECONDS) >= REST_SECONDS
        ):
            try:
                vector = await self.vectors.of(viewer, embedder, words)
            except (EmbedderUnavailable, EmbedderRejected) as error:
                self._failed_at[embedder.name] = time.monotonic()
                log.warning("former_embedder_failed", embedder=embedder.name, reason=str(error))
            else:
                return Meaning(serving, vector, weight_for(words, embedder.weight))
        return Meaning(serving, np.ones(1, dtype=np.float32), 0.0, is_by_wording=True)

    def _tell(self, serving: Serving) -> None:
        if serving not in self._told:
            self._told.add(serving)
            log.warning(
                "embedder_differs",
                serving=serving.embedder,
                configured=self.configured.name,
                by_wording_only=self.former(serving.embedder) is None,
                advice="run `lexora reindex`",
            )

    async def _embed(self, viewer: Viewer, words: str) -> NDArray[np.float32]:
        try:
            return await self.vectors.of(viewer, self.configured, words)
        except EmbedderUnavailable as error:
            message = "The embedding service does not answer; try again."
            raise Unavailable(message, retry_after_seconds=error.retry_after_seconds or 2.0) from error
        except EmbedderRejected as error:
            message = "The embedding service refuses the query; the server's log says why."
            raise Unavailable(message, retry_after_seconds=30.0) from error
