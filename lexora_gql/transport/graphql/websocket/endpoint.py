"""GraphQL over WebSocket: the protocol graphql-transport-ws, one task per operation."""

import asyncio
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from typing import Any

from graphql import OperationType
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from lexora_gql.accounts.service import AccountService, Client
from lexora_gql.errors import DomainError, Throttled, Unavailable
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.authentication import Identity, identify
from lexora_gql.transport.graphql.errors import BAD_REQUEST, INTERNAL, domain_extensions, report
from lexora_gql.transport.graphql.execution.admission import Admission, Operation
from lexora_gql.transport.graphql.execution.outcomes import Refused
from lexora_gql.transport.graphql.listening import Listeners, leaves, until_ended
from lexora_gql.transport.graphql.refusals import RequestRefused
from lexora_gql.transport.graphql.websocket.protocol import (
    SUBPROTOCOL,
    CloseCode,
    Closing,
    Complete,
    Init,
    Ping,
    Pong,
    Subscribe,
    parse_frame,
    to_text,
)
from lexora_gql.transport.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class WebSocketEndpoint:
    """The ASGI application at /graphql for WebSocket."""

    admission: Admission
    metrics: Metrics
    lifecycle: Lifecycle
    listeners: Listeners

    @property
    def accounts(self) -> AccountService:
        """Who knows the tokens."""
        return self.admission.environment.services.accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        self.lifecycle.socket_opened()
        try:
            await _Socket(self, WebSocket(scope, receive, send)).serve()
        finally:
            self.lifecycle.socket_closed()


@dataclass(slots=True)
class _End:
    """How an operation ended, in words for the metrics."""

    kind: str = "unknown"
    verdict: str = "ok"


