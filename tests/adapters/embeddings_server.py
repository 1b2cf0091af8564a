"""An embeddings endpoint of OpenAI's shape over real HTTP that answers as a test has told it to."""

import base64
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.adapters.threaded_server import ThreadedServer

Body = dict[str, Any]
Answer = Callable[[Body], Response]


def vector_of(text: str, dimensions: int) -> list[float]:
    """Return a vector of length 2 that points along the axis its text's length chooses."""
    vector = [0.0] * dimensions
    vector[len(text) % dimensions] = 2.0
    return vector


def embeddings(vectors: Sequence[object], indexes: Sequence[object] | None = None) -> Response:
    """Return an answer that holds these vectors, whatever they are."""
    places = range(len(vectors)) if indexes is None else indexes
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in zip(places, vectors, strict=True)
    ]
    return JSONResponse(
        {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    )


def refusal(status: int, headers: dict[str, str] | None = None, **error: str) -> Answer:
    """Answer with an error of OpenAI's shape."""
    return lambda _: JSONResponse({"error": {"message": "scripted", "type": "scripted", **error}}, status, headers)


class EmbeddingsServer(ThreadedServer):
    """Answers as scripted, then with `vector_of` in base64 when it is asked for that."""

    def __init__(self, dimensions: int = 8) -> None:
        super().__init__("/v1/embeddings", self._embed)
        self.bodies: list[Body] = []
        self.script: deque[Answer] = deque()
        self._dimensions = dimensions

    @property
    def url(self) -> str:
        return f"{self.address}/v1"

    async def _embed(self, request: Request) -> Response:
        body: Body = await request.json()
        self.bodies.append(body)
        if self.script:
            return self.script.popleft()(body)
        dimensions = body.get("dimensions", self._dimensions)
        vectors = [vector_of(text, dimensions) for text in body["input"]]
        if body["encoding_format"] == "base64":
            return embeddings([base64.b64encode(np.array(one, dtype="<f4").tobytes()).decode() for one in vectors])
        return embeddings(vectors)
