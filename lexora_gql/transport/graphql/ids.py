"""Global ids: opaque to clients, `Type:uuid` in base64 to us."""

import base64
import binascii
from collections.abc import Iterable
from uuid import UUID

from strawberry import ID

from lexora_gql.errors import NotFound

ID_CHARACTERS_MAX = 200


def to_global_id(kind: str, identifier: UUID) -> ID:
    """Return the id that clients see."""
    return ID(base64.urlsafe_b64encode(f"{kind}:{identifier}".encode()).decode().rstrip("="))


def parse_global_id(value: str) -> tuple[str, UUID] | None:
    """Return a global id's type and UUID; None where it is not one of ours."""
    if len(value) > ID_CHARACTERS_MAX:
        return None
    try:
        padded = value + "=" * (-len(value) % 4)
        kind, separator, identifier = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        parsed = UUID(identifier)
    except (binascii.Error, ValueError):
        return None
    # One object has one id: clients compare and cache by it.
    return (kind, parsed) if separator and to_global_id(kind, parsed) == value else None


def find_id(value: str, kind: str) -> UUID | None:
    """Return the UUID of a global id; None where it is not one of this type."""
    parsed = parse_global_id(value)
    return parsed[1] if parsed is not None and parsed[0] == kind else None


def require_id(value: str, kind: str, *path: str) -> UUID:
    """Return the UUID of a global id.

    Args:
        value: What the client sent.
        kind: The type that it must name.
        path: The input field that it came in.

    Raises:
        NotFound: It is not an id of this type: such an object cannot exist.
    """
    identifier = find_id(value, kind)
    if identifier is None:
        message = f"There is no {kind} with this id."
        raise NotFound(message, path=path or None)
    return identifier


def known_ids(values: Iterable[str] | None, kind: str) -> tuple[UUID, ...] | None:
    """Return the UUIDs of those ids that are of this type; None where no list was given.

    A filter by an object that cannot exist matches nothing, so what is malformed is left out.
    """
    if values is None:
        return None
    return tuple(identifier for value in values if (identifier := find_id(value, kind)) is not None)
