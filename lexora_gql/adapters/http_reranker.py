"""Reranking over HTTP, as Cohere, Jina, vLLM, text-embeddings-inference and others offer it."""

import asyncio
import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, Literal

import httpx

from lexora_gql.adapters.retry_after import retry_after_seconds
from lexora_gql.ports.reranker import RerankerRejected, RerankerUnavailable

_SPARE_BYTES = 64 * 1024
_BYTES_PER_SENT_BYTE = 4
"""Some send the passages back with their scores, escaped; whatever is longer is no answer to us."""
_CONNECTIONS_MAX = 20
_RETRYABLE = frozenset({408, 425, 429})
_MISFIT = frozenset({400, 422})

Field = Literal["documents", "texts"]


class HttpReranker:
    """One model behind one address.

    Most want `documents` and give `{"results": [{"index", "relevance_score"}]}`; text-embeddings-inference wants
    `texts` and gives `[{"index", "score"}]`. The first refusal that asks for `texts` tells which of them it is.

    Source:
        https://docs.cohere.com/reference/rerank, https://huggingface.github.io/text-embeddings-inference
    """

    def __init__(
        self, url: str, *, api_key: str | None = None, model: str | None = None, timeout_seconds: float = 2.0
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            url: The whole address, such as http://127.0.0.1:8080/rerank.
            api_key: None for services that want none.
            model: None for services that have one only.
            timeout_seconds: For the whole of an answer, however slowly it comes.
        """
        self._url = url
        self._model = model
        self._timeout_seconds = timeout_seconds
        self._field: Field = "documents"
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # Compressed, a few bytes could become as many as fill the memory.
        headers["Accept-Encoding"] = "identity"
        limits = httpx.Limits(max_connections=_CONNECTIONS_MAX)
        # Passages and key go where the setting says, and nowhere that an answer sends them.
        self._client = httpx.AsyncClient(
            headers=headers, limits=limits, timeout=timeout_seconds, follow_redirects=False
        )

    @property
    def name(self) -> str:
        """Return the model's name, or the host where it has none."""
        return self._model or httpx.URL(self._url).host

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Return one score per text; see the port."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._scores(query, texts, self._field)
        except TimeoutError as error:
            message = f"the reranker did not answer within {self._timeout_seconds:g} seconds"
            raise RerankerUnavailable(message) from error
        except httpx.HTTPError as error:
            message = f"the reranker did not answer ({type(error).__name__})"
            raise RerankerUnavailable(message) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _scores(self, query: str, texts: Sequence[str], field: Field) -> list[float]:
        body = self._body(query, texts, field)
        bytes_max = _SPARE_BYTES + _BYTES_PER_SENT_BYTE * len(body)
        headers = {"Content-Type": "application/json"}
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            answer = await _read(response, bytes_max)
        if response.status_code in _MISFIT and field == "documents" and b"`texts`" in answer:
            scores = await self._scores(query, texts, "texts")
            self._field = "texts"
            return scores
        _require_success(response)
        return _ordered(answer, len(texts))

    def _body(self, query: str, texts: Sequence[str], field: Field) -> bytes:
        body: dict[str, Any] = {"query": query, field: list(texts)}
        if self._model is not None:
            body["model"] = self._model
        if field == "documents":
            body["top_n"] = len(texts)
        else:
            # Else one passage longer than the model reads has the whole request refused.
            body["truncate"] = True
        # A lone surrogate cannot be sent as UTF-8.
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


async def _read(response: httpx.Response, bytes_max: int) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        message = "the reranker compresses its answer unasked"
        raise RerankerRejected(message)
    parts: list[bytes] = []
    length = 0
    async for part in response.aiter_raw():
        length += len(part)
        if length > bytes_max:
            message = f"the reranker sent more than {bytes_max} bytes"
            raise RerankerRejected(message)
        parts.append(part)
    return b"".join(parts)


def _require_success(response: httpx.Response) -> None:
    """Raise what another status than 200 means; the service's own words may quote passages, so they stay out."""
    status = response.status_code
    if status == httpx.codes.OK:
        return
    message = f"the reranker answered {status}"
    if status in _RETRYABLE or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise RerankerUnavailable(message, retry_after_seconds=retry_after_seconds(response.headers))
    if response.is_redirect:
        message += ", a redirect, which is not followed: is RERANK_URL the whole address?"
    raise RerankerRejected(message)


def _ordered(answer: bytes, count: int) -> list[float]:
    """Read the scores, and put them in the order of what was sent."""
    try:
        parsed = json.loads(answer)
        results = parsed["results"] if isinstance(parsed, dict) else parsed
        scores = {_index(one["index"]): _score(one) for one in results}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        message = f"the reranker gave an answer that cannot be read ({type(error).__name__})"
        raise RerankerRejected(message) from error
    if len(results) != count or scores.keys() != set(range(count)):
        message = f"the reranker gave {len(results)} scores for {count} texts, or not one for each"
        raise RerankerRejected(message)
    return [scores[place] for place in range(count)]


def _index(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _score(result: dict[str, Any]) -> float:
    value = result["relevance_score"] if "relevance_score" in result else result["score"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError
    return float(value)
