"""Single results as HTTP has them: type, status, and what caches and clients are told beside."""

import math
from typing import Any, Literal

from starlette.responses import Response

from lexora_gql.errors import DomainError, Throttled, Unavailable
from lexora_gql.throttling import Budget
from lexora_gql.transport.graphql.errors import INTERNAL, domain_extensions, report
from lexora_gql.transport.graphql.execution.outcomes import Outcome, to_json
from lexora_gql.transport.graphql.http.framing import Framing
from lexora_gql.transport.graphql.http.lingering import LingeringResponse
from lexora_gql.transport.graphql.http.negotiation import GRAPHQL_JSON
from lexora_gql.transport.graphql.refusals import RequestRefused

StatusCodes = Literal["stable", "draft"]
PARTIAL_SUCCESS = 294


def status_of(outcome: Outcome, media_type: str, codes: StatusCodes) -> int:
    """Return the status of a response.

    Args:
        outcome: What came of the request.
        media_type: Of the response. With application/json a well-formed request is answered 200 whatever its document
            says, since clients cannot tell another status from a proxy's.
        codes: "stable" has 400 for every document that cannot be executed; the draft of 2026 has 422 where it is
            GraphQL but wrong, and 294 where data comes with errors.

    Source:
        https://graphql.github.io/graphql-over-http/draft/
    """
    if media_type != GRAPHQL_JSON:
        return 200
    if not outcome.is_executed:
        return 422 if codes == "draft" and outcome.is_parsed else 400
    return PARTIAL_SUCCESS if codes == "draft" and outcome.errors else 200


def result(outcome: Outcome, media_type: str, codes: StatusCodes, budget: Budget | None) -> Response:
    """Return the response to a request that was well-formed."""
    return _json(outcome.body, media_type, status_of(outcome, media_type, codes), budget_headers(budget))


def streamed(outcome: Outcome, framing: Framing) -> Response:
    """Return the response to a document that cannot be executed, to a client that takes a stream and nothing else.

    A status other than 200 would keep the reason from a browser's EventSource.

    Source:
        https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
    """
    body = framing.opening + framing.errors(outcome.errors) + framing.ending
    headers = {"Content-Type": framing.media_type, "Cache-Control": "no-store, no-transform", "Vary": "Accept"}
    return Response(body, headers=headers)


def refusal(refused: RequestRefused, media_type: str, codes: StatusCodes) -> Response | LingeringResponse:
    """Return the response to a request that was not."""
    body = {"errors": [{"message": refused.message, "extensions": {"code": refused.code}}]}
    drafted = refused.draft_status if codes == "draft" else None
    closing = {"Connection": "close"} if refused.is_closing else {}
    response = _json(body, media_type, drafted or refused.status, refused.headers | closing)
    return LingeringResponse(response) if refused.is_closing else response


def failure(error: Exception, media_type: str) -> Response:
    """Return the response to a request that could not be served."""
    if isinstance(error, Throttled):
        return _later(error, error.retry_after_seconds, media_type, 429)
    if isinstance(error, Unavailable):
        return _later(error, error.retry_after_seconds, media_type, 503)
    error_id = report(error)
    message = f"Something went wrong on the server's side. Its log has the details under {error_id}."
    body = {"errors": [{"message": message, "extensions": {"code": INTERNAL, "errorId": error_id}}]}
    return _json(body, media_type, 500)


def budget_headers(budget: Budget | None) -> dict[str, str]:
    """Return what tells a client how much it has left.

    Source:
        https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    if budget is None:
        return {}
    window = math.ceil(budget.capacity / budget.per_second)
    return {
        "RateLimit-Policy": f'"cost";q={budget.capacity};w={window}',
        "RateLimit": f'"cost";r={budget.available};t={math.ceil(budget.reset_seconds)}',
    }


def _later(error: DomainError, seconds: float, media_type: str, status: int) -> Response:
    body = {"errors": [{"message": error.message, "extensions": domain_extensions(error)}]}
    return _json(body, media_type, status, {"Retry-After": str(max(1, math.ceil(seconds)))})


def _json(body: dict[str, Any], media_type: str, status: int, headers: dict[str, str] | None = None) -> Response:
    own = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept"}
    content = to_json(body).encode()
    return Response(content, status, headers=own | (headers or {}))
