"""Meaning as vectors."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Rows of unit length: shape (texts, dimensions)."""


class EmbedderUnavailable(Exception):
    """The embedder did not answer; worth retrying.

    Attributes:
        retry_after_seconds: When, where the provider said so.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class EmbedderRejected(Exception):
    """The embedder refused the input or its answer is unusable (wrong dimensions, non-finite); not worth retrying.

    Attributes:
        is_retryable: The text is not to blame: it may do once somebody has mended the service or its settings.
    """

    def __init__(self, message: str, *, is_retryable: bool = False) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable


class Embedder(Protocol):
    """Turns texts into vectors of unit length whose dot product is their likeness."""

    @property
    def name(self) -> str:
        """Names model and dimensions, such as `wordllama:l2_supercat:256`; vectors of two names never meet."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    @property
    def weight(self) -> float:
        """How much a cosine of 1 counts against the best wording score of 1, when the two are fused."""
        ...

    @property
    def is_costly(self) -> bool:
        """Whether computing a vector costs more than looking it up in PostgreSQL."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text.

        Args:
            texts: At least one, none empty; any number: the adapter batches.

        Raises:
            EmbedderUnavailable: Worth retrying.
            EmbedderRejected: Not worth retrying.
        """
        ...


FormerEmbedders = Callable[[str], Embedder | None]
"""Gives the embedder of a name that is not configured any more, whose vectors may still be stored; None where it
cannot be had."""


def no_other(_name: str) -> Embedder | None:
    """Give none: only the configured embedder can be had."""
    return None
