"""An answer's events, as they come or as they came."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import strawberry

from lexora_gql.conversations import events
from lexora_gql.conversations.events import AnswerPlace, AnswerPosition
from lexora_gql.conversations.models import Message as MessageRow
from lexora_gql.errors import BadCursor
from lexora_gql.signing import BadSignature, Signer
from lexora_gql.transport.graphql.citations import AnswerSource, load_sources
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.ids import require_id
from lexora_gql.transport.graphql.messages import Message


@strawberry.type(description="What the answer will be based on, numbered as the markers are.")
class AnswerSources:
    """What the answer will be based on."""

    row: strawberry.Private[MessageRow]
    cursor: str = strawberry.field(description="The place in the answer, for `after`.")
    query: str = strawberry.field(description="The standalone question that was searched.")

    @strawberry.field(description="By number.")
    async def sources(self, info: Info) -> list[AnswerSource]:
        """Load the sources."""
        return await load_sources(info, self.row)


@strawberry.type(
    description="Text to put at `offset`, which is where the text so far ends. Put together, these are message.content "
    "to the letter. Only when a server and Redis are lost together may an offset lie further back: cut there, and "
    "go on."
)
class AnswerText:
    """Text of the answer."""

    cursor: str = strawberry.field(description="The place in the answer, for `after`.")
    offset: int = strawberry.field(description="Where the text belongs.")
    text: str = strawberry.field(description="What comes there.")


@strawberry.type(description="The one terminal event, whatever the outcome: see message.status.")
class AnswerFinished:
    """The one terminal event."""

    cursor: str = strawberry.field(description="The place in the answer, for `after`.")
    message: Message = strawberry.field(description="The answer as stored.")


AnswerEvent = Annotated[
    AnswerSources | AnswerText | AnswerFinished,
    strawberry.union("AnswerEvent", description="What happens to an answer, in this order: sources, texts, finished."),
]
MessageId = Annotated[strawberry.ID, strawberry.argument(description="The answer's id.")]
AnswerCursor = Annotated[str | None, strawberry.argument(description="Of the last event that was seen.")]


@strawberry.type
class AnswerSubscription:
    """Answers as they come."""

    @strawberry.subscription(
        description="The answer's events from the cursor on, exactly once each and in order; from the beginning "
        "without one. Works while it is generated and ever after, on any server; ends after AnswerFinished."
    )
    async def answer(
        self, info: Info, message_id: MessageId, after: AnswerCursor = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Follow an answer."""
        context = info.context
        identifier = require_id(message_id, "Message", "messageId")
        cursors = AnswerCursors(context.environment.signer, identifier)
        position = cursors.decode(context.resume_after or after)
        stream = context.services.conversations.events(context.viewer, identifier, after=position)
        async with aclosing(stream):
            async for event in stream:
                cursor = cursors.encode(event.position)
                context.at_event(cursor)
                yield _event(event, cursor)


class AnswerCursors:
    """Cursors in one answer: a place in its text, which stays what it is for ever."""

    def __init__(self, signer: Signer, message_id: UUID) -> None:
        self._signer = signer
        self._purpose = f"cursor:answer:{message_id}"

    def encode(self, position: AnswerPosition) -> str:
        """Return the cursor of a place."""
        return self._signer.sign(self._purpose, json.dumps([position.place.value, position.offset]).encode())

    def decode(self, cursor: str | None) -> AnswerPosition | None:
        """Return the place of a cursor.

        Raises:
            BadCursor: It was not given for this answer.
        """
        if cursor is None:
            return None
        try:
            place, offset = json.loads(self._signer.verify(self._purpose, cursor))
        except BadSignature:
            raise BadCursor from None
        return AnswerPosition(AnswerPlace(place), offset)


def _event(event: events.AnswerEvent, cursor: str) -> AnswerSources | AnswerText | AnswerFinished:
    match event:
        case events.AnswerSourcesEvent():
            return AnswerSources(cursor=cursor, query=event.message.query or "", row=event.message)
        case events.AnswerTextEvent():
            return AnswerText(cursor=cursor, offset=event.offset, text=event.text)
        case events.AnswerFinishedEvent():
            return AnswerFinished(cursor=cursor, message=Message.of(event.message))
