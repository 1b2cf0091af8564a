"""A small server with the playground in front, as small as shows that it works."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from lexora_gql.transport.graphiql import playground


@strawberry.type
class ServerInfo:
    name: str = "Sample"
    version: str = "1"
    embedder: str = "none"
    chat_models: list[str] = strawberry.field(default_factory=list)
    accepted_media_types: list[str] = strawberry.field(default_factory=lambda: ["text/plain"])
    max_file_bytes: int = 1_000
    registration: str = "OPEN"


@strawberry.type
class Query:
    @strawberry.field
    def server_info(self) -> ServerInfo:
        return ServerInfo()

    @strawberry.field
    def authorization(self, info: strawberry.Info[Any]) -> str | None:
        value: str | None = info.context["request"].headers.get("authorization")
        return value


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, info: strawberry.Info[Any], to: int) -> AsyncIterator[str]:
        """Count, and say with which payload the socket was opened."""
        for number in range(1, to + 1):
            yield f"{number} {info.context['connection_params']}"
            await asyncio.sleep(0)


class Endpoint:
    """Pages for browsers, GraphQL for the others."""

    def __init__(self) -> None:
        self.graphql: GraphQL[Any, Any] = GraphQL(
            strawberry.Schema(Query, subscription=Subscription),
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            await playground.page()(scope, receive, send)
        else:
            await self.graphql(scope, receive, send)


def application() -> Starlette:
    endpoint = Endpoint()
    return Starlette(routes=[Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint), playground.STATIC])


@contextmanager
def served() -> Iterator[str]:
    """Serve it in a thread; gives the address."""
    server = uvicorn.Server(uvicorn.Config(application(), log_level="warning", ws="websockets-sansio"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
