"""A model provider for tests and benchmarks: a real HTTP server that speaks OpenAI's API and does as it is told.

    with ScriptedOpenAI() as provider:
        model = OpenAIChat(["test-model"], base_url=provider.url)

        gate = Signal()
        provider.script(Reply("The canteen ", gate, "opens at noon [1]."))   # for the next request for a chat
        ...
        gate.set()                                                           # the second piece goes out now
        await provider.requests[-1].disconnected.wait()                      # the client hung up

Without a script it answers from the prompt: the first sentence of source [1], and its marker. It runs in a thread with
a loop of its own, so neither a busy test nor a busy server stops the other; `Signal` works across both. `requests`
remembers every request to /chat/completions and /embeddings in order.
"""

import asyncio
import hashlib
import json
import re
import socket
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

PATIENCE_SECONDS = 20.0


class Signal:
    """An event between threads and loops."""

    def __init__(self) -> None:
        self._future: Future[None] = Future()

    def set(self) -> None:
        """Let everybody go on who waits."""
        if not self._future.done():
            self._future.set_result(None)

    @property
    def is_set(self) -> bool:
        return self._future.done()

    async def wait(self) -> None:
        """Wait for `set`, at most 20 seconds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.shield(asyncio.wrap_future(self._future))


class _Cut:
    """Drop the connection."""


CUT: Final = _Cut()

Step = str | float | Signal | bytes | dict[str, Any] | _Cut
"""Text to send, seconds to wait, a signal to wait for, raw bytes, a raw chunk, or the end of the connection."""


@dataclass(frozen=True)
class Reply:
    """What to do with one request for a chat.

    Attributes:
        steps: In order; where no usage is given, each text counts as a token.
        status: Other than 200: an error with `error` as its body.
        headers: Beside the usual ones, such as Retry-After.
        error: Of OpenAI's shape: {"message": …, "type": …, "param": …, "code": …}.
        finish_reason: None: the stream ends without one, and without [DONE].
        usage: Prompt and completion tokens; sent if the client asked for it.
        is_whole: Answer in one piece even where a stream was asked for, as servers do that cannot stream.
    """

    steps: tuple[Step, ...]
    status: int
    headers: dict[str, str]
    error: dict[str, Any]
    finish_reason: str | None
    usage: tuple[int, int] | None
    is_whole: bool

    def __init__(
        self,
        *steps: Step,
        status: int = 200,
        headers: dict[str, str] | None = None,
        error: dict[str, Any] | None = None,
        finish_reason: str | None = "stop",
        usage: tuple[int, int] | None = None,
        is_whole: bool = False,
    ) -> None:
        values = (steps, status, headers or {}, error or {"message": "scripted"}, finish_reason, usage, is_whole)
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def text(self) -> str:
        return "".join(step for step in self.steps if isinstance(step, str))


@dataclass
class Recorded:
    """A request as it came, and what became of it; times are of `time.monotonic`, `client` is address and port."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    client: str
    received_at: float
    sent_at: list[float] = field(default_factory=list)
    disconnected: Signal = field(default_factory=Signal)
    disconnected_at: float | None = None
    ended: Signal = field(default_factory=Signal)

    @property
    def prompt(self) -> str:
        return "\n\n".join(str(message["content"]) for message in self.body["messages"])


def answer_from_prompt(prompt: str) -> str:
    """Return the first sentence of source 1 with its marker; without sources, the question itself.

    The latter serves requests to make a question standalone. A source is what stands in <source number="1" …> or after
    a line that begins with [1].
    """
    source = re.search(
        r'<source number="1"[^>]*>(.*?)</source>|^\[1\](.*?)(?=^\[2\]|\Z)', prompt, re.DOTALL | re.MULTILINE
    )
    if source:
        text = source[1] or source[2]
        sentence = re.search(r"[^\n.!?。！？]{20,}[.!?。！？]", text)
        return f"{(sentence[0] if sentence else ' '.join(text.split())[:200]).strip()} [1]"
    question = re.search(r"<question>\s*(.*?)\s*</question>", prompt, re.DOTALL)
    return question[1] if question and "There are no sources." not in prompt else "The sources do not say."


def vector_of(text: str, dimensions: int) -> list[float]:
    """Return a unit vector that depends on the words alone: texts that share words are alike."""
    total = np.zeros(dimensions)
    for word in re.findall(r"\w+", text.lower()) or [text]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
        total += np.random.default_rng(seed).standard_normal(dimensions)
    return [float(value) for value in total / (np.linalg.norm(total) or 1.0)]


