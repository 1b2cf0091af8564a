"""`lexora reindex` beside a server that may be running, and what `lexora doctor` asks of stored vectors."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvloop
from sqlalchemy import text

from lexora_gql.assembly.adapters import choose_embedder
from lexora_gql.assembly.former import FormerShelf
from lexora_gql.assembly.process import Process, open_process
from lexora_gql.documents.generations.serving import ReindexState, reindex_topic, serving
from lexora_gql.errors import AlreadyRunning
from lexora_gql.ports.event_bus import BusAway, heard
from lexora_gql.settings import Settings
from lexora_gql.storage.database import WORKER, Database

LOOK_SECONDS = 1.0
Tell = Callable[[ReindexState], None]


def reindex(settings: Settings, tell: Tell, *, is_waiting: bool) -> ReindexState:
    """Begin a reindex, and with `is_waiting` take part in it to its end; return how far it is.

    Who waits joins the one that is under way.

    Raises:
        AlreadyRunning: One is under way, and nobody wants to wait for it.
        Unavailable: PostgreSQL does not answer.
        WrongSettings: Something that is needed is not set.
    """

    async def run() -> ReindexState:
        async with open_process(settings) as process:
            state = await _begun(process, is_waiting=is_waiting)
            tell(state)
            return await _to_the_end(process, state, tell) if is_waiting else state

    return uvloop.run(run())


async def _begun(process: Process, *, is_waiting: bool) -> ReindexState:
    reindexing = process.services.reindexing
    try:
        return await reindexing.start_locally()
    except AlreadyRunning:
        state = await reindexing.state() if is_waiting else None
        if state is None:
            raise
        return state


async def _to_the_end(process: Process, state: ReindexState, tell: Tell) -> ReindexState:
    """Do a worker's part until it is over: it ends also where no worker runs."""
    reindexing, reembedding = process.services.reindexing, process.upkeep.reembedding
    async with process.adapters.bus.listen(reindex_topic()) as bells:
        while state.finished_at is None:
            is_more_due = await reembedding.step()
            now = await reindexing.state(state.id)
            if now is not None and now != state:
                state = now
                tell(state)
            if not is_more_due and state.finished_at is None:
                try:
                    await heard(bells, within_seconds=LOOK_SECONDS)
                except BusAway:
                    await asyncio.sleep(LOOK_SECONDS)
    return state


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """Whose vectors serve, and whether that is as it is configured.

    Attributes:
        passages: All of them.
        without: Those without a vector that serves: they are found by their wording only.
        is_to_be_had: Whether the embedder that serves can be asked for queries' vectors.
    """

    serving: str
    configured: str
    passages: int
    without: int
    is_to_be_had: bool


COUNT = text(
    "SELECT count(*) AS passages, count(*) FILTER (WHERE c.embedder <> :name AND v.chunk_id IS NULL) AS without"
    " FROM chunks c LEFT JOIN chunk_vectors v ON v.chunk_id = c.id AND v.embedder = :name"
)


async def stored_vectors(settings: Settings) -> StoredVectors:
    """Return whose vectors serve.

    Raises:
        Unavailable: PostgreSQL does not answer.
        WrongSettings: DATABASE_URL is not set.
    """
    async with _database(settings) as database:
        embedder, shelf = choose_embedder(settings), FormerShelf(settings)
        try:
            async with database.transaction(WORKER) as session:
                name = (await serving(session, embedder.name)).embedder
                row = (await session.execute(COUNT, {"name": name})).one()
            is_to_be_had = name == embedder.name or shelf.named(name) is not None
            return StoredVectors(name, embedder.name, row.passages, row.without, is_to_be_had)
        finally:
            await shelf.aclose()
            await embedder.aclose()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database.connect(settings.require_database_url(), pool_size=1, max_overflow=0)
    try:
        yield database
    finally:
        await database.dispose()
