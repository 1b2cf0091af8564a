"""Around every request: an id, a line in the log, the metrics, headers that protect."""

import re
import time
from dataclasses import dataclass, field
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lexora_gql.telemetry.metrics import Metrics

logger = structlog.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}", re.ASCII)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(slots=True)
class _Exchange:
    """What is to be told of one request."""

    request_id: str
    status: int = 0
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The outermost middleware, in plain ASGI so that bodies pass through it unbuffered.

    Attributes:
        routes: Paths that are told apart in the metrics, the longest first; all others are "other".
    """

    app: ASGIApp
    metrics: Metrics
    routes: tuple[tuple[str, str], ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(request_id_of(scope))
        with structlog.contextvars.bound_contextvars(request_id=exchange.request_id):
            try:
                await self.app(scope, receive, self._watched(send, exchange))
            except Exception:
                exchange.status = exchange.status or 500
                raise
            finally:
                self._tell(scope, exchange)

    def _watched(self, send: Send, exchange: _Exchange) -> Send:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = exchange.request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            elif message["type"] == "websocket.accept":
                exchange.status = 101
            await send(message)

        return watched

    def _tell(self, scope: Scope, exchange: _Exchange) -> None:
        route = self._route(scope["path"])
        seconds = exchange.seconds
        method = scope.get("method", "WEBSOCKET")
        if scope["type"] == "http":
            # Both come from the client, so both are cut down to a short list.
            label = method if method in METHODS else "other"
            self.metrics.http_requests_total.labels(label, route, str(exchange.status)).inc()
            self.metrics.http_request_duration_seconds.labels(label, route).observe(seconds)
        client = scope.get("client")
        logger.info(
            "request",
            method=method,
            route=route,
            status=exchange.status,
            milliseconds=round(seconds * 1_000, 1),
            address=client[0] if client else None,
        )

    def _route(self, path: str) -> str:
        for prefix, name in self.routes:
            if path == prefix or (prefix.endswith("/") and prefix != "/" and path.startswith(prefix)):
                return name
        return "other"


def request_id_of(scope: Scope) -> str:
    """Return the id that the client or a proxy gave, if it is a sane one, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid4().hex
