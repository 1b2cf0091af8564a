"""GraphQL over HTTP: POST with JSON or files, GET for what changes nothing, and the playground for browsers."""

from collections.abc import Callable
from dataclasses import dataclass

from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lexora_gql.accounts.service import Client
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import Throttled, Unauthenticated, Unavailable
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.authentication import Identity, identify
from lexora_gql.transport.graphql.execution.admission import Admission, Operation
from lexora_gql.transport.graphql.execution.executor import Prepared
from lexora_gql.transport.graphql.execution.outcomes import Refused
from lexora_gql.transport.graphql.http import responses
from lexora_gql.transport.graphql.http.bodies import MULTIPART, body_type, pieces_of, require_length
from lexora_gql.transport.graphql.http.framing import FRAMINGS
from lexora_gql.transport.graphql.http.multipart import MultipartReader, body_bytes_max
from lexora_gql.transport.graphql.http.negotiation import GRAPHQL_JSON, JSON, Accepted, accepted
from lexora_gql.transport.graphql.http.streaming import Streams
from lexora_gql.transport.graphql.refusals import (
    MethodNotAllowed,
    NotAcceptable,
    RequestRefused,
    SignInFirst,
)
from lexora_gql.transport.graphql.requests import JSON_BYTES_MAX, GraphQLRequest, from_parameters, read_json

PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
METHODS = "GET, HEAD, POST"


@dataclass(frozen=True, slots=True)
class GraphQLEndpoint:
    """The ASGI application at /graphql for HTTP.

    Attributes:
        playground: The page for browsers; None where there is none.
    """

    admission: Admission
    streams: Streams
    metrics: Metrics
    playground: Callable[[], Response] | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, in GraphQL's own form."""
        request = Request(scope, receive)
        wishes = accepted(request.headers, default=self._default_type)
        response: ASGIApp
        try:
            response = await self._answer(request, wishes)
        except RequestRefused as refused:
            response = responses.refusal(refused, wishes.error_type, self._codes)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # nobody else would answer in GraphQL's form
            response = responses.failure(error, wishes.error_type)
        try:
            await response(scope, receive, send)
        except Throttled as error:
            # Too many streams; nothing was sent yet.
            await responses.failure(error, wishes.error_type)(scope, receive, send)

    @property
    def _codes(self) -> responses.StatusCodes:
        return self.admission.environment.settings.graphql_status_codes

    @property
    def _default_type(self) -> str:
        # Since 2025 the draft has the new type for those who have no wish; many clients that have none read the old.
        return GRAPHQL_JSON if self._codes == "draft" else JSON

    async def _answer(self, request: Request, wishes: Accepted) -> ASGIApp:
        if request.method not in METHODS.split(", "):
            message = f"{request.method} is not served here."
            raise MethodNotAllowed(message, headers={"Allow": METHODS})
        if self.playground is not None and request.method != "POST" and _is_browser(request):
            return self.playground()
        if wishes.result is None and wishes.stream is None:
            message = f"`Accept` must allow {GRAPHQL_JSON}, {JSON} or text/event-stream."
            raise NotAcceptable(message)
        accounts = self.admission.environment.services.accounts
        identity = await identify(accounts, request.headers.get("authorization"))
        if request.method != "POST":
            given = from_parameters(request.query_params)
            self._require_deliberate(request.headers, given)
            return await self._run(request, given, identity, wishes)
        if body_type(request.headers) == MULTIPART:
            return await self._upload(request, identity, wishes)
        require_length(request.headers, JSON_BYTES_MAX)
        return await self._run(request, await read_json(pieces_of(request)), identity, wishes)

    def _require_deliberate(self, headers: Headers, request: GraphQLRequest) -> None:
        """In production, refuse documents in addresses that any page could make a browser fetch."""
        if self.admission.environment.settings.is_production and request.query is not None:
            require_preflight(headers, "Documents in an address need")

    async def _upload(self, request: Request, identity: Identity, wishes: Accepted) -> ASGIApp:
        if isinstance(identity, Unavailable):
            raise identity
        if not isinstance(identity, Viewer):
            message = (identity or Unauthenticated()).message
            raise SignInFirst(message, headers={"WWW-Authenticate": "Bearer"})
        if wishes.result is None:
            message = f"Uploads are answered with {GRAPHQL_JSON} or {JSON}, which `Accept` must allow."
            raise NotAcceptable(message, closing=True)
        require_preflight(request.headers, "Uploads need", closing=True)
        max_file_bytes = self.admission.environment.settings.max_file_size
        require_length(request.headers, body_bytes_max(max_file_bytes))
        content_type = request.headers["content-type"]
        async with MultipartReader(content_type, max_file_bytes=max_file_bytes) as reader:
            return await self._run(request, await reader.read(pieces_of(request)), identity, wishes)

    async def _run(self, http: Request, request: GraphQLRequest, identity: Identity, wishes: Accepted) -> ASGIApp:
        try:
            operation = await self.admission.admit(
                request,
                identity,
                client_of(http),
                check=lambda prepared: require_servable(prepared, http.method, wishes),
                resume_after=http.headers.get("last-event-id") or None,
            )
        except Refused as refused:
            self._count("unknown", "refused")
            if wishes.stream is not None and wishes.result is None:
                return responses.streamed(refused.outcome, FRAMINGS[wishes.stream])
            return responses.result(refused.outcome, wishes.error_type, self._codes, None)
        except (RequestRefused, Throttled):
            self._count("unknown", "refused")
            raise
        if wishes.stream is not None and (operation.kind is OperationType.SUBSCRIPTION or wishes.result is None):
            framing = FRAMINGS[wishes.stream]
            return self.streams.response(operation, http.headers.get("authorization"), framing)
        return await self._single(operation, wishes.error_type)

    async def _single(self, operation: Operation, media_type: str) -> Response:
        executor = self.admission.executor
        outcome = await executor.execute(operation.prepared, operation.variables, operation.context)
        self._count(operation.kind.value, outcome.verdict)
        return responses.result(outcome.extended(operation.extensions), media_type, self._codes, operation.budget)

    def _count(self, kind: str, verdict: str) -> None:
        self.metrics.graphql_operations_total.labels(kind, verdict).inc()


