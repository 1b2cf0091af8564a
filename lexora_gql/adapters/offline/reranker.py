"""A reranker without a model: passages that hold more of the query's words are better."""

import re
from collections import deque
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


class WordSharingReranker:
    """Scores a text by the share of the query's words in it.

    Attributes:
        asked: Every query with its texts, in the order in which they came.
        failures: Raised one after the other before anything is scored.
    """

    def __init__(self) -> None:
        """Begin with nothing asked and nothing failing."""
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.failures: deque[Exception] = deque()

    @property
    def name(self) -> str:
        """See the port."""
        return "word-sharing"

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one score per text; see the port."""
        self.asked.append((query, tuple(texts)))
        if self.failures:
            raise self.failures.popleft()
        wanted = set(_WORD.findall(query.casefold()))
        return [len(wanted & set(_WORD.findall(text.casefold()))) / max(len(wanted), 1) for text in texts]
