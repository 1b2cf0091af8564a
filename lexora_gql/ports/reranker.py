"""A second look at the best passages: one model reads query and passage together."""

from collections.abc import Sequence
from typing import Protocol


class RerankerUnavailable(Exception):
    """The reranker did not answer in time, or not now; worth another try later.

    Attributes:
        retry_after_seconds: When, where the provider said so.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RerankerRejected(Exception):
    """The reranker refused the request, or its answer cannot be used: somebody has to mend service or settings."""


class Reranker(Protocol):
    """Tells how well each of some passages answers a query."""

    @property
    def name(self) -> str:
        """For logs and the doctor, such as the model's name; no secret."""
        ...

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one finite score per text, in the order of the texts; more is better, and the scale is the model's.

        It keeps its own limit on the time; nothing is tried twice, since somebody waits.

        Args:
            query: Not empty.
            texts: At least one, none empty.

        Raises:
            RerankerUnavailable: Worth another try later.
            RerankerRejected: Not worth one before something is mended.
        """
        ...
