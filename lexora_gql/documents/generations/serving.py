"""Which vectors serve, and the lock under which that changes.

Whoever makes a document's passages READY holds the lock shared, from before they look which generation serves until
the commit. Who begins a reindex or swaps holds it alone: nothing is published unseen. It is taken before rows are
locked that publishers may hold, never after.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.documents.models import Generation, Reindex

# Any number will do, as long as all processes agree on it.
GENERATION_LOCK = 5_391_406_229

# Made once: each document's way goes through them several times.
GENERATION = func.lexora_generation().table_valued("number", "embedder")
_SERVING = select(GENERATION.c.number, GENERATION.c.embedder)
_NEXT = select(Reindex.embedder).where(Reindex.finished_at.is_(None))
NEXT_EMBEDDER = _NEXT.scalar_subquery()
_NOTHING = select(true().label("is_asked")).subquery()
_PLAN = select(GENERATION.c.number, GENERATION.c.embedder, NEXT_EMBEDDER.label("following")).select_from(
    _NOTHING.outerjoin(GENERATION, true())
)
# For a statement of who publishes. What serves is then read by a later one, which sees what was committed while the
# lock was waited for.
HOLD_GENERATION = func.pg_advisory_xact_lock_shared(GENERATION_LOCK)


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


@dataclass(frozen=True, slots=True)
class Plan:
    """Whose vectors a document is to get.

    Attributes:
        serving: The generation that serves; None as long as nothing was published.
        following: Whose vectors are being built beside those.
    """

    serving: Serving | None
    following: str | None


def serving_or_none(number: int | None, embedder: str | None) -> Serving | None:
    """Return what the columns of GENERATION say."""
    return None if number is None or embedder is None else Serving(number, embedder)


async def plan(session: AsyncSession) -> Plan:
    """Return whose vectors a document is to get that is published next."""
    row = (await session.execute(_PLAN)).one()
    return Plan(serving_or_none(row.number, row.embedder), row.following)


async def serving(session: AsyncSession, configured: str) -> Serving:
    """Return the generation that serves; without any it is the configured embedder's. Any role may ask."""
    row = (await session.execute(_SERVING)).first()
    return Serving(row.number, row.embedder) if row is not None else Serving(0, configured)


async def still_serves(session: AsyncSession, planned: Serving, now: Serving | None) -> bool:
    """Return whether what was planned serves.

    The first to publish anything decides whose vectors the first generation's are.

    Args:
        session: Holds the lock shared.
        planned: What served when the vectors were made.
        now: What a statement after that which took the lock has seen.
    """
    if planned.number == 0 and now is None:
        first = insert(Generation).values(number=1, embedder=planned.embedder, folded_at=func.now())
        await session.execute(first.on_conflict_do_nothing())
        # A statement of its own: it sees who was first.
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