class _Socket:
    """One socket. Whatever ends it, in whichever task, is raised as `Closing` and ends all the others."""

    def __init__(self, endpoint: WebSocketEndpoint, websocket: WebSocket) -> None:
        self._endpoint = endpoint
        self._limits = endpoint.listeners.limits
        self._websocket = websocket
        self._authorization: str | None = None
        self._identity: Identity = None
        self._is_initialised = False
        self._counted = ExitStack()
        self._acknowledged = asyncio.Event()
        self._sending = asyncio.Lock()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Speak the protocol until the socket is closed."""
        closing = Closing(None)
        try:
            await self._accept()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receive(tasks))
                tasks.create_task(self._watch_init())
                tasks.create_task(self._watch_session())
                tasks.create_task(self._keep_alive())
                tasks.create_task(self._watch_draining())
        except* Closing as group:
            closing = next(leaves(group))
        except* (WebSocketDisconnect, WebSocketDisconnected):
            pass
        except* Exception as group:  # noqa: BLE001  # the log has it, and the client a close code
            for error in leaves(group):
                report(error)
            closing = Closing(CloseCode.INTERNAL, "Something went wrong on the server's side.")
        finally:
            self._counted.close()
        await self._close(closing)

    async def _accept(self) -> None:
        is_spoken = SUBPROTOCOL in self._websocket.scope["subprotocols"]
        try:
            await self._websocket.accept(SUBPROTOCOL if is_spoken else None)
        except OSError:
            # Gone before it was let in.
            raise Closing(None) from None
        if not is_spoken:
            raise Closing(CloseCode.SUBPROTOCOL, f"Subprotocol not acceptable; use {SUBPROTOCOL}.")

    async def _close(self, closing: Closing) -> None:
        if closing.code is None:
            return
        try:
            async with asyncio.timeout(self._limits.last_words_seconds):
                await self._websocket.close(closing.code, closing.reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            # The client is gone, or does not read; the server lets the connection go when this returns.
            return

    async def _watch_init(self) -> None:
        try:
            async with asyncio.timeout(self._limits.init_seconds):
                await self._acknowledged.wait()
        except TimeoutError:
            raise Closing(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _watch_session(self) -> None:
        await self._acknowledged.wait()
        every = self._limits.session_check_seconds
        reason = await until_ended(self._endpoint.accounts, self._identity, self._authorization, every_seconds=every)
        raise Closing(CloseCode.FORBIDDEN, reason)

    async def _keep_alive(self) -> None:
        await self._acknowledged.wait()
        while True:
            await asyncio.sleep(self._limits.keep_alive_seconds)
            await self._send(to_text("ping"))

    async def _watch_draining(self) -> None:
        await self._endpoint.lifecycle.draining.wait()
        # Answers have ended by now; what they said last is still on its way to their readers.
        if self._operations:
            await asyncio.wait(self._operations.values(), timeout=self._limits.last_words_seconds)
        raise Closing(CloseCode.RESTART, "The server is going down; connect again.")

    async def _receive(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise Closing(None)
            match parse_frame(message.get("text")):
                case Init(authorization):
                    await self._initialise(authorization)
                case Ping():
                    await self._send(to_text("pong"))
                case Pong():
                    pass
                case Subscribe() as frame:
                    await self._subscribe(frame, tasks)
                case Complete(identifier) if identifier in self._operations:
                    self._operations.pop(identifier).cancel()

    async def _initialise(self, authorization: str | None) -> None:
        if self._is_initialised:
            raise Closing(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
        self._is_initialised = True
        self._authorization = authorization
        self._identity = await identify(self._endpoint.accounts, authorization)
        if isinstance(self._identity, Unavailable):
            raise Closing(CloseCode.TRY_LATER, self._identity.message)
        if isinstance(self._identity, DomainError):
            raise Closing(CloseCode.FORBIDDEN, "Forbidden")
        try:
            self._counted.enter_context(self._endpoint.listeners.socket(self._identity))
        except Throttled as error:
            raise Closing(CloseCode.TRY_LATER, error.message) from None
        await self._send(to_text("connection_ack"))
        self._acknowledged.set()

    async def _subscribe(self, frame: Subscribe, tasks: asyncio.TaskGroup) -> None:
        if not self._acknowledged.is_set():
            raise Closing(CloseCode.UNAUTHORIZED, "Unauthorized")
        if frame.id in self._operations:
            raise Closing(CloseCode.DUPLICATE_ID, f"Subscriber for {frame.id} already exists")
        if len(self._operations) >= self._limits.operations:
            message = f"A socket has at most {self._limits.operations} operations at a time."
            extensions = {"code": "THROTTLED", "retryAfterSeconds": 1.0}
            self._count(_End(verdict="refused"))
            await self._send(to_text("error", id=frame.id, payload=[{"message": message, "extensions": extensions}]))
            return
        end = _End()
        task = tasks.create_task(self._operate(frame, end))
        # Not in the task: one that is cancelled before it has begun runs nothing of its own.
        task.add_done_callback(lambda _: self._count(end))
        self._operations[frame.id] = task

    def _count(self, end: _End) -> None:
        self._endpoint.metrics.graphql_operations_total.labels(end.kind, end.verdict).inc()

    async def _operate(self, frame: Subscribe, end: _End) -> None:
        """Serve one operation to its end; what is wrong with it ends nothing else."""
        try:
            operation = await self._endpoint.admission.admit(frame.request(), self._identity, self._client())
            end.kind = operation.kind.value
            await self._run(frame.id, operation, end)
        except Refused as refused:
            end.verdict = "refused"
            await self._finish(frame.id, "error", refused.outcome.errors)
        except RequestRefused as refused:
            end.verdict = "refused"
            await self._finish(frame.id, "error", [{"message": refused.message, "extensions": {"code": BAD_REQUEST}}])
        except (Throttled, Unavailable) as error:
            end.verdict = "refused"
            await self._finish(frame.id, "error", [{"message": error.message, "extensions": domain_extensions(error)}])
        except (Closing, WebSocketDisconnect, WebSocketDisconnected):
            raise
        except Exception as error:  # noqa: BLE001  # one operation's fault must not end the others
            end.verdict = "error"
            extensions = {"code": INTERNAL, "errorId": report(error)}
            message = "Something went wrong on the server's side."
            await self._finish(frame.id, "error", [{"message": message, "extensions": extensions}])

    async def _run(self, identifier: str, operation: Operation, end: _End) -> None:
        async with aclosing(self._endpoint.admission.outcomes(operation)) as outcomes:
            async for outcome in outcomes:
                if not outcome.is_executed and operation.kind is not OperationType.SUBSCRIPTION:
                    raise Refused(outcome)
                end.verdict = outcome.verdict
                await self._send(to_text("next", id=identifier, payload=outcome.body))
        await self._finish(identifier, "complete")

    async def _finish(self, identifier: str, kind: str, payload: list[dict[str, Any]] | None = None) -> None:
        if self._operations.get(identifier) is not asyncio.current_task():
            # The client has completed it, and may have given the id to another.
            return
        # Gone from here on: a client may use the id again as soon as it reads this.
        del self._operations[identifier]
        content: dict[str, object] = {"payload": payload} if payload is not None else {}
        await self._send(to_text(kind, id=identifier, **content))

    async def _send(self, text: str) -> None:
        """Send a message once the client has room for it.

        Raises:
            Closing: The client does not read.
        """
        try:
            async with asyncio.timeout(self._limits.send_seconds), self._sending:
                await self._websocket.send_text(text)
        except TimeoutError:
            raise Closing(CloseCode.TRY_LATER, "The client reads too slowly.") from None

    def _client(self) -> Client:
        peer = self._websocket.client
        return Client(peer.host if peer else None, self._websocket.headers.get("user-agent"))
