"""Asking questions, and stopping answers."""

from typing import Annotated

import strawberry

from lexora_gql.conversations.sending import SendMessage
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.conversations import Conversation
from lexora_gql.transport.graphql.ids import require_id
from lexora_gql.transport.graphql.messages import Message
from lexora_gql.transport.graphql.results import (
    AlreadyRunning,
    IdempotencyKeyReused,
    InvalidInput,
    ModelNotAllowed,
    NotFound,
    QuotaExceeded,
)
from lexora_gql.transport.graphql.retrieval import ScopeInput


@strawberry.input(description="A question.")
class SendMessageInput:
    """A question."""

    conversation_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where to ask; a new conversation when not given."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The message to go on from; the newest leaf where none is named."
    )
    content: str = strawberry.field(description="The question.")
    scope: ScopeInput | None = strawberry.field(
        default=None, description="Where to look; everything that you may read when not given."
    )
    model: str | None = strawberry.field(
        default=None, description="One of serverInfo.chatModels; the first when not given."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="A repetition with the same key within 24 hours gives the same answer."
    )
    wait_seconds: float = strawberry.field(
        default=0.0,
        description="For clients without subscriptions: wait up to so long, 0 to 60, for the answer to finish before "
        "returning.",
    )

    def to_request(self) -> SendMessage:
        """Return what the service takes."""
        return SendMessage(
            conversation_id=require_id(self.conversation_id, "Conversation", "conversationId")
            if self.conversation_id is not None
            else None,
            parent_id=require_id(self.parent_id, "Message", "parentId") if self.parent_id is not None else None,
            content=self.content,
            scope=self.scope.to_scope() if self.scope is not None else None,
            model=self.model,
            idempotency_key=self.idempotency_key,
        )


@strawberry.type(description="The question is stored, and its answer begun.")
class MessageSent:
    """The question is stored, and its answer begun."""

    conversation: Conversation = strawberry.field(description="Where it was asked.")
    question: Message = strawberry.field(description="The question as stored.")
    answer: Message = strawberry.field(description="The answer; follow it with the subscription `answer`.")


@strawberry.type(description="The answer is stopped, or had ended already.")
class AnswerStopped:
    """The answer is stopped."""

    message: Message = strawberry.field(description="The answer with its text so far.")


SendMessageResult = Annotated[
    MessageSent | InvalidInput | NotFound | QuotaExceeded | IdempotencyKeyReused | ModelNotAllowed | AlreadyRunning,
    strawberry.union(
        "SendMessageResult",
        description="AlreadyRunning: an answer in this branch is still being generated. waitSeconds is no part of what "
        "an idempotency key compares.",
    ),
]
StopAnswerResult = Annotated[
    AnswerStopped | NotFound, strawberry.union("StopAnswerResult", description="What came of `stopAnswer`.")
]
Input = Annotated[SendMessageInput, strawberry.argument(description="The question.")]
AnswerId = Annotated[strawberry.ID, strawberry.argument(description="The answer's id.")]


@strawberry.type
class AskingMutation:
    """Asking questions, and stopping answers."""

    @strawberry.mutation(
        description="Stores the question, starts the answer and returns at once; follow it with the subscription "
        "`answer`."
    )
    async def send_message(self, info: Info, input: Input) -> SendMessageResult:  # noqa: A002  # the API's name
        """Ask a question."""
        context = info.context
        sent = await context.services.conversations.send(
            context.viewer, input.to_request(), wait_seconds=input.wait_seconds
        )
        return MessageSent(
            conversation=Conversation.of(sent.conversation),
            question=Message.of(sent.question),
            answer=Message.of(sent.answer),
        )

    @strawberry.mutation(
        description="Stops generation, keeps the text so far. Stopping what has ended changes nothing and succeeds."
    )
    async def stop_answer(self, info: Info, id: AnswerId) -> StopAnswerResult:  # noqa: A002  # the API's name
        """Stop an answer."""
        context = info.context
        row = await context.services.conversations.stop(context.viewer, require_id(id, "Message", "id"))
        return AnswerStopped(message=Message.of(row))
