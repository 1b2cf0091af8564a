"""The ASGI application: everything that listens, put together."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from lexora_gql.services import Services
from lexora_gql.settings import Settings
from lexora_gql.signing import Signer
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.downloads import Downloads
from lexora_gql.transport.graphiql import playground
from lexora_gql.transport.graphql.context import Environment
from lexora_gql.transport.graphql.execution.admission import Admission
from lexora_gql.transport.graphql.http.endpoint import GraphQLEndpoint
from lexora_gql.transport.graphql.http.streaming import Streams
from lexora_gql.transport.graphql.listening import ListenerLimits, Listeners
from lexora_gql.transport.graphql.websocket.endpoint import WebSocketEndpoint
from lexora_gql.transport.health import Health
from lexora_gql.transport.lifecycle import Lifecycle
from lexora_gql.transport.metrics import MetricsEndpoint
from lexora_gql.transport.middleware import Surroundings
from lexora_gql.transport.page_images import PageImages

Background = Callable[[], AbstractAsyncContextManager[object]]
"""Something that runs as long as the application does."""

ROUTES = (
    ("/graphql", "/graphql"),
    ("/files/", "/files/{token}"),
    ("/pages/", "/pages/{token}"),
    ("/graphiql/static/", "/graphiql/static/{path}"),
    ("/health", "/health"),
    ("/ready", "/ready"),
    ("/metrics", "/metrics"),
    ("/", "/"),
)


def create_app(
    services: Services,
    settings: Settings,
    metrics: Metrics,
    *,
    lifecycle: Lifecycle | None = None,
    background: Sequence[Background] = (),
    limits: ListenerLimits | None = None,
) -> Starlette:
    """Return the application.

    Args:
        services: All use cases.
        settings: Of this process.
        metrics: Of this process.
        lifecycle: How whoever runs the server takes it down; also at `app.state.lifecycle`.
        background: Entered before the first request, left after the last, in the opposite order.
        limits: What sockets and streams may do.

    Raises:
        WrongSettings: SECRET_KEY is not set, or the manifest of trusted documents cannot be read.
    """
    previous = settings.secret_key_previous
    signer = Signer(settings.require_secret_key(), previous.get_secret_value() if previous else None)
    environment = Environment(services, settings, signer)
    lifecycle = lifecycle or Lifecycle()
    over = _over(environment, metrics, lifecycle, limits or ListenerLimits())
    app = Starlette(
        routes=_routes(environment, metrics, lifecycle, *over),
        middleware=_middleware(environment, metrics),
        lifespan=_lifespan(background),
    )
    app.state.lifecycle = lifecycle
    return app


def _over(
    environment: Environment,
    metrics: Metrics,
    lifecycle: Lifecycle,
    limits: ListenerLimits,
) -> tuple[GraphQLEndpoint, WebSocketEndpoint]:
    """Return GraphQL over HTTP and over WebSocket, between which a user's listeners are counted together."""
    admission = Admission.of(environment, metrics)
    listeners = Listeners(limits)
    streams = Streams(admission, metrics, lifecycle, listeners)
    page = playground.page if environment.settings.has_playground else None
    return (
        GraphQLEndpoint(admission, streams, metrics, page),
        WebSocketEndpoint(admission, metrics, lifecycle, listeners),
    )


def _routes(
    environment: Environment,
    metrics: Metrics,
    lifecycle: Lifecycle,
    over_http: GraphQLEndpoint,
    over_websocket: WebSocketEndpoint,
) -> list[BaseRoute]:
    health = Health(environment.services.system, lifecycle)
    routes: list[BaseRoute] = [
        Route("/", _welcome(environment), methods=["GET"]),
        Route("/health", health.health, methods=["GET"]),
        Route("/ready", health.ready, methods=["GET"]),
        Route("/metrics", MetricsEndpoint(metrics, environment.services.system).read, methods=["GET"]),
        Route("/graphql", over_http),
        WebSocketRoute("/graphql", over_websocket),
        Route("/files/{token}", Downloads(environment), methods=["GET", "HEAD"]),
        Route("/pages/{token}", PageImages(environment), methods=["GET"]),
    ]
    return [*routes, playground.STATIC] if over_http.playground else routes


def _welcome(environment: Environment) -> Callable[[Request], Response]:
    facts, address = environment.facts, environment.settings.address
    body = {
        "name": facts.name,
        "version": facts.version,
        "graphql": f"{address}/graphql",
        "health": f"{address}/health",
        "ready": f"{address}/ready",
        "metrics": f"{address}/metrics",
    }

    def welcome(_request: Request) -> Response:
        return JSONResponse(body)

    return welcome


def _middleware(environment: Environment, metrics: Metrics) -> list[Middleware]:
    settings = environment.settings
    middleware = [Middleware(Surroundings, metrics=metrics, routes=ROUTES)]
    if settings.trusted_proxies:
        trusted = list(settings.trusted_proxies)
        middleware.insert(0, Middleware(ProxyHeadersMiddleware, trusted_hosts=trusted))
    if settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "GraphQL-Require-Preflight",
                    "Apollo-Require-Preflight",
                    "X-Requested-With",
                    "X-Request-ID",
                    "Last-Event-ID",
                ],
                expose_headers=["X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"],
                max_age=3_600,
            )
        )
    return middleware


def _lifespan(
    background: Sequence[Background],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for enter in background:
                await stack.enter_async_context(enter())
            yield

    return lifespan
