"""What several types have in common."""

import strawberry

from lexora_gql.transport.graphql.enums import ErrorCode


@strawberry.interface(description="Anything with an id of its own that `node` finds again.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(description="Opaque and unique over all types.")


@strawberry.interface(description="An expected failure of a mutation.")
class UserError:
    """What every expected failure tells."""

    code: ErrorCode = strawberry.field(description="For programs; stable.")
    message: str = strawberry.field(description="For people.")
    path: list[str] | None = strawberry.field(description="The input field that is at fault, from the outside in.")


@strawberry.type(description="A stretch of text, in Unicode code points: `text[start:end]`.")
class TextSpan:
    """A stretch of text."""

    start: int = strawberry.field(description="The first character.")
    end: int = strawberry.field(description="One past the last character.")
