"""What may be asked for: a new question, another version of one, another answer to one."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lexora_gql.retrieval.scope import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A question to be asked.

    Attributes:
        conversation_id: Where it is asked; a new conversation when not given.
        parent_id: The answer to go on from; the newest leaf when not given.
        idempotency_key: 1 to 200 characters; the same key asks once.
    """

    content: str
    conversation_id: UUID | None = None
    parent_id: UUID | None = None
    scope: Scope | None = None
    model: str | None = None
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """What two requests with the same key must have in common."""
        scope = scope_as_json(self.scope)
        return _fingerprint(self.content, str(self.conversation_id), str(self.parent_id), scope, self.model)


@dataclass(frozen=True, slots=True)
class EditMessage:
    """A question to be asked in other words, beside the one that it is a version of.

    Attributes:
        message_id: The question; where it looked and which model it asked is inherited.
    """

    message_id: UUID
    content: str
    idempotency_key: str | None = None

    @property
    def model(self) -> None:
        """Nobody names a model."""
        return None

    @property
    def fingerprint(self) -> str:
        """What two requests with the same key must have in common."""
        return _fingerprint("edit", str(self.message_id), self.content)


@dataclass(frozen=True, slots=True)
class RegenerateAnswer:
    """A question to be answered once more, beside the answer that it has.

    Attributes:
        message_id: The answer.
        model: The one that wrote the answer, where it is still offered, when not given.
    """

    message_id: UUID
    model: str | None = None
    idempotency_key: str | None = None

    @property
    def fingerprint(self) -> str:
        """What two requests with the same key must have in common."""
        return _fingerprint("regenerate", str(self.message_id), self.model)


Request = SendMessage | EditMessage | RegenerateAnswer


def scope_as_json(scope: Scope | None) -> dict[str, Any] | None:
    """Return a scope as stored with a question; None where none was given."""
    if scope is None or scope == EVERYTHING:
        return None
    return {
        "collection_ids": [str(item) for item in scope.collection_ids] if scope.collection_ids is not None else None,
        "document_ids": [str(item) for item in scope.document_ids] if scope.document_ids is not None else None,
        "tags": list(scope.tags) if scope.tags is not None else None,
    }


def scope_from_json(stored: dict[str, Any] | None) -> Scope:
    """Return a scope from what is stored with a question."""
    if stored is None:
        return EVERYTHING
    ids = [
        tuple(UUID(item) for item in stored[name]) if stored.get(name) is not None else None
        for name in ("collection_ids", "document_ids")
    ]
    tags = stored.get("tags")
    return Scope(ids[0], ids[1], tuple(tags) if tags is not None else None)


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
