"""WordLlama: an embedder that needs neither key nor network, 16 MB inside its wheel.

Only the wheel's two files are used, by their paths. Its own loader looks for the tokenizer in a folder that the wheel
does not have and then downloads it, and importing it changes the logging of the whole process.
"""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from lexora_gql.adapters.wordllama_tokens import Tokens
from lexora_gql.ports.embedder import Vectors

_MODEL = "l2_supercat"
_DIMENSIONS = 256
_WEIGHT = 0.4
_TEXT_CHARACTERS_MAX = 100_000
_SLICE_CHARACTERS = 16_000
_SLICE_TEXTS = 32
"""What holds the interpreter lets others run only between calls, so a slice is a few milliseconds of work."""
_QUERY_CHARACTERS = 500
"""A single text no longer than this is embedded at once: waking a thread takes longer than the work."""


class WordLlamaEmbedder:
    """The mean of a text's token vectors, scaled to unit length; about ten thousand passages a second and core.

    Source:
        WordLlama 0.4, model l2_supercat with 256 dimensions, https://github.com/dleemiller/WordLlama (MIT).
    """

    def __init__(self, *, threads: int = 1) -> None:
        """Prepare; the model is read at the first use, once.

        Args:
            threads: How many texts are embedded at the same time; one keeps a core free for the event loop.
        """
        self._pool = ThreadPoolExecutor(threads, "wordllama")
        self._loading = Lock()
        self._model: tuple[Tokens, NDArray[np.float32]] | None = None

    @property
    def name(self) -> str:
        """See the port."""
        return f"wordllama:{_MODEL}:{_DIMENSIONS}"

    @property
    def dimensions(self) -> int:
        """See the port."""
        return _DIMENSIONS

    @property
    def weight(self) -> float:
        """Never below BM25 alone on the development sets."""
        return _WEIGHT

    @property
    def is_costly(self) -> bool:
        """Looking a vector up takes as long."""
        return False

    async def prepare(self) -> None:
        """Read the model now; its tokenizer holds the interpreter for a tenth of a second, better before serving."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._loaded)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text; see the port. Between slices of a large batch, others have their turn.

        A text without any word the model knows gets the first axis; beyond 100,000 characters a text is not read.
        """
        if self._model is not None and len(texts) == 1 and len(texts[0]) <= _QUERY_CHARACTERS:
            return self._embed_slice(list(texts))
        loop = asyncio.get_running_loop()
        rows = [await loop.run_in_executor(self._pool, self._embed_slice, part) for part in _slices(texts)]
        return np.concatenate(rows) if rows else np.empty((0, _DIMENSIONS), dtype=np.float32)

    async def aclose(self) -> None:
        """Let the threads go."""
        await asyncio.to_thread(self._pool.shutdown)

    def _embed_slice(self, texts: list[str]) -> Vectors:
        tokens, table = self._loaded()
        rows = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            # A lone surrogate cannot be handed over as UTF-8.
            ids = tokens.ids(text[:_TEXT_CHARACTERS_MAX].encode("utf-8", "replace").decode())
            if ids:
                # Their mean points the same way, and the length goes anyhow.
                table.take(np.array(ids, dtype=np.int64), axis=0, mode="clip").sum(axis=0, out=row)
        return _unit(rows)

    def _loaded(self) -> tuple[Tokens, NDArray[np.float32]]:
        with self._loading:
            if self._model is None:
                self._model = _load()
            return self._model


def _load() -> tuple[Tokens, NDArray[np.float32]]:
    folder = _package_folder()
    tokens = Tokens(str(folder / "tokenizers" / f"{_MODEL}_tokenizer_config.json"))
    with safe_open(folder / "weights" / f"{_MODEL}_{_DIMENSIONS}.safetensors", framework="np") as file:
        table: NDArray[np.float32] = file.get_tensor("embedding.weight").astype(np.float32)
    return tokens, table


def _package_folder() -> Path:
    """Return where the package is, without importing it."""
    found = find_spec("wordllama")
    if found is None or found.origin is None:
        message = "the package wordllama is not installed"
        raise RuntimeError(message)
    return Path(found.origin).parent


def _unit(rows: Vectors) -> Vectors:
    """Scale rows to unit length; one without direction becomes the first axis, which no real text points along."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.where(lengths > 0, rows / np.where(lengths > 0, lengths, 1), 0).astype(np.float32)
    rows[lengths[:, 0] == 0, 0] = 1.0
    return rows


def _slices(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    characters = 0
    for text in texts:
        if part and (len(part) >= _SLICE_TEXTS or characters + len(text) > _SLICE_CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(text)
        characters += len(text)
    if part:
        yield part
