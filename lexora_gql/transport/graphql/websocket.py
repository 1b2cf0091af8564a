"""GraphQL over WebSocket: the protocol graphql-transport-ws, one task per operation."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from graphql import FieldNode, OperationType
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from lexora_gql import clock
from lexora_gql.accounts.service import Client
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import DomainError, Unavailable
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.authentication import Identity, identify
from lexora_gql.transport.graphql.context import Context, Environment
from lexora_gql.transport.graphql.errors import BAD_REQUEST, INTERNAL, report
from lexora_gql.transport.graphql.execution import Executor, GraphQLRequest, Prepared, Refused
from lexora_gql.transport.graphql.protocol import (
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
from lexora_gql.transport.graphql.refusals import RequestRefused
from lexora_gql.transport.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """What one socket may do, and how long things may take."""

    init_seconds: float = 10.0
    keep_alive_seconds: float = 20.0
    send_seconds: float = 20.0
    last_words_seconds: float = 1.0
    operations: int = 20
    sockets_of_a_user: int = 20


@dataclass(frozen=True, slots=True)
class WebSocketEndpoint:
    """The ASGI application at /graphql for WebSocket."""

    environment: Environment
    executor: Executor
    metrics: Metrics
    lifecycle: Lifecycle
    limits: SocketLimits = SocketLimits()
    sockets: Counter[UUID] = field(default_factory=Counter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        self.lifecycle.socket_opened()
        try:
            await _Socket(self, WebSocket(scope, receive, send)).serve()
        finally:
            self.lifecycle.socket_closed()


class _Socket:
    """One socket. Whatever ends it, in whichever task, is raised as `Closing` and ends all the others."""

    def __init__(self, endpoint: WebSocketEndpoint, websocket: WebSocket) -> None:
        self._endpoint = endpoint
        self._limits = endpoint.limits
        self._websocket = websocket
        self._authorization: str | None = None
        self._identity: Identity = None
        self._is_initialised = False
        self._counted_for: UUID | None = None
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
                tasks.create_task(self._keep_alive())
                tasks.create_task(self._watch_draining())
        except* Closing as group:
            closing = next(error for error in leaves(group) if isinstance(error, Closing))
        except* (WebSocketDisconnect, WebSocketDisconnected):
            pass
        except* Exception as group:  # noqa: BLE001  # the log has it, and the client a close code
            for error in leaves(group):
                report(error)
            closing = Closing(CloseCode.INTERNAL, "Something went wrong on the server's side.")
        finally:
            if self._counted_for is not None:
                self._endpoint.sockets[self._counted_for] -= 1
                if not self._endpoint.sockets[self._counted_for]:
                    del self._endpoint.sockets[self._counted_for]
        await self._close(closing)

    async def _accept(self) -> None:
        if SUBPROTOCOL in self._websocket.scope["subprotocols"]:
            await self._websocket.accept(SUBPROTOCOL)
            return
        await self._websocket.accept()
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
        if isinstance(self._identity, Viewer) and self._identity.expires_at is not None:
            await asyncio.sleep((self._identity.expires_at - clock.now()).total_seconds())
            raise Closing(CloseCode.FORBIDDEN, "The access token has expired.")

    async def _keep_alive(self) -> None:
        await self._acknowledged.wait()
        while True:
            await asyncio.sleep(self._limits.keep_alive_seconds)
            await self._send(to_text("ping"))
            # Signing out ends the sockets of a session, too.
            identity = await identify(self._endpoint.environment.services.accounts, self._authorization)
            if isinstance(identity, DomainError) and not isinstance(identity, Unavailable):
                raise Closing(CloseCode.FORBIDDEN, "The session has ended.")

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
        self._identity = await identify(self._endpoint.environment.services.accounts, authorization)
        if isinstance(self._identity, Unavailable):
            raise Closing(CloseCode.TRY_LATER, self._identity.message)
        if isinstance(self._identity, DomainError):
            raise Closing(CloseCode.FORBIDDEN, "Forbidden")
        if isinstance(self._identity, Viewer):
            self._count(self._identity.user_id)
        await self._send(to_text("connection_ack"))
        self._acknowledged.set()

    def _count(self, user_id: UUID) -> None:
        if self._endpoint.sockets[user_id] >= self._limits.sockets_of_a_user:
            raise Closing(CloseCode.TRY_LATER, f"A user has at most {self._limits.sockets_of_a_user} sockets.")
        self._endpoint.sockets[user_id] += 1
        self._counted_for = user_id

    async def _subscribe(self, frame: Subscribe, tasks: asyncio.TaskGroup) -> None:
        if not self._acknowledged.is_set():
            raise Closing(CloseCode.UNAUTHORIZED, "Unauthorized")
        if frame.id in self._operations:
            raise Closing(CloseCode.DUPLICATE_ID, f"Subscriber for {frame.id} already exists")
        if len(self._operations) >= self._limits.operations:
            message = f"A socket has at most {self._limits.operations} operations at a time."
            extensions = {"code": "THROTTLED", "retryAfterSeconds": 1.0}
            await self._send(to_text("error", id=frame.id, payload=[{"message": message, "extensions": extensions}]))
            return
        self._operations[frame.id] = tasks.create_task(self._operate(frame))

    async def _operate(self, frame: Subscribe) -> None:
        """Serve one operation to its end; what is wrong with it ends nothing else."""
        kind, verdict = "unknown", "ok"
        try:
            request = frame.request()
            prepared = self._endpoint.executor.prepare(request)
            kind = prepared.kind.value
            await self._run(frame.id, prepared, request)
        except Refused as refused:
            verdict = "refused"
            await self._finish(frame.id, "error", refused.outcome.errors)
        except RequestRefused as refused:
            verdict = "refused"
            await self._finish(frame.id, "error", [{"message": refused.message, "extensions": {"code": BAD_REQUEST}}])
        except (Closing, WebSocketDisconnect, WebSocketDisconnected):
            raise
        except Exception as error:  # noqa: BLE001  # one operation's fault must not end the others
            verdict = "error"
            extensions = {"code": INTERNAL, "errorId": report(error)}
            message = "Something went wrong on the server's side."
            await self._finish(frame.id, "error", [{"message": message, "extensions": extensions}])
        finally:
            self._endpoint.metrics.graphql_operations_total.labels(kind, verdict).inc()

    async def _run(self, identifier: str, prepared: Prepared, request: GraphQLRequest) -> None:
        is_query = prepared.kind is OperationType.QUERY
        context = Context(self._endpoint.environment, self._identity, self._client(), is_caching=is_query)
        if prepared.kind is not OperationType.SUBSCRIPTION:
            outcome = await self._endpoint.executor.execute(prepared, request, context)
            if not outcome.is_executed:
                raise Refused(outcome)
            await self._send(to_text("next", id=identifier, payload=outcome.body))
        else:
            await self._stream(identifier, prepared, request, context)
        await self._finish(identifier, "complete")

    async def _stream(self, identifier: str, prepared: Prepared, request: GraphQLRequest, context: Context) -> None:
        gauge = self._endpoint.metrics.live_subscriptions.labels(root_field(prepared))
        with gauge.track_inprogress():
            async with aclosing(self._endpoint.executor.subscribe(prepared, request, context)) as outcomes:
                async for outcome in outcomes:
                    await self._send(to_text("next", id=identifier, payload=outcome.body))

    async def _finish(self, identifier: str, kind: str, payload: list[dict[str, Any]] | None = None) -> None:
        # Gone from here on: a client may use the id again as soon as it reads this.
        if self._operations.get(identifier) is asyncio.current_task():
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


def root_field(prepared: Prepared) -> str:
    """Return a subscription's root field, for the metrics; validation allows but one."""
    node = prepared.operation.selection_set.selections[0]
    return node.name.value if isinstance(node, FieldNode) else "other"


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the exceptions of a group, those of groups within it included."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error
