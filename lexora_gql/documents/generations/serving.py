"""Which vectors serve, and the lock under which that changes.

Whoever makes a document's passages READY holds the lock shared, from before they look which generation serves until
the commit. Who begins a reindex or swaps holds it alone: nothing is published unseen. It is taken before rows are
locked that publishers may hold, never after.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.models import Generation, Reindex

# Any number will do, as long as all processes agree on it.
GENERATION_LOCK = 5_391_406_229

# Made once: each document's way goes through them several times.
GENERATION = func.lexora_generation().table_valued("number", "embedder")
_SERVING = select(GENERATION.c.number, GENERATION.c.embedder)
_NEXT = select(Reindex.embedder).where(Reindex.finished_at.is_(None))
_HOLD = select(func.pg_advisory_xact_lock_shared(GENERATION_LOCK))


def reindex_topic() -> str:
    """Return the bell that rings when a reindex has moved on."""
    return "reindex"


@dataclass(frozen=True, slots=True)
class Serving:
    """The vectors that searches go by.

    Attributes:
        number: 0 until anything was published; then each swap raises it.
        embedder: Whose vectors they are.
    """

    number: int
    embedder: str


async def serving(session: AsyncSession, configured: str) -> Serving:
    """Return the generation that serves; without any it is the configured embedder's. Any role may ask."""
    row = (await session.execute(_SERVING)).first()
    return Serving(row.number, row.embedder) if row is not None else Serving(0, configured)


async def confirm(session: AsyncSession, planned: Serving) -> bool:
    """Return whether a generation still serves, and keep it so until the commit.

    The first to publish anything decides whose vectors the first generation's are.
    """
    await session.execute(_HOLD)
    # A statement of its own each: they see what was committed while the lock was waited for.
    if planned.number == 0:
        first = insert(Generation).values(number=1, embedder=planned.embedder, folded_at=func.now())
        await session.execute(first.on_conflict_do_nothing())
    now = await serving(session, planned.embedder)
    return now == planned or (planned.number == 0 and now == Serving(1, planned.embedder))


async def lock_generations(session: AsyncSession) -> None:
    """Wait until nobody publishes, and let nobody until the commit."""
    await session.execute(select(func.pg_advisory_xact_lock(GENERATION_LOCK)))


async def next_embedder(session: AsyncSession) -> str | None:
    """Return whose vectors are being built beside those that serve."""
    found: str | None = await session.scalar(_NEXT)
    return found


@dataclass(frozen=True, slots=True)
class ReindexState:
    """How far a re-embedding is: totals, nothing of anybody's.

    Attributes:
        done: Passages that have their new vector, of those that are there.
        failure: Why it stopped; what was done is kept for the next that is started.
    """

    id: UUID
    embedder: str
    done: int
    total: int
    started_at: datetime
    finished_at: datetime | None
    failure: str | None
