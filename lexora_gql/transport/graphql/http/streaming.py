"""A response that goes on: results as they come, for as long as the client listens and may."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from starlette.types import Message, Receive, Scope, Send

from lexora_gql.errors import Throttled
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.graphql.errors import INTERNAL, report
from lexora_gql.transport.graphql.execution.admission import Admission, Operation
from lexora_gql.transport.graphql.execution.outcomes import Refused
from lexora_gql.transport.graphql.http.framing import Framing
from lexora_gql.transport.graphql.http.responses import budget_headers
from lexora_gql.transport.graphql.listening import Listeners, leaves, until_ended
from lexora_gql.transport.lifecycle import Lifecycle
from lexora_gql.transport.wire import hang_up


class _Ended(Exception):
    """The stream is over.

    Attributes:
        last_words: What the client is still told; nothing where it is to come back and go on.
    """

    def __init__(self, last_words: bytes = b"") -> None:
        super().__init__()
        self.last_words = last_words


@dataclass(frozen=True, slots=True)
class Streams:
    """What every stream of a process shares."""

    admission: Admission
    metrics: Metrics
    lifecycle: Lifecycle
    listeners: Listeners

    def response(self, operation: Operation, authorization: str | None, framing: Framing) -> "StreamResponse":
        """Return the response that an operation's results go into."""
        return StreamResponse(self, operation, authorization, framing)


class StreamResponse:
    """An ASGI response. Whatever ends it, in whichever task, is raised as `_Ended` and ends all the others."""

    def __init__(self, streams: Streams, operation: Operation, authorization: str | None, framing: Framing) -> None:
        self._streams = streams
        self._limits = streams.listeners.limits
        self._operation = operation
        self._authorization = authorization
        self._framing = framing
        self._sending = asyncio.Lock()
        self._last_sent = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send results until there are no more, the client is gone, or it may not listen any longer.

        Raises:
            Throttled: The user has too many streams; nothing was sent.
        """
        if scope["method"] == "HEAD":
            # There is no body to wait for, and nothing to execute.
            await send(self._start())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        lifecycle = self._streams.lifecycle
        try:
            with self._streams.listeners.stream(self._operation.context.identity):
                lifecycle.socket_opened()
                try:
                    last_words = await self._serve(receive, send)
                    await self._finish(scope, receive, send, last_words)
                finally:
                    lifecycle.socket_closed()
        except Throttled:
            self._count("refused")
            raise

    async def _serve(self, receive: Receive, send: Send) -> bytes:
        """Send results until something ends the stream; return what is still to be said."""
        last_words = b""
        try:
            await self._send(send, self._framing.opening, start=True)
            async with asyncio.TaskGroup() as tasks:
                results = tasks.create_task(self._results(send))
                tasks.create_task(self._watch_client(receive))
                tasks.create_task(self._watch_session())
                tasks.create_task(self._watch_draining(results))
                tasks.create_task(self._keep_alive(send))
        except* _Ended as group:
            last_words = next(leaves(group)).last_words
        except* OSError:
            pass
        except* Exception as group:  # noqa: BLE001  # the log has it; the client sees a connection that was lost
            report(group)
        return last_words

    async def _results(self, send: Send) -> None:
        """Send every result; errors of the request and of our own are the last."""
        verdict = "ok"
        try:
            async with aclosing(self._streams.admission.outcomes(self._operation)) as outcomes:
                async for outcome in outcomes:
                    verdict = outcome.verdict
                    piece = self._framing.result(outcome, self._operation.context.place.cursor)
                    await self._send(send, piece)
        except Refused as refused:
            verdict = "refused"
            raise _Ended(self._framing.errors(refused.outcome.errors) + self._framing.ending) from None
        except (_Ended, OSError):
            raise
        except Exception as error:
            verdict = "error"
            extensions = {"code": INTERNAL, "errorId": report(error)}
            errors = [{"message": "Something went wrong on the server's side.", "extensions": extensions}]
            raise _Ended(self._framing.errors(errors) + self._framing.ending) from error
        finally:
            self._count(verdict)
        raise _Ended(self._framing.ending)

    async def _watch_client(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        raise _Ended

    async def _watch_session(self) -> None:
        reason = await until_ended(
            self._streams.admission.environment.services.accounts,
            self._operation.context.identity,
            self._authorization,
            every_seconds=self._limits.session_check_seconds,
        )
        errors = [{"message": reason, "extensions": {"code": "UNAUTHENTICATED"}}]
        raise _Ended(self._framing.errors(errors) + self._framing.ending)

    async def _watch_draining(self, results: asyncio.Task[None]) -> None:
        await self._streams.lifecycle.draining.wait()
        # Answers have ended by now; what they said last is still on its way.
        await asyncio.wait([results], timeout=self._limits.last_words_seconds)
        # Without an ending the client sees a connection that was lost: it comes back, elsewhere, and goes on.
        raise _Ended

    async def _keep_alive(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._last_sent + self._limits.keep_alive_seconds - loop.time()))
            if loop.time() - self._last_sent >= self._limits.keep_alive_seconds:
                await self._send(send, self._framing.heartbeat)

    async def _finish(self, scope: Scope, receive: Receive, send: Send, last_words: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.last_words_seconds):
                await send({"type": "http.response.body", "body": last_words, "more_body": False})
        except TimeoutError:
            await hang_up(scope, receive)
        except OSError:
            return

    async def _send(self, send: Send, body: bytes, *, start: bool = False) -> None:
        """Send a piece once the client has room for it.

        Raises:
            _Ended: The client does not read.
        """
        try:
            async with asyncio.timeout(self._limits.send_seconds), self._sending:
                if start:
                    await send(self._start())
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            raise _Ended from None
        self._last_sent = asyncio.get_running_loop().time()

    def _start(self) -> Message:
        headers = {
            "Content-Type": self._framing.media_type,
            # no-transform: a proxy that compresses would hold back what is small.
            "Cache-Control": "no-store, no-transform",
            "X-Accel-Buffering": "no",
            "Vary": "Accept",
            **budget_headers(self._operation.budget),
        }
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": pairs}

    def _count(self, verdict: str) -> None:
        self._streams.metrics.graphql_operations_total.labels(self._operation.kind.value, verdict).inc()
