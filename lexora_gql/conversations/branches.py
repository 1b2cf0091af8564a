"""Branches of conversations, from the first message to a leaf: found for many at once, read in parts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    CTE,
    FromClause,
    Select,
    TableValuedAlias,
    Uuid,
    bindparam,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lexora_gql.conversations.models import Message
from lexora_gql.storage.keyset import Page, PageRequest, Position


@dataclass(frozen=True, slots=True)
class Branch:
    """A way through a conversation.

    Attributes:
        leaf_id: The message that it ends in; the newest leaf where none is named.
    """

    conversation_id: UUID
    leaf_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a branch.

    Attributes:
        ids: Of its messages, in order.
        total: Length of the whole branch.
    """

    ids: Sequence[UUID]
    has_next: bool
    has_previous: bool
    total: int

    @classmethod
    def of(cls, path: Sequence[UUID], request: PageRequest) -> Self:
        """Return the part that a request asks for; a place that is not on the branch has nothing around it."""
        places = {message_id: number for number, message_id in enumerate(path)}
        low, high = 0, len(path)
        if request.after is not None:
            low = places.get(request.after.id, high - 1) + 1
        if request.before is not None:
            high = places.get(request.before.id, 0)
        is_backward = request.is_backward
        start = max(low, high - request.size) if is_backward else low
        end = high if is_backward else min(high, low + request.size)
        return cls(
            path[start:end],
            has_next=end < len(path) if is_backward else end < high,
            has_previous=start > low if is_backward else start > 0,
            total=len(path),
        )

    def page(self, messages: Mapping[UUID, Message]) -> Page[Message]:
        """Return the stretch as a page; what has gone since the branch was found is left out."""
        items = [messages[message_id] for message_id in self.ids if message_id in messages]
        return Page(
            items=items,
            positions=[Position(message.created_at, message.id) for message in items],
            has_next=self.has_next,
            has_previous=self.has_previous,
            total=self.total,
        )


def _leaf(asked: TableValuedAlias) -> FromClause:
    """Return the message that a branch ends in: the one that is named, or the newest that no other one follows."""
    follower = aliased(Message)
    is_followed = exists().where(follower.parent_id == Message.id)
    return (
        select(Message.id, Message.parent_id)
        .where(
            Message.conversation_id == asked.c.conversation_id,
            or_(Message.id == asked.c.leaf_id, asked.c.leaf_id.is_(None) & ~is_followed),
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("leaf")
    )


def _upwards(asked: TableValuedAlias, leaf: FromClause) -> CTE:
    """Return each message of the branches, with its distance from the leaf."""
    path = (
        select(asked.c.conversation_id, asked.c.leaf_id, leaf.c.id, leaf.c.parent_id, literal(0).label("steps"))
        .select_from(asked)
        .join(leaf, true())
        .cte("path", recursive=True)
    )
    before = select(
        path.c.conversation_id, path.c.leaf_id, Message.id, Message.parent_id, (path.c.steps + 1).label("steps")
    ).join(Message, (Message.id == path.c.parent_id) & (Message.conversation_id == path.c.conversation_id))
    return path.union_all(before)


def _paths() -> Select[Any]:
    """Return the query for the ids along each of many branches, the first message's first.

    There is no row where the leaf is not a message of the conversation, or the conversation has no message.
    """
    asked = (
        func.unnest(bindparam("conversation_ids", type_=ARRAY(Uuid())), bindparam("leaf_ids", type_=ARRAY(Uuid())))
        .table_valued(column("conversation_id", Uuid()), column("leaf_id", Uuid()))
        .render_derived(name="asked")
    )
    path = _upwards(asked, _leaf(asked))
    ids = func.array_agg(aggregate_order_by(path.c.id, path.c.steps.desc()))
    return select(path.c.conversation_id, path.c.leaf_id, ids).group_by(path.c.conversation_id, path.c.leaf_id)


# To put it together takes longer than to run it, and every question asks for a branch.
PATHS = _paths()


async def find_paths(session: AsyncSession, branches: Iterable[Branch]) -> dict[Branch, list[UUID]]:
    """Return the ids along each of many branches that there are, the first message's first; one statement."""
    asked = list(dict.fromkeys(branches))
    given = {
        "conversation_ids": [branch.conversation_id for branch in asked],
        "leaf_ids": [branch.leaf_id for branch in asked],
    }
    rows = await session.execute(PATHS, given)
    return {Branch(conversation_id, leaf_id): ids for conversation_id, leaf_id, ids in rows}
