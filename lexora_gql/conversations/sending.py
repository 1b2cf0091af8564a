"""Asking: question, answer and idempotency key in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from lexora_gql.accounts.usage import UsageService
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.clock import now
from lexora_gql.conversations.beginning import Beginning, Key, Pace
from lexora_gql.conversations.errors import IdempotencyKeyReused, ModelNotAllowed
from lexora_gql.conversations.leases import AnswerLease
from lexora_gql.conversations.models import Conversation, IdempotencyKey, Message, MessageRole, MessageStatus
from lexora_gql.conversations.placing import Place, find_place
from lexora_gql.conversations.prompts.prompting import Turn
from lexora_gql.conversations.repository import ConversationRepository
from lexora_gql.conversations.requests import Request
from lexora_gql.errors import NotFound, Throttled
from lexora_gql.storage.database import Database

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A question asked, and the answer that is being written or already was."""

    conversation: Conversation
    question: Message
    answer: Message


@dataclass(frozen=True, slots=True)
class Asked:
    """What was committed, and what the producer needs; no lease where an earlier request did it all."""

    sent: Sent
    lease: AnswerLease | None
    history: list[Turn]


@dataclass(frozen=True, slots=True)
class Asking:
    """The transaction of a question.

    Attributes:
        models: Those that may be asked, the default first.
    """

    database: Database
    usage: UsageService
    questions_per_minute: int
    models: tuple[str, ...]

    async def ask(self, viewer: Viewer, request: Request) -> Asked:
        """Commit a question, where it is a new one, and the beginning of its answer.

        Raises:
            NotFound, InvalidInput, AlreadyRunning, IdempotencyKeyReused, ModelNotAllowed, QuotaExceeded, Throttled:
                Nothing was written, and nothing counted.
        """
        if request.model is not None and request.model not in self.models:
            raise ModelNotAllowed(request.model, allowed=self.models)
        async with self.database.transaction(viewer) as session:
            repository = ConversationRepository(session)
            if request.idempotency_key is not None:
                known = await repository.claimed_key(viewer.user_id, request.idempotency_key)
                if known is not None:
                    return await _asked_before(repository, known, request)
            # It also makes the viewer's questions wait for each other, so that the pace is counted one by one.
            await self.usage.take_question(session, viewer)
            place = await find_place(session, viewer, request)
            # One statement writes all there is to write, of the conversation too.
            session.expunge_all()
            beginning = self._beginning(viewer, request, place)
            asked, oldest_seconds = await beginning.write(session, Pace(self.questions_per_minute, MINUTE))
            self._require_pace(asked, oldest_seconds)
        sent = Sent(place.conversation, beginning.question, beginning.answer)
        return Asked(sent, beginning.lease, turns(place.branch))

    def _beginning(self, viewer: Viewer, request: Request, place: Place) -> Beginning:
        question = place.question or _question(viewer, place)
        answer, lease = _answer(viewer, question, self._model(request, place))
        if place.is_new:
            place.conversation.created_at = question.created_at
        place.conversation.updated_at = answer.created_at
        name = request.idempotency_key
        return Beginning(
            place.conversation,
            question,
            answer,
            lease,
            is_conversation_new=place.is_new,
            is_question_new=place.question is None,
            key=Key(name, request.fingerprint) if name is not None else None,
        )

    def _model(self, request: Request, place: Place) -> str:
        """Return who is to answer: the named one, the one that has answered before, or the first."""
        wanted = request.model or place.model
        return wanted if wanted in self.models and wanted is not None else self.models[0]

    def _require_pace(self, asked: int, oldest_seconds: float) -> None:
        if asked >= self.questions_per_minute:
            message = f"{asked} questions were asked in the last minute; {self.questions_per_minute} are allowed."
            raise Throttled(message, retry_after_seconds=max(MINUTE - oldest_seconds, 0.1))


def turns(branch: Sequence[Message]) -> list[Turn]:
    """Return the questions of a branch with their answers, the oldest first."""
    answers = {message.parent_id: message for message in branch if message.role is MessageRole.ASSISTANT}
    return [
        Turn(message.content, answers[message.id].content)
        for message in branch
        if message.role is MessageRole.USER and message.id in answers
    ]


async def _asked_before(repository: ConversationRepository, known: IdempotencyKey, request: Request) -> Asked:
    if known.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused(path=("idempotencyKey",))
    messages = await repository.messages([known.question_id, known.answer_id])
    question, answer = messages[known.question_id], messages[known.answer_id]
    conversation = await repository.by_id(question.conversation_id)
    if conversation is None:
        raise NotFound
    return Asked(Sent(conversation, question, answer), None, [])


def _question(viewer: Viewer, place: Place) -> Message:
    asked_at = now()
    return Message(
        id=uuid4(),
        conversation_id=place.conversation.id,
        owner_id=viewer.user_id,
        parent_id=place.branch[-1].id if place.branch else None,
        role=MessageRole.USER,
        status=MessageStatus.COMPLETED,
        content=place.content,
        scope=place.scope,
        created_at=asked_at,
        finished_at=asked_at,
    )


def _answer(viewer: Viewer, question: Message, model: str) -> tuple[Message, AnswerLease]:
    lease = AnswerLease(uuid4(), uuid4())
    answer = Message(
        id=lease.answer_id,
        conversation_id=question.conversation_id,
        owner_id=viewer.user_id,
        parent_id=question.id,
        role=MessageRole.ASSISTANT,
        status=MessageStatus.GENERATING,
        content="",
        scope=question.scope,
        model=model,
        # A microsecond later at least, so that the order of time is the order of the conversation.
        created_at=max(now(), question.created_at + timedelta(microseconds=1)),
        lease_token=lease.token,
    )
    return answer, lease
