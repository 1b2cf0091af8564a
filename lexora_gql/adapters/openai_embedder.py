"""Embeddings from whoever speaks OpenAI's API: OpenAI, Azure, Ollama, vLLM, LM Studio and others."""

import asyncio
import base64
import binascii
import random
from collections.abc import Iterator, Sequence

import numpy as np
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    AsyncOpenAI,
    OpenAIError,
    omit,
)
from openai.types import Embedding

from lexora_gql.adapters.retry_after import retry_after_seconds
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable, Vectors

_WEIGHT = 1.0
_REQUEST_CHARACTERS_MAX = 400_000
"""OpenAI takes 300,000 tokens a request; texts of three quarters of a token per character are rare."""
_TRIES = 3
_WAIT_SECONDS_MAX = 8.0
"""Longer waits are the caller's affair, who knows what depends on the answer."""
_RETRYABLE = frozenset({408, 409, 425, 429})
_ABOUT_TEXT = frozenset({400, 413, 422})
"""Refusals of what was sent; all others are about the service or its settings."""
_DIMENSIONS_OF = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


class OpenAIEmbedder:
    """One model of one provider."""

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        dimensions: int | None = None,
        batch_size: int = 128,
        timeout_seconds: float = 30.0,
        backoff_seconds: float = 0.5,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            model: As the provider calls it.
            api_key: None for providers that want none.
            base_url: Such as http://localhost:11434/v1; None for OpenAI itself.
            dimensions: Asked of the provider; None for what the model gives of itself.
            batch_size: Most texts a request.
            timeout_seconds: For each request.
            backoff_seconds: Before the second try; doubles after it. A provider's Retry-After wins, up to 8 seconds.
        """
        self._model = model
        self._asked_dimensions = dimensions
        self._dimensions = dimensions or _DIMENSIONS_OF.get(model, 0)
        self._batch_size = batch_size
        self._backoff_seconds = backoff_seconds
        self._is_packed = True
        self._client = AsyncOpenAI(api_key=api_key or "none", base_url=base_url, timeout=timeout_seconds, max_retries=0)

    @property
    def name(self) -> str:
        """See the port; ends in `default` where neither setting nor model tells the dimensions before they are seen."""
        known = self._asked_dimensions or _DIMENSIONS_OF.get(self._model) or "default"
        return f"openai:{self._model}:{known}"

    @property
    def dimensions(self) -> int:
        """Length of each vector; 0 until the first answer where neither setting nor model tells."""
        return self._dimensions

    @property
    def weight(self) -> float:
        """A good model's cosine counts as much as the best wording."""
        return _WEIGHT

    @property
    def is_costly(self) -> bool:
        """Each text is paid for."""
        return True

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text; see the port."""
        parts = [await self._embed_part(part) for part in self._parts(texts)]
        return np.concatenate(parts) if parts else np.empty((0, self._dimensions), dtype=np.float32)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _parts(self, texts: Sequence[str]) -> Iterator[list[str]]:
        part: list[str] = []
        characters = 0
        for text in texts:
            if part and (len(part) >= self._batch_size or characters + len(text) > _REQUEST_CHARACTERS_MAX):
                yield part
                part, characters = [], 0
            part.append(text)
            characters += len(text)
        if part:
            yield part

    async def _embed_part(self, texts: list[str]) -> Vectors:
        for attempt in range(_TRIES):
            try:
                return self._checked(await self._request(texts), len(texts))
            except EmbedderUnavailable as error:
                pause = error.retry_after_seconds
                if pause is None:
                    pause = self._backoff_seconds * 2**attempt * random.uniform(0.75, 1.25)
                if attempt + 1 == _TRIES or pause > _WAIT_SECONDS_MAX:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError

    async def _request(self, texts: list[str]) -> list[Embedding]:
        """Ask once.

        Base64 spares the event loop reading hundreds of thousands of numbers; providers that do not know it mostly
        ignore it, and one that refuses it is asked for numbers from then on.
        """
        try:
            answer = await self._client.embeddings.create(
                model=self._model,
                input=texts,
                dimensions=self._asked_dimensions or omit,
                encoding_format="base64" if self._is_packed else "float",
            )
        except APIStatusError as error:
            if self._is_packed and error.status_code in {400, 422} and "encoding_format" in str(error.body):
                self._is_packed = False
                return await self._request(texts)
            raise _translated(error) from error
        except APIConnectionError as error:
            message = f"the embedding service did not answer ({type(error).__name__})"
            raise EmbedderUnavailable(message) from error
        except (APIError, OpenAIError, ValueError) as error:
            message = f"the embedding service gave an answer that cannot be read ({type(error).__name__})"
            raise EmbedderRejected(message, is_retryable=True) from error
        # The SDK believes what it is told: a page of HTML comes as text, a list of anything as a list of anything.
        data = getattr(answer, "data", None)
        return [one for one in data if isinstance(one, Embedding)] if isinstance(data, list) else []

    def _checked(self, data: list[Embedding], count: int) -> Vectors:
        if len(data) != count or {one.index for one in data} != set(range(count)):
            message = f"the embedding service gave {len(data)} vectors for {count} texts"
            raise EmbedderRejected(message, is_retryable=True)
        rows = [_numbers(one.embedding) for one in sorted(data, key=lambda one: one.index)]
        expected = self._dimensions or len(rows[0])
        if wrong := next((len(row) for row in rows if len(row) != expected), None):
            message = f"the embedding service gave {wrong} dimensions; {expected} were expected"
            raise EmbedderRejected(message, is_retryable=True)
        vectors = np.array(rows, dtype=np.float32)
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            message = "the embedding service gave a vector that is not finite or has no direction"
            raise EmbedderRejected(message, is_retryable=True)
        self._dimensions = expected
        unit: Vectors = (vectors / lengths).astype(np.float32)
        return unit


def _numbers(embedding: object) -> Vectors:
    """Read a vector, in base64 or as numbers.

    Raises:
        EmbedderRejected: It is neither.
    """
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4")
        # What overflows becomes infinite, and is refused with the rest that is not finite.
        with np.errstate(over="ignore"):
            row = np.array(embedding, dtype=np.float32)
    except (ValueError, TypeError, binascii.Error) as error:
        message = "the embedding service gave a vector that cannot be read"
        raise EmbedderRejected(message, is_retryable=True) from error
    if row.ndim != 1 or not len(row):
        message = "the embedding service gave a vector that cannot be read"
        raise EmbedderRejected(message, is_retryable=True)
    return row


def _translated(error: APIStatusError) -> Exception:
    """Return what a status means; the provider's own words may quote the text, so they stay out."""
    message = f"the embedding service answered {error.status_code}"
    if error.status_code in _RETRYABLE or error.status_code >= 500:
        return EmbedderUnavailable(message, retry_after_seconds=retry_after_seconds(error.response.headers))
    is_about_text = error.status_code in _ABOUT_TEXT and error.param in (None, "input")
    reason = f"{message} ({error.code or error.type or 'no reason given'})"[:200]
    return EmbedderRejected(reason, is_retryable=not is_about_text)
