"""What readers think of answers."""

from typing import Annotated

import strawberry

from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.enums import Rating
from lexora_gql.transport.graphql.ids import require_id
from lexora_gql.transport.graphql.messages import Message
from lexora_gql.transport.graphql.results import InvalidInput, NotFound


@strawberry.type(description="What you think of the answer is kept, or taken back.")
class MessageRated:
    """What the viewer thinks is kept."""

    message: Message = strawberry.field(description="The answer with its `feedback`.")


RateMessageResult = Annotated[
    MessageRated | NotFound | InvalidInput,
    strawberry.union("RateMessageResult", description="What came of `rateMessage`."),
]
AnswerId = Annotated[strawberry.ID, strawberry.argument(description="The answer's id.")]
GivenRating = Annotated[
    Rating | None, strawberry.argument(description="Good or not; null takes back what was given, with its comment.")
]
Comment = Annotated[
    str | None, strawberry.argument(description="At most 2,000 characters, in place of what was said before.")
]


@strawberry.type
class RatingMutation:
    """Rating answers."""

    @strawberry.mutation(description="Keeps what you think of an answer, in place of what you thought before.")
    async def rate_message(
        self,
        info: Info,
        id: AnswerId,  # noqa: A002  # the API's name
        rating: GivenRating = None,
        comment: Comment = None,
    ) -> RateMessageResult:
        """Rate an answer."""
        context = info.context
        message_id = require_id(id, "Message", "id")
        row = await context.services.conversations.rate(context.viewer, message_id, rating, comment)
        return MessageRated(message=Message.of(row))
