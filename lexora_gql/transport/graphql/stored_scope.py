"""Where a question looked, as it is stored with the question."""

from typing import Any, Self
from uuid import UUID

import strawberry

from lexora_gql.transport.graphql.ids import to_global_id


@strawberry.type(name="Scope", description="Where a question looked; what is given must all hold.")
class StoredScope:
    """Where a question looked."""

    collection_ids: list[strawberry.ID] | None = strawberry.field(description="In one of these collections.")
    document_ids: list[strawberry.ID] | None = strawberry.field(description="In one of these documents.")
    tags: list[str] | None = strawberry.field(description="In documents with all of these tags.")

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> Self | None:
        """Return a stored scope as clients see it; None where the question looked everywhere."""
        if stored is None:
            return None
        return cls(
            collection_ids=_ids("Collection", stored.get("collection_ids")),
            document_ids=_ids("Document", stored.get("document_ids")),
            tags=stored.get("tags"),
        )


def _ids(kind: str, stored: list[str] | None) -> list[strawberry.ID] | None:
    return None if stored is None else [to_global_id(kind, UUID(identifier)) for identifier in stored]
