"""Messages: questions and answers, as clients see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from lexora_gql.conversations import models
from lexora_gql.transport.graphql.citations import Citation, RetrievalTrace
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.enums import AnswerFailureCode, AnswerMode, MessageRole, MessageStatus, Rating
from lexora_gql.transport.graphql.ids import to_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.loaders import load_seen
from lexora_gql.transport.graphql.scalars import Long
from lexora_gql.transport.graphql.stored_scope import StoredScope

if TYPE_CHECKING:
    from lexora_gql.transport.graphql.conversations import Conversation

LazyConversation = Annotated["Conversation", strawberry.lazy("lexora_gql.transport.graphql.conversations")]


@strawberry.type(
    description="What an answer cost, its question made standalone included: as the model's provider counts, or an "
    "estimate where it does not tell, as for answers that were stopped."
)
class TokenUsage:
    """What an answer cost."""

    prompt_tokens: Long = strawberry.field(description="Tokens that the model read.")
    completion_tokens: Long = strawberry.field(description="Tokens that the model wrote.")


@strawberry.type(description="Why an answer FAILED or was INTERRUPTED.")
class AnswerFailure:
    """Why an answer FAILED or was INTERRUPTED."""

    code: AnswerFailureCode = strawberry.field(description="For programs; stable.")
    message: str = strawberry.field(description="For people.")
    is_retryable: bool = strawberry.field(description="Whether asking again may help.")


@strawberry.type(description="What its reader thinks of an answer.")
class Feedback:
    """What its reader thinks of an answer."""

    rating: Rating = strawberry.field(description="Good or not.")
    comment: str | None = strawberry.field(description="What the reader said of it, at most 2,000 characters.")
    at: datetime = strawberry.field(description="When it was given.")

    @classmethod
    def of(cls, row: models.Message) -> Self | None:
        """Return what was given; None where nothing was, or where it was taken back."""
        if row.rating is None or row.rated_at is None:
            return None
        return cls(rating=row.rating, comment=row.rating_comment, at=row.rated_at)


@strawberry.type(description="A question or an answer.")
class Message(Node):
    """A question or an answer."""

    row: strawberry.Private[models.Message]
    role: MessageRole = strawberry.field(description="Who speaks.")
    status: MessageStatus = strawberry.field(description="Where it stands; questions are COMPLETED.")
    content: str = strawberry.field(
        description="While GENERATING: as of the last checkpoint, at most a second old. The subscription has the rest."
    )
    scope: StoredScope | None = strawberry.field(
        description="Where the question looked; edits and regenerations inherit it."
    )
    retrieval: RetrievalTrace | None = strawberry.field(
        description="What retrieval did for this answer; null for questions."
    )
    mode: AnswerMode | None = strawberry.field(description="How the answer came about; null until that is known.")
    model: str | None = strawberry.field(
        description="Who wrote it: where the model that was asked was down, the one that stood in, or `extractive`."
    )
    usage: TokenUsage | None = strawberry.field(
        description="What it cost; null while it is written, and where no model has written."
    )
    failure: AnswerFailure | None = strawberry.field(description="Why it FAILED or was INTERRUPTED; null otherwise.")
    feedback: Feedback | None = strawberry.field(description="What you think of the answer; see `rateMessage`.")
    created_at: datetime = strawberry.field(description="When it was sent, or begun.")
    finished_at: datetime | None = strawberry.field(description="When it reached its end.")

    @strawberry.field(description="The conversation that it is in.")
    async def conversation(self, info: Info) -> LazyConversation:
        """Load the conversation that it is in."""
        from lexora_gql.transport.graphql.conversations import Conversation  # noqa: PLC0415  # it refers to messages, too

        return Conversation.of(await load_seen(info.context.loaders.conversations, self.row.conversation_id))

    @strawberry.field(description="The message that it goes on from; null for the first.")
    async def parent(self, info: Info) -> "Message | None":
        """Load the message that it goes on from."""
        row = await info.context.loaders.messages.load(self.row.parent_id) if self.row.parent_id else None
        return Message.of(row) if row else None

    @strawberry.field(description="Other versions of this message: edits of a question, regenerations of an answer.")
    async def siblings(self, info: Info) -> "list[Message]":
        """Load other versions of this message."""
        return [Message.of(row) for row in await info.context.loaders.siblings.load(self.row.id) or ()]

    @strawberry.field(description="What backs the answer, by place; empty until it has ended.")
    async def citations(self, info: Info) -> list[Citation]:
        """Load what backs the answer; most messages that are looked at were only just begun."""
        if self.row.role is models.MessageRole.USER or self.row.finished_at is None:
            return []
        return [Citation.of(row) for row in await info.context.loaders.citations.load(self.row.id) or ()]

    @classmethod
    def of(cls, row: models.Message) -> Self:
        """Return a message as clients see it."""
        return cls(
            id=to_global_id("Message", row.id),
            row=row,
            role=row.role,
            status=row.status,
            content=row.content,
            scope=StoredScope.of(row.scope),
            retrieval=RetrievalTrace.of(row),
            mode=row.mode,
            model=row.model,
            usage=_usage(row),
            failure=_failure(row),
            feedback=Feedback.of(row),
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


def _usage(row: models.Message) -> TokenUsage | None:
    if row.prompt_tokens is None and row.completion_tokens is None:
        return None
    return TokenUsage(prompt_tokens=Long(row.prompt_tokens or 0), completion_tokens=Long(row.completion_tokens or 0))


def _failure(row: models.Message) -> AnswerFailure | None:
    if row.failure_code is None:
        return None
    return AnswerFailure(
        code=row.failure_code, message=row.failure_message or "", is_retryable=bool(row.failure_is_retryable)
    )
