"""Asking questions, asking them in other words or once more, and stopping answers."""

from typing import Annotated, Self

import strawberry

from lexora_gql.conversations.requests import EditMessage, RegenerateAnswer, SendMessage
from lexora_gql.conversations.sending import Sent
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


@strawberry.input(description="A question in other words.")
class EditMessageInput:
    """A question in other words."""

    id: strawberry.ID = strawberry.field(description="The question's id; where it looked is inherited.")
    content: str = strawberry.field(description="The question as it should be.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A repetition with the same key within 24 hours gives the same answer."
    )

    def to_request(self) -> EditMessage:
        """Return what the service takes."""
        return EditMessage(require_id(self.id, "Message", "id"), self.content, self.idempotency_key)


@strawberry.type(description="The question is stored, and its answer begun.")
class MessageSent:
    """The question is stored, and its answer begun."""

    conversation: Conversation = strawberry.field(description="Where it was asked.")
    question: Message = strawberry.field(description="The question as stored.")
    answer: Message = strawberry.field(description="The answer; follow it with the subscription `answer`.")

    @classmethod
    def of(cls, sent: Sent) -> Self:
        """Return what clients are told."""
        return cls(
            conversation=Conversation.of(sent.conversation),
            question=Message.of(sent.question),
            answer=Message.of(sent.answer),
        )


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
EditedInput = Annotated[EditMessageInput, strawberry.argument(description="The question in other words.")]
AnotherModel = Annotated[
    str | None,
    strawberry.argument(description="One of serverInfo.chatModels; the one that wrote the answer when not given."),
]
RegenerationKey = Annotated[
    str | None,
    strawberry.argument(description="A repetition with the same key within 24 hours gives the same answer."),
]
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
        return MessageSent.of(sent)

    @strawberry.mutation(
        description="Asks a question in other words: another version of it beside the old one, whose branch stays, "
        "with an answer of its own."
    )
    async def edit_message(self, info: Info, input: EditedInput) -> SendMessageResult:  # noqa: A002  # the API's name
        """Ask in other words."""
        context = info.context
        return MessageSent.of(await context.services.conversations.send(context.viewer, input.to_request()))

    @strawberry.mutation(
        description="Answers a question once more, beside the answer that it has; also with another model."
    )
    async def regenerate_answer(
        self,
        info: Info,
        id: AnswerId,  # noqa: A002  # the API's name
        model: AnotherModel = None,
        idempotency_key: RegenerationKey = None,
    ) -> SendMessageResult:
        """Answer once more."""
        context = info.context
        request = RegenerateAnswer(require_id(id, "Message", "id"), model, idempotency_key)
        return MessageSent.of(await context.services.conversations.send(context.viewer, request))

    @strawberry.mutation(
        description="Stops generation, keeps the text so far. Stopping what has ended changes nothing and succeeds."
    )
    async def stop_answer(self, info: Info, id: AnswerId) -> StopAnswerResult:  # noqa: A002  # the API's name
        """Stop an answer."""
        context = info.context
        row = await context.services.conversations.stop(context.viewer, require_id(id, "Message", "id"))
        return AnswerStopped(message=Message.of(row))
