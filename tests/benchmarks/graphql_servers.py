"""The same schema and use cases behind two servers: ours, and stock Strawberry with its own limiters.

    python -m tests.benchmarks.graphql_servers {lexora|stock|stock-kept} PORT

The environment is that of `lexora serve`. At /graphql is the product's schema, at /ticks one whose only subscription
counts: what is left then is the server itself.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import MaskErrors, MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from lexora_gql.accounts.service import Client
from lexora_gql.assembly.process import Process, open_process
from lexora_gql.settings import load_settings
from lexora_gql.signing import Signer
from lexora_gql.telemetry.logs import configure_logging
from lexora_gql.transport.asgi import create_app
from lexora_gql.transport.authentication import identify
from lexora_gql.transport.graphql.context import Context, Environment
from lexora_gql.transport.graphql.execution.admission import Admission
from lexora_gql.transport.graphql.execution.executor import Executor
from lexora_gql.transport.graphql.listening import ListenerLimits, Listeners
from lexora_gql.transport.graphql.results import HANDLERS
from lexora_gql.transport.graphql.scalars import SCALARS
from lexora_gql.transport.graphql.schema import Mutation, Query, Subscription
from lexora_gql.transport.graphql.websocket.endpoint import WebSocketEndpoint
from lexora_gql.transport.lifecycle import Lifecycle


class StockServer(GraphQL[Context, None]):
    """Strawberry's own ASGI server; only who asks is found out our way, since it has none.

    Its limiters are factories, as its documentation has them, which switches off what it keeps of validated documents;
    or, `kept`, instances as older versions had them, with which it keeps them.
    """

    def __init__(self, process: Process, *, kept: bool) -> None:
        extensions: list[Any] = [
            partial(QueryDepthLimiter, max_depth=14),
            partial(MaxAliasesLimiter, max_alias_count=15),
            partial(MaxTokensLimiter, max_token_count=1_000),
            MaskErrors,
        ]
        schema = strawberry.Schema(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            config=StrawberryConfig(scalar_map=SCALARS),
            exception_handlers=HANDLERS,
            extensions=[make() for make in extensions] if kept else extensions,
        )
        super().__init__(schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,))
        signer = Signer(process.settings.require_secret_key(), None)
        self._environment = Environment(process.services, process.settings, signer)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return what our resolvers work with."""
        authorization = request.headers.get("authorization")
        identity = await identify(self._environment.services.accounts, authorization)
        return Context(self._environment, identity, Client(), is_caching=False)


@strawberry.type
class Tick:
    """What is counted."""

    number: int
    text: str


@strawberry.type
class Ticks:
    """A source that costs nothing."""

    @strawberry.subscription
    async def ticks(self, count: int) -> AsyncGenerator[Tick, None]:
        """Count."""
        for number in range(count):
            yield Tick(number=number, text="a few words, as a model writes them")


TICKS = strawberry.Schema(query=Query, subscription=Ticks, config=StrawberryConfig(scalar_map=SCALARS))


@asynccontextmanager
async def application(name: str) -> AsyncIterator[Starlette]:
    """Give one of the servers."""
    async with open_process(load_settings()) as process:
        if name == "lexora":
            app = create_app(process.services, process.settings, process.metrics)
            app.routes.append(WebSocketRoute("/ticks", _our_ticks(process)))
            yield app
        else:
            server = StockServer(process, kept=name == "stock-kept")
            ticks: GraphQL[None, None] = GraphQL(TICKS, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,))
            routes = [Route("/graphql", server), WebSocketRoute("/graphql", server), WebSocketRoute("/ticks", ticks)]
            yield Starlette(routes=routes)


def _our_ticks(process: Process) -> WebSocketEndpoint:
    environment = Environment(process.services, process.settings, Signer(process.settings.require_secret_key(), None))
    executor = Executor(TICKS._schema, process.metrics, is_open=True)
    admission = replace(Admission.of(environment, process.metrics), executor=executor)
    return WebSocketEndpoint(admission, process.metrics, Lifecycle(), Listeners(ListenerLimits()))


async def serve(name: str, port: int) -> None:
    """Serve until the process is ended."""
    async with application(name) as app:
        config = uvicorn.Config(
            app, port=port, log_config=None, access_log=False, lifespan="off", ws="websockets-sansio",
            ws_per_message_deflate=False,
        )  # fmt: skip
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    configure_logging("INFO", "json")
    uvicorn_loop = uvicorn.Config("", loop="uvloop").get_loop_factory()
    with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
        runner.run(serve(sys.argv[1], int(sys.argv[2])))
