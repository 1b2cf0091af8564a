"""Telling everyone who may read a document that it changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, BindParameter, Boolean, ColumnElement, Uuid, bindparam, false, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.ports.event_bus import EventBus

# Made once: to put it together takes longer than to run it.
_PUBLISH = select(
    func.lexora_publish(
        bindparam("collection", type_=Uuid),
        func.unnest(bindparam("documents", type_=ARRAY(Uuid))).column_valued("document"),
        bindparam("deleted", type_=Boolean),
    )
)


def feed_topic(user_id: UUID) -> str:
    """Return the bell that rings when a user's feed has something new."""
    return f"feed:{user_id}"


@dataclass(slots=True)
class Publication:
    """Changes of one transaction: numbered at its end, rung after its commit.

    The feeds' counters are locked until the commit, so `record` comes last in a transaction.
    """

    readers: set[UUID] = field(default_factory=set)

    async def record(
        self, session: AsyncSession, collection_id: UUID, document_ids: Iterable[UUID], *, deleted: bool = False
    ) -> None:
        """Give each change its number in the feed of everyone who may read the collection."""
        if ids := sorted(document_ids):
            given = {"collection": collection_id, "documents": ids, "deleted": deleted}
            self.readers.update((await session.scalars(_PUBLISH, given)).all())

    def recorded(self, readers: Iterable[UUID]) -> None:
        """Take note of whom a statement of this transaction has told, by `telling`."""
        self.readers.update(readers)

    async def ring(self, bus: EventBus) -> None:
        """Wake the subscribers; call it after the commit."""
        for reader in self.readers:
            await bus.ring(feed_topic(reader))


def telling(collection_id: ColumnElement[UUID], document_id: ColumnElement[UUID]) -> ColumnElement[Sequence[UUID]]:
    """Return what records a document's change within another statement, and whom it told.

    As `Publication.record` does, and for the same reason that statement comes last in its transaction. It must give no
    foreign key a new value: what that refers to would be locked after the counters.
    """
    # Its columns are those of the statement around it: a subquery with rows of its own would tell of each of them.
    told = select(func.lexora_publish(collection_id, document_id, false())).correlate_except(None)
    return func.array(told.scalar_subquery(), type_=ARRAY(Uuid))


async def next_revision(session: AsyncSession, collection_id: UUID) -> int:
    """Raise a collection's revision and return it; its row stays locked until the commit."""
    revision = await session.scalar(select(raised_revision(collection_id)))
    return int(revision or 0)


def raised_revision(collection_id: UUID | BindParameter[UUID]) -> ColumnElement[int]:
    """Return what raises a collection's revision within another statement; its row stays locked until the commit."""
    return func.lexora_next_revision(collection_id, type_=BigInteger)
