"""Asking: question, answer and idempotency key in one transaction."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.clock import now
from lexora_gql.conversations.errors import IdempotencyKeyReused
from lexora_gql.conversations.leases import LEASE_SECONDS, NOW, AnswerLease
from lexora_gql.conversations.models import (
    Conversation,
    IdempotencyKey,
    Message,
    MessageRole,
    MessageStatus,
)
from lexora_gql.conversations.prompts.prompting import Turn
from lexora_gql.conversations.repository import ConversationRepository
from lexora_gql.errors import AlreadyRunning, InvalidInput, NotFound, Throttled
from lexora_gql.retrieval.scope import EVERYTHING, Scope
from lexora_gql.storage.database import Database

TITLE_CHARACTERS = 80
MINUTE = 60.0


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
        parts = [self.content, str(self.conversation_id), str(self.parent_id), scope, self.model]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


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
    """The transaction of a question."""

    database: Database
    questions_per_minute: int

    async def ask(self, viewer: Viewer, request: SendMessage, *, model: str) -> Asked:
        """Commit a question and the beginning of its answer.

        Raises:
            NotFound, InvalidInput, AlreadyRunning, IdempotencyKeyReused, Throttled: Nothing was written.
        """
        async with self.database.transaction(viewer) as session:
            repository = ConversationRepository(session)
            if request.idempotency_key is not None:
                known = await repository.claimed_key(viewer.user_id, request.idempotency_key)
                if known is not None:
                    return await _asked_before(repository, known, request)
            await self._check_pace(repository, viewer)
            conversation = await _conversation(session, viewer, request)
            branch = await _branch(repository, conversation, request)
            question, answer, lease = _messages(viewer, conversation, branch, request, model)
            session.add_all([question])
            await session.flush()
            session.add(answer)
            await session.flush()
            if request.idempotency_key is not None:
                session.add(
                    IdempotencyKey(
                        owner_id=viewer.user_id,
                        key=request.idempotency_key,
                        fingerprint=request.fingerprint,
                        question_id=question.id,
                        answer_id=answer.id,
                    )
                )
            conversation.updated_at = question.created_at
        return Asked(Sent(conversation, question, answer), lease, turns(branch))

    async def _check_pace(self, repository: ConversationRepository, viewer: Viewer) -> None:
        asked, oldest_seconds = await repository.questions_since(viewer.user_id, seconds=MINUTE)
        if asked >= self.questions_per_minute:
            message = f"{asked} questions were asked in the last minute; {self.questions_per_minute} are allowed."
            raise Throttled(message, retry_after_seconds=max(MINUTE - oldest_seconds, 0.1))


def scope_as_json(scope: Scope | None) -> dict[str, Any] | None:
    """Return a scope as stored with a question; None where none was given."""
    if scope is None or scope == EVERYTHING:
        return None
    return {
        "collection_ids": [str(item) for item in scope.collection_ids] if scope.collection_ids is not None else None,
        "document_ids": [str(item) for item in scope.document_ids] if scope.document_ids is not None else None,
        "tags": list(scope.tags) if scope.tags is not None else None,
    }


def turns(branch: list[Message]) -> list[Turn]:
    """Return the questions of a branch with their answers, the oldest first."""
    answers = {message.parent_id: message for message in branch if message.role is MessageRole.ASSISTANT}
    return [
        Turn(message.content, answers[message.id].content)
        for message in branch
        if message.role is MessageRole.USER and message.id in answers
    ]


async def _asked_before(repository: ConversationRepository, known: IdempotencyKey, request: SendMessage) -> Asked:
    if known.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused(path=("idempotencyKey",))
    messages = await repository.messages([known.question_id, known.answer_id])
    question, answer = messages[known.question_id], messages[known.answer_id]
    conversation = await repository.by_id(question.conversation_id)
    if conversation is None:
        raise NotFound
    return Asked(Sent(conversation, question, answer), None, [])


async def _conversation(session: AsyncSession, viewer: Viewer, request: SendMessage) -> Conversation:
    if request.conversation_id is None:
        if request.parent_id is not None:
            message = "`parentId` needs the `conversationId` that it belongs to."
            raise InvalidInput(message, path=("parentId",))
        conversation = Conversation(owner_id=viewer.user_id, title=title_of(request.content))
        session.add(conversation)
        await session.flush()
        return conversation
    # Locked, so that two questions at once in one branch do not both see that nothing is being written.
    found = await ConversationRepository(session).by_id(request.conversation_id, lock=True)
    if found is None:
        message = "There is no such conversation."
        raise NotFound(message, path=("conversationId",))
    return found


async def _branch(
    repository: ConversationRepository, conversation: Conversation, request: SendMessage
) -> list[Message]:
    branch = await repository.branch(conversation.id, request.parent_id)
    if not branch:
        if request.parent_id is not None:
            message = "There is no such message in this conversation."
            raise NotFound(message, path=("parentId",))
        return []
    leaf = branch[-1]
    if leaf.status is MessageStatus.GENERATING:
        message = "An answer in this branch is still being written; wait for it or stop it."
        raise AlreadyRunning(message, path=("parentId",))
    if leaf.role is not MessageRole.ASSISTANT:
        message = "`parentId` must name an answer: a question follows an answer."
        raise InvalidInput(message, path=("parentId",))
    return branch


def _messages(
    viewer: Viewer, conversation: Conversation, branch: list[Message], request: SendMessage, model: str
) -> tuple[Message, Message, AnswerLease]:
    asked_at = now()
    scope = scope_as_json(request.scope)
    lease = AnswerLease(uuid4(), uuid4())
    shared = {"conversation_id": conversation.id, "owner_id": viewer.user_id, "scope": scope}
    question = Message(
        id=uuid4(),
        parent_id=branch[-1].id if branch else None,
        role=MessageRole.USER,
        status=MessageStatus.COMPLETED,
        content=request.content,
        created_at=asked_at,
        finished_at=asked_at,
        **shared,
    )
    answer = Message(
        id=lease.answer_id,
        parent_id=question.id,
        role=MessageRole.ASSISTANT,
        status=MessageStatus.GENERATING,
        content="",
        model=model,
        # A microsecond apart, so that the order of time is the order of the conversation.
        created_at=asked_at + timedelta(microseconds=1),
        lease_token=lease.token,
        # By the database's clock, which is what others compare it with.
        lease_until=NOW + timedelta(seconds=LEASE_SECONDS),
        **shared,
    )
    return question, answer, lease


def title_of(question: str) -> str:
    """Return a conversation's title: its first question, on one line, cut at a word."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    cut = line[: TITLE_CHARACTERS - 1]
    head, blank, _ = cut.rpartition(" ")
    return f"{head if blank and len(head) > TITLE_CHARACTERS // 2 else cut}…"
