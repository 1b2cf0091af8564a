"""People as others see them."""

from typing import Self

import strawberry

from lexora_gql.accounts import models
from lexora_gql.transport.graphql.ids import to_global_id


@strawberry.type(description="What others may know of someone.")
class Person:
    """What others may know of someone."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same as the id of their `User`.")
    full_name: str | None = strawberry.field(description="As they gave it.")
    email: str = strawberry.field(description="Their address.")

    @classmethod
    def of(cls, row: models.User) -> Self:
        """Return someone as others see them."""
        return cls(id=to_global_id("User", row.id), full_name=row.full_name, email=row.email)