def require_servable(prepared: Prepared, method: str, wishes: Accepted) -> None:
    """Check that an operation may come this way.

    Raises:
        RequestRefused: Mutations need POST, subscriptions a client that takes a stream.
    """
    if prepared.kind is OperationType.SUBSCRIPTION and wishes.stream is None:
        message = "Subscriptions are served over WebSocket (graphql-transport-ws), or where `Accept` allows "
        message += 'text/event-stream or multipart/mixed;boundary="graphql";subscriptionSpec=1.0.'
        raise NotAcceptable(message)
    if prepared.kind is OperationType.MUTATION and method != "POST":
        message = "Mutations need POST."
        raise MethodNotAllowed(message, headers={"Allow": "POST"})


def require_preflight(headers: Headers, what: str, *, closing: bool = False) -> None:
    """Check for a header that no page of another site can send without being asked for leave.

    Raises:
        RequestRefused: There is none of them.
    """
    if not any(name in headers for name in PREFLIGHT_HEADERS):
        message = f"{what} one of the headers GraphQL-Require-Preflight, Apollo-Require-Preflight, X-Requested-With: "
        message += "no page of another site can send it without being asked for leave."
        raise RequestRefused(message, closing=closing)


def client_of(request: Request) -> Client:
    """Return where a request comes from; the proxies' word is taken by the middleware, where they are trusted."""
    return Client(request.client.host if request.client else None, request.headers.get("user-agent"))


def _is_browser(request: Request) -> bool:
    is_asking = "query" in request.query_params or "documentId" in request.query_params
    is_asking = is_asking or "extensions" in request.query_params
    return not is_asking and "text/html" in request.headers.get("accept", "").lower()
