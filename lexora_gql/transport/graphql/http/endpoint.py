"""GraphQL over HTTP: POST with JSON or files, GET for queries, and the playground for browsers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lexora_gql.accounts.service import Client
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import Unauthenticated, Unavailable
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.authentication import Identity, identify
from lexora_gql.transport.graphql.context import Context, Environment
from lexora_gql.transport.graphql.errors import INTERNAL, domain_extensions, report
from lexora_gql.transport.graphql.execution import Executor, GraphQLRequest, Outcome, Refused
from lexora_gql.transport.graphql.multipart import MultipartReader
from lexora_gql.transport.graphql.refusals import (
    MethodNotAllowed,
    NotAcceptable,
    RequestRefused,
    SignInFirst,
    UnsupportedMediaType,
)
from lexora_gql.transport.graphql.requests import from_parameters, read_json

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
METHODS = "GET, POST"


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """The ASGI application at /graphql for HTTP.

    Attributes:
        playground: The page for browsers; None where there is none.
    """

    environment: Environment
    executor: Executor
    metrics: Metrics
    playground: Callable[[], Response] | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, in GraphQL's own form."""
        request = Request(scope, receive)
        media_type = preferred_type(request.headers.get("accept"))
        try:
            response = await self._answer(request, media_type)
        except RequestRefused as refusal:
            response = _refusal(refusal, media_type or JSON)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # nobody else would answer in GraphQL's form
            response = _failure(error, media_type or JSON)
        await response(scope, receive, send)

    async def _answer(self, request: Request, media_type: str | None) -> Response:
        if request.method not in {"GET", "HEAD", "POST"}:
            message = f"{request.method} is not served here."
            raise MethodNotAllowed(message, headers={"Allow": METHODS})
        if self.playground is not None and request.method != "POST" and _is_browser(request):
            return self.playground()
        if media_type is None:
            message = f"`Accept` must allow {GRAPHQL_JSON} or {JSON}."
            raise NotAcceptable(message)
        identity = await identify(self.environment.services.accounts, request.headers.get("authorization"))
        if request.method != "POST":
            return await self._run(request, from_parameters(request.query_params), identity, media_type)
        content_type = request.headers.get("content-type", "")
        match content_type.partition(";")[0].strip().lower():
            case "application/json":
                return await self._run(request, await read_json(request.stream()), identity, media_type)
            case "multipart/form-data":
                return await self._upload(request, content_type, identity, media_type)
        message = "The body must be application/json or multipart/form-data."
        raise UnsupportedMediaType(message)

    async def _upload(self, request: Request, content_type: str, identity: Identity, media_type: str) -> Response:
        # Closing tells the client that the rest of the body is not wanted.
        if isinstance(identity, Unavailable):
            raise identity
        if not isinstance(identity, Viewer):
            message = (identity or Unauthenticated()).message
            raise SignInFirst(message, headers={"WWW-Authenticate": "Bearer", "Connection": "close"})
        if not any(name in request.headers for name in PREFLIGHT_HEADERS):
            message = "Uploads need one of the headers GraphQL-Require-Preflight, Apollo-Require-Preflight, "
            message += "X-Requested-With: no page of another site can send it without being asked for leave."
            raise RequestRefused(message, headers={"Connection": "close"})
        async with MultipartReader(content_type, max_file_bytes=self.environment.settings.max_file_size) as reader:
            return await self._run(request, await reader.read(request.stream()), identity, media_type)

    async def _run(self, http: Request, request: GraphQLRequest, identity: Identity, media_type: str) -> Response:
        kind = "unknown"
        try:
            prepared = self.executor.prepare(request)
            kind = prepared.kind.value
            require_servable(prepared.kind, http.method)
            context = Context(
                self.environment, identity, client_of(http), is_caching=prepared.kind is OperationType.QUERY
            )
            outcome = await self.executor.execute(prepared, request, context)
        except Refused as refused:
            outcome = refused.outcome
        except RequestRefused:
            self._count(kind, "refused")
            raise
        self._count(kind, _verdict(outcome))
        return _response(outcome, media_type)

    def _count(self, kind: str, verdict: str) -> None:
        self.metrics.graphql_operations_total.labels(kind, verdict).inc()


def require_servable(kind: OperationType, method: str) -> None:
    """Check that an operation may come this way.

    Raises:
        RequestRefused: Subscriptions come by WebSocket, mutations by POST.
    """
    if kind is OperationType.SUBSCRIPTION:
        message = "Subscriptions are served over WebSocket, with the protocol graphql-transport-ws."
        raise RequestRefused(message)
    if kind is OperationType.MUTATION and method != "POST":
        message = "Mutations need POST."
        raise MethodNotAllowed(message, headers={"Allow": "POST"})


def client_of(request: Request) -> Client:
    """Return where a request comes from; the proxies' word is taken by the middleware, where they are trusted."""
    return Client(request.client.host if request.client else None, request.headers.get("user-agent"))


def preferred_type(accept: str | None) -> str | None:
    """Return the type to answer with; None where the client takes neither."""
    if accept is None or not accept.strip():
        return JSON
    offers = [part.partition(";") for part in accept.lower().split(",")]
    wanted = [name.strip() for name, _, rest in offers if rest.replace(" ", "") not in {"q=0", "q=0.0"}]
    for name in wanted:
        if name == GRAPHQL_JSON:
            return GRAPHQL_JSON
        if name in {JSON, "application/*", "*/*"}:
            return JSON
    return None


def _is_browser(request: Request) -> bool:
    return "query" not in request.query_params and "text/html" in request.headers.get("accept", "").lower()


def _verdict(outcome: Outcome) -> str:
    if not outcome.is_executed:
        return "refused"
    return "error" if outcome.errors else "ok"


def _response(outcome: Outcome, media_type: str) -> Response:
    # With application/json a well-formed request is answered 200 whatever its document says: GraphQL over HTTP, 6.4.1.
    status = 400 if not outcome.is_executed and media_type == GRAPHQL_JSON else 200
    return _json(outcome.body, media_type, status)


def _refusal(refusal: RequestRefused, media_type: str) -> Response:
    body = {"errors": [{"message": refusal.message, "extensions": {"code": refusal.code}}]}
    return _json(body, media_type, refusal.status, refusal.headers)


def _failure(error: Exception, media_type: str) -> Response:
    if isinstance(error, Unavailable):
        extensions = domain_extensions(error)
        body = {"errors": [{"message": error.message, "extensions": extensions}]}
        return _json(body, media_type, 503, {"Retry-After": str(max(1, round(error.retry_after_seconds)))})
    error_id = report(error)
    message = f"Something went wrong on the server's side. Its log has the details under {error_id}."
    body = {"errors": [{"message": message, "extensions": {"code": INTERNAL, "errorId": error_id}}]}
    return _json(body, media_type, 500)


def _json(body: dict[str, Any], media_type: str, status: int, headers: dict[str, str] | None = None) -> Response:
    own = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept"}
    return JSONResponse(body, status, own | (headers or {}))
