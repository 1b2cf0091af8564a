"""Conversations in PostgreSQL; the viewer's row-level security decides what there is."""

from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import any_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.branches import Branch, Stretch, find_paths
from lexora_gql.conversations.finding import holding
from lexora_gql.conversations.leases import AnswerLease
from lexora_gql.conversations.models import (
    AnswerSource,
    Citation,
    Conversation,
    IdempotencyKey,
    Message,
    MessageRole,
)
from lexora_gql.storage.base import ids_array
from lexora_gql.storage.database import Database
from lexora_gql.storage.entities import Entities
from lexora_gql.storage.keyset import Order, Page, PageRequest, paginate

Row = TypeVar("Row")
NEWEST_FIRST = Order(Conversation.updated_at, Conversation.id, is_descending=True)
IDEMPOTENCY_HOURS = 24
# Asked for by everybody who watches an answer.
_CITATIONS, _SOURCES = Entities(Citation), Entities(AnswerSource)
_CITATIONS_OF = f"SELECT {', '.join(_CITATIONS.columns)} FROM lexora_citations($1, $2)"  # noqa: S608  # names of columns
_SOURCES_OF = f"SELECT {', '.join(_SOURCES.columns)} FROM lexora_sources($1, $2)"  # noqa: S608  # names of columns


@dataclass(frozen=True, slots=True)
class ConversationRepository:
    """Reads and writes inside one open transaction."""

    session: AsyncSession

    async def by_id(self, conversation_id: UUID, *, lock: bool = False) -> Conversation | None:
        """Return a conversation of the viewer's."""
        query = select(Conversation).where(Conversation.id == conversation_id)
        return await self.session.scalar(query.with_for_update() if lock else query)

    async def by_ids(self, ids: Ids[UUID]) -> dict[UUID, Conversation]:
        """Return those of the conversations that are the viewer's."""
        rows = await self.session.scalars(select(Conversation).where(Conversation.id == any_(ids_array(ids))))
        return {row.id: row for row in rows}

    async def page(self, request: PageRequest, words: list[str]) -> Page[Conversation]:
        """Return part of the viewer's conversations that hold all of the words, the last used first."""
        return await paginate(self.session, holding(words), NEWEST_FIRST, request)

    async def message(self, message_id: UUID, *, lock: bool = False) -> Message | None:
        """Return a message of the viewer's."""
        query = select(Message).where(Message.id == message_id)
        return await self.session.scalar(query.with_for_update() if lock else query)

    async def messages(self, ids: Ids[UUID]) -> dict[UUID, Message]:
        """Return those of the messages that are the viewer's."""
        rows = await self.session.scalars(select(Message).where(Message.id == any_(ids_array(ids))))
        return {row.id: row for row in rows}

    async def newest_answer(self, question_id: UUID) -> Message | None:
        """Return the answer to a question that was begun last."""
        query = select(Message).where(Message.parent_id == question_id, Message.role == MessageRole.ASSISTANT)
        return await self.session.scalar(query.order_by(Message.created_at.desc(), Message.id.desc()).limit(1))

    async def branch(self, conversation_id: UUID, leaf_id: UUID | None) -> list[Message]:
        """Return the messages from the first to a leaf; to the newest leaf where none is named.

        Empty where the leaf is not a message of the conversation.
        """
        branch = Branch(conversation_id, leaf_id)
        path = (await find_paths(self.session, [branch])).get(branch, [])
        rows = await self.messages(path)
        return [rows[message_id] for message_id in path]

    async def branches(self, wanted: Ids[Branch], request: PageRequest) -> dict[Branch, Page[Message]]:
        """Return the same part of each branch."""
        found = {branch: list[UUID]() for branch in wanted} | await find_paths(self.session, wanted)
        parts = {branch: Stretch.of(path, request) for branch, path in found.items()}
        # Only what is on a page is read whole: a branch may be long, and its texts longer.
        rows = await self.messages([message_id for part in parts.values() for message_id in part.ids])
        return {branch: part.page(rows) for branch, part in parts.items()}

    async def being_written(self, conversation_id: UUID) -> list[AnswerLease]:
        """Return the leases of a conversation's answers that are being written."""
        query = select(Message.id, Message.lease_token).where(
            Message.conversation_id == conversation_id, Message.lease_token.is_not(None)
        )
        rows = await self.session.execute(query)
        return [AnswerLease(answer_id, token) for answer_id, token in rows if token is not None]

    async def siblings(self, ids: Ids[UUID]) -> dict[UUID, list[Message]]:
        """Return the other versions of each message: same parent, same role; the oldest first."""
        one, other = Message.__table__.alias("one"), Message.__table__.alias("other")
        pairs = await self.session.execute(
            select(one.c.id, other.c.id)
            .join(
                other,
                (other.c.conversation_id == one.c.conversation_id)
                & other.c.parent_id.is_not_distinct_from(one.c.parent_id)
                & (other.c.role == one.c.role)
                & (other.c.id != one.c.id),
            )
            .where(one.c.id == any_(ids_array(ids)))
            .order_by(other.c.created_at, other.c.id)
        )
        found = [(row[0], row[1]) for row in pairs]
        rows = await self.messages({sibling for _, sibling in found})
        siblings: dict[UUID, list[Message]] = {message_id: [] for message_id in ids}
        for message_id, sibling in found:
            siblings[message_id].append(rows[sibling])
        return siblings

    async def citations(self, message_ids: Ids[UUID]) -> dict[UUID, list[Citation]]:
        """Return each answer's citations, in the order of the text."""
        rows = await self.session.scalars(
            select(Citation).where(Citation.message_id == any_(ids_array(message_ids))).order_by(Citation.ordinal)
        )
        return _grouped(message_ids, [(row.message_id, row) for row in rows])

    async def claimed_key(self, owner_id: UUID, key: str) -> IdempotencyKey | None:
        """Return what was done under an idempotency key in the last 24 hours.

        From here to the end of the transaction nobody else can use the key.
        """
        await self._lock(f"{owner_id}:{key}")
        mine = (IdempotencyKey.owner_id == owner_id) & (IdempotencyKey.key == key)
        expiry = func.now() - timedelta(hours=IDEMPOTENCY_HOURS)
        return await self.session.scalar(select(IdempotencyKey).where(mine, IdempotencyKey.created_at >= expiry))

    async def _lock(self, name: str) -> None:
        await self.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def citations_of(database: Database, viewer: Viewer, message_ids: Ids[UUID]) -> dict[UUID, list[Citation]]:
    """Return each answer's citations, in the order of the text, in one message to PostgreSQL.

    Raises:
        DatabaseAway: PostgreSQL does not answer.
    """
    rows = await database.rows(viewer, _CITATIONS_OF, list(message_ids))
    return _grouped(message_ids, [(row["message_id"], _CITATIONS.made(tuple(row))) for row in rows])


async def sources_of(database: Database, viewer: Viewer, message_ids: Ids[UUID]) -> dict[UUID, list[AnswerSource]]:
    """Return each answer's numbered sources, as `citations_of`."""
    rows = await database.rows(viewer, _SOURCES_OF, list(message_ids))
    return _grouped(message_ids, [(row["message_id"], _SOURCES.made(tuple(row))) for row in rows])


def _grouped(ids: Ids[UUID], rows: Sequence[tuple[UUID, Row]]) -> dict[UUID, list[Row]]:
    grouped: dict[UUID, list[Row]] = {message_id: [] for message_id in ids}
    for message_id, row in rows:
        grouped[message_id].append(row)
    return grouped
