"""A server of one route over real HTTP, in a thread of its own."""

import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ThreadedServer:
    """Serves from entering to leaving."""

    def __init__(self, path: str, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        app = Starlette(routes=[Route(path, answer, methods=["POST"])])
        config = uvicorn.Config(app, log_config=None, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: self._server.run([self._socket]), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
