"""Scalars beside GraphQL's own: times, long integers, files."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from lexora_gql.documents.service import IncomingFile

LONG_MAX = 2**53

Long = NewType("Long", int)
Upload = NewType("Upload", object)


def _parse_datetime(value: object) -> datetime:
    if not isinstance(value, str):
        message = "DateTime must be a text such as 2025-01-31T12:00:00Z."
        raise GraphQLError(message)
    try:
        moment = datetime.fromisoformat(value)
        # A moment at the edge of the calendar has no counterpart in UTC.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        message = "DateTime must be in ISO 8601, such as 2025-01-31T12:00:00Z."
        raise GraphQLError(message) from None


def _serialize_datetime(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_long(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LONG_MAX:
        message = "Long must be a whole number of at most 2^53."
        raise GraphQLError(message)
    return value


def _parse_upload(value: object) -> IncomingFile:
    # Only the multipart reader makes these, so nothing that came as JSON passes.
    if not isinstance(value, IncomingFile):
        message = "Upload must be a file, sent by the GraphQL multipart request specification."
        raise GraphQLError(message)
    return value


def _literal(parse: Callable[[object], object]) -> Callable[[ValueNode, dict[str, Any] | None], object]:
    """Return what reads a value that stands in a document, and says where it stands when it is wrong."""

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        try:
            return parse(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return parse_literal


def _refuse_upload(_value: object) -> object:
    message = "Upload is for input only."
    raise GraphQLError(message)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601, such as `2025-01-31T12:00:00Z`. Answers are in UTC; "
        "without an offset, so is input.",
        serialize=_serialize_datetime,
        parse_value=_parse_datetime,
        parse_literal=_literal(_parse_datetime),
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number up to 2^53: bytes and token counts outgrow Int.",
        serialize=int,
        parse_value=_parse_long,
        parse_literal=_literal(_parse_long),
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file, sent by the GraphQL multipart request specification.",
        serialize=_refuse_upload,
        parse_value=_parse_upload,
        parse_literal=_literal(_parse_upload),
    ),
}
