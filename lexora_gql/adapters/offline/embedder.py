"""An embedder without a model: texts that share words are alike."""

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from lexora_gql.ports.embedder import Vectors

_WORD = re.compile(r"\w+")


class HashingEmbedder:
    """Adds up one random direction per word; the same on every machine and in every process.

    Attributes:
        texts_embedded: All texts, in the order in which they were given.
    """

    def __init__(
        self, dimensions: int = 64, *, weight: float = 0.4, is_costly: bool = False, dialect: str = "words"
    ) -> None:
        """Take the dimensions; embedders of two dialects give every word another direction, and have two names."""
        self._dialect = dialect
        self.texts_embedded: list[str] = []
        self._dimensions = dimensions
        self._weight = weight
        self._is_costly = is_costly

    @property
    def name(self) -> str:
        """See the port."""
        return f"hashing:{self._dialect}:{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """See the port."""
        return self._dimensions

    @property
    def weight(self) -> float:
        """See the port."""
        return self._weight

    @property
    def is_costly(self) -> bool:
        """See the port."""
        return self._is_costly

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text; see the port."""
        self.texts_embedded.extend(texts)
        return np.array([self._row(text) for text in texts], dtype=np.float32)

    def _row(self, text: str) -> Vectors:
        row = np.zeros(self._dimensions, dtype=np.float64)
        for word in _WORD.findall(text.casefold()) or [text]:
            spoken = word if self._dialect == "words" else f"{self._dialect} {word}"
            seed = int.from_bytes(blake2b(spoken.encode("utf-8", "surrogatepass"), digest_size=8).digest())
            row += np.random.default_rng(seed).standard_normal(self._dimensions)
        unit: Vectors = (row / np.linalg.norm(row)).astype(np.float32)
        return unit
