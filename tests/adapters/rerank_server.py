"""A /rerank endpoint over real HTTP that answers as a test has told it to."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from tests.adapters.threaded_server import ThreadedServer

Body = dict[str, Any]
Answer = Callable[[Body], Response]
Dialect = Literal["documents", "texts"]


def results(pairs: Sequence[tuple[object, object]]) -> Response:
    """Answer as Cohere, Jina and vLLM do, with these places and scores, whatever they are."""
    return JSONResponse({"id": "1", "results": [{"index": at, "relevance_score": score} for at, score in pairs]})


def raw(body: str | bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Answer with a body as it is."""
    return lambda _: Response(body, status, headers, media_type="application/json")


def dripping(seconds: float) -> Answer:
    """Answer with a blank every few milliseconds, for so long."""

    async def blanks() -> AsyncIterator[bytes]:
        for _ in range(int(seconds / 0.02)):
            yield b" "
            await asyncio.sleep(0.02)
        yield b"[]"

    return lambda _: StreamingResponse(blanks(), media_type="application/json")


class RerankServer(ThreadedServer):
    """Answers as scripted, then with each text's length as its score, best first.

    Attributes:
        dialect: `texts` as text-embeddings-inference speaks it, `documents` as the others do.
    """

    def __init__(self) -> None:
        super().__init__("/rerank", self._rerank)
        self.dialect: Dialect = "documents"
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.script: deque[Answer] = deque()

    @property
    def url(self) -> str:
        return f"{self.address}/rerank"

    async def _rerank(self, request: Request) -> Response:
        body: Body = await request.json()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        if self.script:
            return self.script.popleft()(body)
        if self.dialect not in body:
            reason = f"missing field `{self.dialect}` at line 1 column 9"
            return PlainTextResponse(f"Failed to deserialize the JSON body into the target type: {reason}", 422)
        scored = sorted(enumerate(map(len, body[self.dialect])), key=lambda one: -one[1])
        if self.dialect == "texts":
            return JSONResponse([{"index": place, "score": score} for place, score in scored])
        return results(scored)
