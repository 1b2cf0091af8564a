"""An answer that is being written, as a row: only who holds its lease may write to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.models import AnswerFailureCode, AnswerMode, Message, MessageStatus
from lexora_gql.storage.database import Database

NOW = func.clock_timestamp()
LEASE_SECONDS = 8.0
RENEWAL_SECONDS = 2.0
# To end an answer takes milliseconds; who dies over it must not keep it waiting as long as its producer did.
TAKEN_SECONDS = 3.0
# Every second, for each answer that is written: in one message.
_RENEW = "SELECT is_stop_wanted FROM lexora_renew_answer($1, $2, $3, $4, $5)"
# Once each for every answer, the first before its first word.
_TELL_SOURCES = "SELECT is_stop_wanted FROM lexora_tell_sources($1, $2, $3, $4, $5)"
_END = "SELECT is_ours FROM lexora_end_answer($1, $2, $3, $4, $5, $6)"

_ENDED = {
    "status",
    "mode",
    "prompt_tokens",
    "completion_tokens",
    "failure_code",
    "failure_message",
    "failure_is_retryable",
}

Rows = Sequence[Mapping[str, object]]
"""By their columns' names; owner and message go without saying."""


@dataclass(frozen=True, slots=True)
class AnswerLease:
    """Leave to write one answer."""

    answer_id: UUID
    token: UUID


@dataclass(frozen=True, slots=True)
class AnswerEnd:
    """How an answer ended.

    Attributes:
        content: The whole text.
        failure: Code, message and whether asking again may help; for FAILED and INTERRUPTED.
    """

    status: MessageStatus
    content: str
    mode: AnswerMode | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    failure: tuple[AnswerFailureCode, str, bool] | None = None


@dataclass(frozen=True, slots=True)
class AnswerLeaseRepository:
    """Leases inside one open transaction."""

    session: AsyncSession

    async def write(self, lease: AnswerLease, values: dict[str, Any]) -> bool:
        """Write to the answer's row; return whether somebody wants the answer stopped.

        Raises:
            ProducerLost: The lease is over, or the answer is gone.
        """
        written = await self.session.execute(
            update(Message)
            .where(Message.id == lease.answer_id, Message.lease_token == lease.token)
            .values(values)
            .returning(Message.stop_requested_at)
        )
        row = written.first()
        if row is None:
            raise ProducerLost
        return row[0] is not None

    async def end(self, lease: AnswerLease, end: AnswerEnd) -> None:
        """Write how the answer ended, and let go of it.

        Raises:
            ProducerLost: The lease is over, or the answer is gone.
        """
        await self.write(lease, ended(end))

    async def take_over(self, lapsed: AnswerLease, heir: AnswerLease) -> None:
        """Give an answer whose lease has lapsed another, for as long as it takes to end it.

        Who holds the old one can write no more.

        Raises:
            ProducerLost: Somebody else has taken it over, it was renewed after all, or the answer is gone.
        """
        lasts_until = NOW + timedelta(seconds=TAKEN_SECONDS)
        taken = await self.session.execute(
            update(Message)
            .where(Message.id == lapsed.answer_id, Message.lease_token == lapsed.token, Message.lease_until < NOW)
            .values(lease_token=heir.token, lease_until=lasts_until)
            .returning(Message.id)
        )
        if taken.first() is None:
            raise ProducerLost

    async def lapsed(self, *, limit: int) -> list[Message]:
        """Lock answers whose producer has not been heard of for the length of a lease."""
        query = (
            select(Message)
            .where(Message.status == MessageStatus.GENERATING, Message.lease_until < NOW)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list((await self.session.scalars(query)).all())


async def renew(database: Database, viewer: Viewer, lease: AnswerLease, text: str | None = None) -> bool:
    """Keep a lease, and write the text so far where it is given; return whether somebody wants the answer stopped.

    Raises:
        ProducerLost: The lease is over, or the answer is gone.
        DatabaseAway: PostgreSQL does not answer.
    """
    lasts = timedelta(seconds=LEASE_SECONDS)
    rows = await database.rows(viewer, _RENEW, lease.answer_id, lease.token, text, lasts)
    if not rows:
        raise ProducerLost
    return bool(rows[0]["is_stop_wanted"])


async def tell_sources(
    database: Database, viewer: Viewer, lease: AnswerLease, told: Mapping[str, object], sources: Rows
) -> bool:
    """Write what an answer is based on; return whether somebody wants the answer stopped.

    Args:
        database: Where.
        viewer: Who asked.
        lease: Leave to write it.
        told: The answer's query, candidates, took_milliseconds and mode.
        sources: Its `AnswerSource`s. Those that are there already stay; a chunk that was deleted meanwhile is left out.

    Raises:
        ProducerLost: The lease is over, or the answer is gone.
        DatabaseAway: PostgreSQL does not answer.
        IntegrityError: Something was deleted just now; to be tried again.
    """
    rows = await database.rows(viewer, _TELL_SOURCES, lease.answer_id, lease.token, _json(told), _json(sources))
    if not rows:
        raise ProducerLost
    return bool(rows[0]["is_stop_wanted"])


async def end_answer(database: Database, viewer: Viewer, lease: AnswerLease, end: AnswerEnd, citations: Rows) -> None:
    """Write how an answer ended, with its `Citation`s, count its tokens, and let go of it: all of it, or nothing.

    Raises:
        ProducerLost, DatabaseAway, IntegrityError: As `tell_sources`.
    """
    values = {name: value for name, value in ended(end).items() if name in _ENDED}
    given = lease.answer_id, lease.token, end.content, _json(values), _json(citations)
    [row] = await database.rows(viewer, _END, *given)
    if not row["is_ours"]:
        raise ProducerLost


def _json(value: object) -> str:
    return json.dumps(value, default=str, allow_nan=False)


def ended(end: AnswerEnd) -> dict[str, Any]:
    """Return what the row says of an answer that ended."""
    code, message, is_retryable = end.failure or (None, None, None)
    values: dict[str, Any] = {
        "status": end.status,
        "content": end.content,
        "finished_at": NOW,
        "lease_token": None,
        "lease_until": None,
        "failure_code": code,
        "failure_message": message,
        "failure_is_retryable": is_retryable,
    }
    if end.mode is not None:
        values["mode"] = end.mode
    if end.prompt_tokens is not None:
        values |= {"prompt_tokens": end.prompt_tokens, "completion_tokens": end.completion_tokens}
    return values
