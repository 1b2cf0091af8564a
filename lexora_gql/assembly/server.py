"""`lexora serve`: the API from its start to its orderly end."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.types import ASGIApp

from lexora_gql.assembly.memory import keep_what_is_here, share_heaps
from lexora_gql.assembly.process import Process, open_process
from lexora_gql.assembly.signals import stop_requested
from lexora_gql.housekeeping import AUDIT_AFTER_SECONDS, AUDIT_SECONDS, TIDY_SECONDS, Housekeeping
from lexora_gql.settings import Settings, WrongSettings
from lexora_gql.telemetry.logs import configure_logging
from lexora_gql.transport.asgi import create_app
from lexora_gql.transport.graphql.websocket.protocol import FRAME_BYTES_MAX
from lexora_gql.transport.lifecycle import Lifecycle
from lexora_gql.transport.wire import Connection, WebSocketConnection
from lexora_gql.workers.schedule import every

SOCKETS_SECONDS = 3.0
READ_ON_SECONDS = 0.5
BACKLOG = 2048
UNREAD_MILLISECONDS = 30_000
# Of a connection between two requests. Clients that keep connections, and proxies, which do so for a minute as a rule,
# must be the ones who let go: a request that is sent just as the server does is lost, and its outcome is not known.
IDLE_SECONDS = 75

log = structlog.get_logger(__name__)


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: it would close sockets at once and knows no detached tasks."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the process."""
        yield


def serve(settings: Settings) -> int:
    """Serve requests until told to stop; return the exit code.

    Raises:
        WrongSettings: Something that is needed is not set, or HOST and PORT cannot be listened on.
    """
    configure_logging(settings.log_level, settings.log_format)
    share_heaps()
    with listening_socket(settings) as listener:
        uvloop.run(_serve(settings, listener))
    return 0


def listening_socket(settings: Settings) -> socket.socket:
    """Return a socket on HOST and PORT.

    Raises:
        WrongSettings: Somebody else listens there, or the address is not this machine's.
    """
    try:
        return listening_at(settings.host, settings.port)
    except OSError as error:
        raise WrongSettings(
            [f"PORT: {settings.host}:{settings.port} cannot be listened on: {error.strerror}"]
        ) from error


def listening_at(host: str, port: int) -> socket.socket:
    """Return a socket on an address; its connections end when their clients take nothing of what was sent to them.

    Raises:
        OSError: It cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio knows TCP and lets no short response wait for an acknowledgement (40 ms).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            # Inherited by connections. Without it a response that is never read keeps its connection for ever.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def application(process: Process, lifecycle: Lifecycle) -> Starlette:
    """Return the ASGI application of a process."""
    return create_app(process.services, process.settings, process.metrics, lifecycle=lifecycle)


def configuration(app: ASGIApp) -> uvicorn.Config:
    """Return how uvicorn serves an application."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=Connection,
        ws=WebSocketConnection,
        # Larger frames are refused as they arrive, and none can unpack to more than it weighs.
        ws_max_size=FRAME_BYTES_MAX,
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=int(SOCKETS_SECONDS),
    )


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with open_process(settings) as process:
        lifecycle = Lifecycle()
        server = Server(configuration(application(process, lifecycle)))
        keep_what_is_here()
        with stop_requested() as stop:
            beside = [
                asyncio.create_task(every(settings.reconcile_seconds, "reconcile", process.upkeep.reconcile)),
                asyncio.create_task(every(READ_ON_SECONDS, "read_on", process.services.retrieval.reading_on.step)),
                asyncio.create_task(process.metrics.watch_event_loop("api")),
                *keep_house(process.upkeep.housekeeping, settings),
            ]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            log.info("server_started", host=settings.host, port=settings.port)
            await asyncio.wait({serving, asyncio.ensure_future(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            await drain(process, lifecycle)
            for task in beside:
                task.cancel()
            server.should_exit = True
            await serving
            # Requests were served until now, and some of them may have been questions.
            await process.producers.drain(0)
    log.info("server_stopped")


def keep_house(housekeeping: Housekeeping, settings: Settings) -> list["asyncio.Task[None]"]:
    """Start what puts things in order, beside what reconciles: a blob store that is away would hold that up."""
    audit = every(AUDIT_SECONDS, "audit", housekeeping.audit, first_after_seconds=AUDIT_AFTER_SECONDS)
    purge = every(settings.reconcile_seconds, "purge", housekeeping.purge)
    tidy = every(TIDY_SECONDS, "tidy", housekeeping.tidy)
    return [asyncio.create_task(each) for each in (audit, purge, tidy)]


async def drain(process: Process, lifecycle: Lifecycle) -> None:
    """Take no new work, let answers finish for as long as the settings say, then close the sockets."""
    lifecycle.stopping.set()
    log.info("server_draining", answers=process.producers.count)
    await process.producers.drain(process.settings.shutdown_grace_seconds)
    await lifecycle.drain(within_seconds=SOCKETS_SECONDS)
