"""Top-level errors: what clients are told, and what only the log is told."""

import secrets
from collections.abc import Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from lexora_gql.errors import DomainError

logger = structlog.get_logger(__name__)

BAD_REQUEST = "BAD_REQUEST"
INTERNAL = "INTERNAL"


def public_errors(errors: Sequence[GraphQLError] | None) -> list[dict[str, Any]]:
    """Return errors as they go into a response, each with `extensions.code`."""
    return [_public(error).formatted for error in errors or ()]  # type: ignore[misc]  # a TypedDict is a dict


def _public(error: GraphQLError) -> GraphQLError:
    cause = _cause(error)
    if cause is None:
        extensions = {"code": BAD_REQUEST} | (error.extensions or {})
        message = error.message
    elif isinstance(cause, DomainError):
        extensions = domain_extensions(cause)
        message = cause.message
    else:
        error_id = report(cause)
        extensions = {"code": INTERNAL, "errorId": error_id}
        message = f"Something went wrong on the server's side. Its log has the details under {error_id}."
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)


def domain_extensions(error: DomainError) -> dict[str, Any]:
    """Return what a domain's error tells beside its message."""
    extensions: dict[str, Any] = {"code": error.code}
    if error.path is not None:
        extensions["path"] = list(error.path)
    retry_after_seconds = getattr(error, "retry_after_seconds", None)
    if retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = retry_after_seconds
    return extensions


def report(error: BaseException) -> str:
    """Log an unexpected error with its traceback and return the id under which it is found."""
    error_id = secrets.token_hex(8)
    logger.error("unexpected error", error_id=error_id, exc_info=error)
    return error_id


def _cause(error: GraphQLError) -> BaseException | None:
    """Return the error of ours behind a GraphQL error; None where the request itself was at fault."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