class ScriptedOpenAI:
    """The server; `url` is what OPENAI_BASE_URL is set to."""

    def __init__(
        self,
        *,
        answer: Callable[[str], str] = answer_from_prompt,
        seconds_per_piece: float = 0.0,
        dimensions: int = 64,
        models: tuple[str, ...] = ("test-model",),
    ) -> None:
        """Prepare.

        Args:
            answer: From the whole prompt to the answer of a request that no script is for.
            seconds_per_piece: Between the words of such an answer.
            dimensions: Of embeddings, where the request names none.
            models: What /models lists; any model may be asked.
        """
        self.requests: list[Recorded] = []
        self.arrived: deque[Signal] = deque()
        self._scripts: deque[Reply] = deque()
        self._answer = answer
        self._seconds_per_piece = seconds_per_piece
        self._dimensions = dimensions
        self._models = models
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        routes = [
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/embeddings", self._embeddings, methods=["POST"]),
            Route("/v1/models", self._list_models),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), log_config=None, log_level="critical", timeout_graceful_shutdown=1, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: self._server.run([self._socket]), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    @property
    def chats(self) -> list[Recorded]:
        return [request for request in self.requests if request.path.endswith("/chat/completions")]

    def __enter__(self) -> Self:
        self._socket.listen(256)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_SECONDS)
        self._socket.close()

    def reset(self) -> None:
        """Forget requests and scripts, so that one server can serve many tests."""
        self.requests.clear()
        self.arrived.clear()
        self._scripts.clear()

    def script(self, *replies: Reply) -> None:
        """Say what to do with the next requests for a chat, in order."""
        self._scripts.extend(replies)

    def next_request(self) -> Signal:
        """Return a signal that is set when the next request has come."""
        signal = Signal()
        self.arrived.append(signal)
        return signal

    async def _chat(self, request: Request) -> Response:
        record = await self._record(request)
        reply = self._scripts.popleft() if self._scripts else self._reply_from_prompt(record)
        if reply.status != 200:
            record.ended.set()
            return JSONResponse({"error": reply.error}, reply.status, reply.headers)
        if reply.is_whole or not record.body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}}
            choices = [choice | {"finish_reason": reply.finish_reason}]
            whole = {"id": "1", "object": "chat.completion", "model": record.body["model"], "choices": choices}
            return JSONResponse(whole | {"usage": _usage(reply)})
        return _Stream(record, reply)

    def _reply_from_prompt(self, record: Recorded) -> Reply:
        words = re.findall(r"\S+\s*", self._answer(record.prompt))
        pause: list[Step] = [self._seconds_per_piece] if self._seconds_per_piece else []
        return Reply(*[step for word in words for step in (*pause, word)], usage=(len(record.prompt) // 4, len(words)))

    async def _embeddings(self, request: Request) -> Response:
        record = await self._record(request)
        given = record.body["input"]
        dimensions = int(record.body.get("dimensions") or self._dimensions)
        texts = [given] if isinstance(given, str) else given
        vectors = [vector_of(text, dimensions) for text in texts]
        encode = _base64 if record.body.get("encoding_format") == "base64" else list
        data = [{"object": "embedding", "index": n, "embedding": encode(value)} for n, value in enumerate(vectors)]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        record.ended.set()
        return JSONResponse({"object": "list", "data": data, "model": record.body["model"], "usage": usage})

    async def _list_models(self, _: Request) -> Response:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "tests"} for name in self._models]
        return JSONResponse({"object": "list", "data": data})

    async def _record(self, request: Request) -> Recorded:
        body = await request.json()
        client = f"{request.client.host}:{request.client.port}" if request.client else ""
        record = Recorded(request.url.path, body, dict(request.headers), client, time.monotonic())
        self.requests.append(record)
        if self.arrived:
            self.arrived.popleft().set()
        return record


class _Stream(Response):
    """Plays a reply's steps, and notices at once when the client hangs up."""

    def __init__(self, record: Recorded, reply: Reply) -> None:
        super().__init__(media_type="text/event-stream", headers=reply.headers)
        del self.headers["content-length"]
        self._record = record
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        playing = asyncio.ensure_future(self._play(send))
        leaving = asyncio.ensure_future(self._hung_up(receive))
        await asyncio.wait([playing, leaving], return_when=asyncio.FIRST_COMPLETED)
        for task in (playing, leaving):
            task.cancel()
        self._record.ended.set()
        with suppress(asyncio.CancelledError, OSError):
            await playing

    async def _hung_up(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._record.disconnected_at = time.monotonic()
        self._record.disconnected.set()

    async def _play(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for data in self._events():
            await send({"type": "http.response.body", "body": data, "more_body": True})
            self._record.sent_at.append(time.monotonic())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(self) -> AsyncIterator[bytes]:
        yield self._event({"role": "assistant", "content": ""})
        for step in self._reply.steps:
            match step:
                case str():
                    yield self._event({"content": step})
                case bytes():
                    yield step
                case dict():
                    yield f"data: {json.dumps(step)}\n\n".encode()
                case Signal():
                    await step.wait()
                case float() | int():
                    await asyncio.sleep(step)
                case _Cut():
                    raise ConnectionAbortedError
        if self._reply.finish_reason is not None:
            yield self._event({}, finish_reason=self._reply.finish_reason)
            if (self._record.body.get("stream_options") or {}).get("include_usage"):
                yield self._event(None, usage=_usage(self._reply))
            yield b"data: [DONE]\n\n"

    def _event(
        self, delta: dict[str, Any] | None, finish_reason: str | None = None, usage: dict[str, int] | None = None
    ) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": self._record.body["model"]}
        return f"data: {json.dumps(chunk | {'choices': choices, 'usage': usage}, ensure_ascii=False)}\n\n".encode()


def _usage(reply: Reply) -> dict[str, int]:
    prompt, completion = reply.usage or (10, sum(isinstance(step, str) for step in reply.steps))
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _base64(vector: list[float]) -> str:
    return b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
