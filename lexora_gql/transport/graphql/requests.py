"""From bytes and parameters to a GraphQL request; whatever is malformed is refused in words."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from starlette.datastructures import QueryParams

from lexora_gql.transport.graphql.json_values import require_few_marks, require_few_values
from lexora_gql.transport.graphql.refusals import BodyTooLarge, IllFormed, RequestRefused

JSON_BYTES_MAX = 1024 * 1024
PARAMETERS = ("query", "variables", "operationName", "extensions", "documentId")
DOCUMENT_ID = re.compile(r"(?:sha256:)?([A-Za-z0-9._~-]{1,128})", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client sent.

    Attributes:
        query: The document; None where it is named only.
        document_id: Names a trusted document, or one that the server is to remember.
        is_automatic: Whether the document is to be remembered under its id, which is its SHA-256 (Apollo's automatic
            persisted queries).
    """

    query: str | None
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    document_id: str | None = None
    is_automatic: bool = False


async def read_json(stream: AsyncIterator[bytes]) -> GraphQLRequest:
    """Read a JSON body.

    Raises:
        BodyTooLarge: It has more than 1 MiB; the rest is not read.
        RequestRefused: It is no GraphQL request.
    """
    body = bytearray()
    async for piece in stream:
        body += piece
        if len(body) > JSON_BYTES_MAX:
            message = f"The body is larger than {JSON_BYTES_MAX:,} bytes."
            raise BodyTooLarge(message)
    return to_request(parse_json(bytes(body), "The body"))


def from_parameters(parameters: QueryParams) -> GraphQLRequest:
    """Return the request of a GET.

    Raises:
        RequestRefused: It is none.
    """
    given: dict[str, Any] = dict(parameters)
    for name in PARAMETERS:
        # Which one counts, every proxy and server decides for itself.
        if len(parameters.getlist(name)) > 1:
            message = f"`{name}` is given more than once."
            raise RequestRefused(message)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = parse_json(given[name].encode(errors="surrogatepass"), f"`{name}`")
        else:
            given.pop(name, None)
    return to_request(given)


def parse_json(body: bytes, what: str) -> Any:  # noqa: ANN401  # JSON may say anything
    """Return what JSON says.

    Raises:
        RequestRefused: It is no JSON, too deep, holds text that no text may hold, or more values than are taken.
    """
    require_few_marks(body, what)
    try:
        # Some clients begin with a mark that says that it is UTF-8.
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        message = f"{what} is not valid JSON: {_fault(error)}"
        raise RequestRefused(message) from error
    require_few_values(value, what)
    if not _is_storable(value):
        message = f"{what} holds a NUL or a lone surrogate, which no text may hold."
        raise RequestRefused(message)
    return value


def _fault(error: Exception) -> str:
    """Return what is wrong with a text that is no JSON, in words of our own."""
    match error:
        case UnicodeDecodeError():
            return f"byte {error.start + 1} is not UTF-8."
        case json.JSONDecodeError():
            return f"it cannot be read at line {error.lineno}, column {error.colno}."
        case _Constant():
            return f"{error} is no value."
        case RecursionError():
            return "it is nested too deeply."
        case _:
            return "a number has too many digits."


def to_request(given: object) -> GraphQLRequest:
    """Return the request that a JSON object makes.

    Raises:
        IllFormed: Something is missing or of the wrong type.
    """
    if not isinstance(given, dict):
        message = "The request must be a JSON object; several at once are not taken."
        raise IllFormed(message)
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    extensions = given.get("extensions")
    for key, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            message = f"`{key}` must be an object."
            raise IllFormed(message)
    if name is not None and not isinstance(name, str):
        message = "`operationName` must be a text."
        raise IllFormed(message)
    automatic = _automatic_id(extensions or {})
    document_id = _document_id(given.get("documentId")) or automatic
    # Beside an id, clients leave the document out or send nothing for it.
    if document_id is None or query:
        if not isinstance(query, str) or not query.strip():
            message = "`query` must be a text with a GraphQL document."
            raise IllFormed(message)
    else:
        query = None
    # An empty name is what some clients send for none.
    return GraphQLRequest(query, variables or {}, name or None, document_id, is_automatic=automatic is not None)


def _document_id(given: object) -> str | None:
    if given is None or given == "":
        return None
    found = DOCUMENT_ID.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        message = (
            "`documentId` must be a text of 1 to 128 letters, digits, or -._~, with or without `sha256:` before it."
        )
        raise IllFormed(message)
    return found[1]


def _automatic_id(extensions: dict[str, Any]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        message = "`extensions.persistedQuery` must be an object with version 1."
        raise IllFormed(message)
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or SHA256.fullmatch(digest) is None:
        message = "`extensions.persistedQuery.sha256Hash` must be 64 hexadecimal digits in lower case."
        raise IllFormed(message)
    return digest


class _Constant(ValueError):
    """Not a number, or an infinite one: Python would read it, JSON knows neither."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Constant(name)


def _is_storable(value: object) -> bool:
    """Return whether PostgreSQL can store every text in a JSON value."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and not is_storable_text(item):
            return False
    return True


def is_storable_text(text: str) -> bool:
    """Return whether PostgreSQL can store a text: no NUL, no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
