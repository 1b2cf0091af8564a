"""Exact search by meaning with FAISS."""

import faiss
import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.local_index.rows import COSINE_DECIMALS, Mask

SPARE = 16
"""Fetched beyond what is wanted, so that ties and masked passages rarely need a second look."""


class FlatVectors:
    """Vectors by position, never changed once they are there: FAISS does not survive a change during a search."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self.dimensions = int(vectors.shape[1])
        self._count = len(vectors)
        self._index = faiss.IndexFlatIP(self.dimensions)
        self._index.add(np.ascontiguousarray(vectors))

    def __len__(self) -> int:
        return self._count

    def view(self) -> NDArray[np.float32]:
        """Return all vectors, for as long as this object lives."""
        flat: NDArray[np.float32] = faiss.rev_swig_ptr(self._index.get_xb(), self._count * self.dimensions)
        return flat.reshape(self._count, self.dimensions)

    def search(
        self, vector: NDArray[np.float32], mask: Mask | None, count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return positions and dot products of at least the best `count`, all ties with the last of them included."""
        room = self._count if mask is None else int(mask.sum())
        if not room:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        parameters = _parameters(mask)
        fetched = min(room, count + SPARE)
        scores, at = self._index.search(query, fetched, params=parameters)
        if fetched < room and round(float(scores[0, count - 1]), COSINE_DECIMALS) <= round(
            float(scores[0, -1]), COSINE_DECIMALS
        ):
            # A tie reaches past what was fetched: ask for everything as good as the last one wanted.
            bound = float(scores[0, count - 1]) - 2 * 10.0**-COSINE_DECIMALS
            _, all_scores, all_at = self._index.range_search(query, bound, params=parameters)
            return all_at, all_scores
        return at[0], scores[0]


def _parameters(mask: Mask | None) -> faiss.SearchParameters | None:
    if mask is None:
        return None
    bits = np.packbits(mask, bitorder="little")
    parameters = faiss.SearchParameters()
    # The wheel's types are those of C++, which takes a length and a pointer; its Python takes the array and keeps it.
    parameters.sel = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]  # see above
    return parameters
