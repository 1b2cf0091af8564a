"""A question and the beginning of its answer, written in one statement.

Each row in a statement of its own would be a wait for PostgreSQL more before the model is asked.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.conversations.leases import LEASE_SECONDS, AnswerLease
from lexora_gql.conversations.models import Conversation, Message

_PACE = """
WITH pace AS (
    SELECT count(*) AS asked, CAST(extract(epoch FROM now() - min(created_at)) AS double precision) AS oldest_seconds
    FROM messages
    WHERE owner_id = :owner_id AND role = 'ASSISTANT' AND created_at > now() - make_interval(secs => :pace_seconds)
), allowed AS (SELECT FROM pace WHERE asked < :questions_max)"""
_NEW_CONVERSATION = """, conversation AS (
    INSERT INTO conversations (id, owner_id, title, is_title_made, created_at, updated_at)
    SELECT CAST(:conversation_id AS uuid), CAST(:owner_id AS uuid), CAST(:title AS varchar),
        CAST(:is_title_made AS boolean), CAST(:begun_at AS timestamptz), CAST(:answer_at AS timestamptz)
    FROM allowed)"""
_KNOWN_CONVERSATION = """, conversation AS (
    UPDATE conversations SET title = CAST(:title AS varchar), updated_at = CAST(:answer_at AS timestamptz)
    FROM allowed WHERE id = CAST(:conversation_id AS uuid))"""
_QUESTION = """, question AS (
    INSERT INTO messages (id, conversation_id, owner_id, parent_id, role, status, content, scope, created_at,
        finished_at)
    SELECT CAST(:question_id AS uuid), CAST(:conversation_id AS uuid), CAST(:owner_id AS uuid),
        CAST(:parent_id AS uuid), 'USER', 'COMPLETED', CAST(:content AS varchar), :scope,
        CAST(:question_at AS timestamptz), CAST(:question_at AS timestamptz)
    FROM allowed)"""
# The lease ends by the database's clock, which is what others compare it with.
_ANSWER = """, answer AS (
    INSERT INTO messages (id, conversation_id, owner_id, parent_id, role, status, content, scope, model, created_at,
        lease_token, lease_until)
    SELECT CAST(:answer_id AS uuid), CAST(:conversation_id AS uuid), CAST(:owner_id AS uuid),
        CAST(:question_id AS uuid), 'ASSISTANT', 'GENERATING', '', :scope, CAST(:model AS varchar),
        CAST(:answer_at AS timestamptz), CAST(:lease_token AS uuid),
        clock_timestamp() + make_interval(secs => :lease_seconds)
    FROM allowed)"""
# What stands in the way was done more than a day ago: a key that holds was looked for before, under its lock.
_KEY = """, remembered AS (
    INSERT INTO idempotency_keys (owner_id, key, fingerprint, question_id, answer_id)
    SELECT CAST(:owner_id AS uuid), CAST(:key AS varchar), CAST(:fingerprint AS varchar),
        CAST(:question_id AS uuid), CAST(:answer_id AS uuid)
    FROM allowed
    ON CONFLICT (owner_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, question_id = excluded.question_id,
        answer_id = excluded.answer_id, created_at = now())"""
_SAID = " SELECT asked, oldest_seconds FROM pace"


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key, and what it stands for."""

    name: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How many questions may be asked in how many seconds."""

    questions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is written.

    Attributes:
        is_conversation_new: Whether the conversation has no row yet.
        is_question_new: Whether the question has none.
    """

    conversation: Conversation
    question: Message
    answer: Message
    lease: AnswerLease
    is_conversation_new: bool
    is_question_new: bool
    key: Key | None

    async def write(self, session: AsyncSession, pace: Pace) -> tuple[int, float]:
        """Write all of it, or nothing where as many questions as are allowed were asked.

        Whoever calls holds the viewer's row of `usage`: the questions of one person are counted one by one.

        Returns:
            How many were asked in the pace's seconds before this one, and how many seconds ago the first of them was.
        """
        parts = [
            _PACE,
            _NEW_CONVERSATION if self.is_conversation_new else _KNOWN_CONVERSATION,
            _QUESTION if self.is_question_new else "",
            _ANSWER,
            _KEY if self.key else "",
            _SAID,
        ]
        statement = text("".join(parts)).bindparams(bindparam("scope", type_=JSONB()))
        given = self._conversation() | self._messages() | self._key() | {
            "pace_seconds": pace.seconds,
            "questions_max": pace.questions,
        }  # fmt: skip
        asked, oldest_seconds = (await session.execute(statement, given)).one()
        return int(asked), float(oldest_seconds or 0)

    def _conversation(self) -> dict[str, Any]:
        row = self.conversation
        values: dict[str, Any] = {"conversation_id": row.id, "owner_id": row.owner_id, "title": row.title}
        if self.is_conversation_new:
            values |= {"is_title_made": row.is_title_made, "begun_at": row.created_at}
        return values

    def _messages(self) -> dict[str, Any]:
        question, answer = self.question, self.answer
        values: dict[str, Any] = {
            "question_id": question.id,
            "answer_id": answer.id,
            "answer_at": answer.created_at,
            "scope": answer.scope,
            "model": answer.model,
            "lease_token": self.lease.token,
            "lease_seconds": LEASE_SECONDS,
        }
        if self.is_question_new:
            values |= {
                "parent_id": question.parent_id,
                "content": question.content,
                "question_at": question.created_at,
            }
        return values

    def _key(self) -> dict[str, Any]:
        return {"key": self.key.name, "fingerprint": self.key.fingerprint} if self.key else {}
