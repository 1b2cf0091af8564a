"""Another embedder, servers and workers as processes: one dies in the middle, and people search all the while."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from lexora_gql.documents.models import Chunk, ChunkVector, Generation
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from tests.adapters.embeddings_server import EmbeddingsServer
from tests.database import connect
from tests.end_to_end.client import Client
from tests.end_to_end.stack import Stack
from tests.terminal.running_server import lexora

QUESTION = "When does the canteen open?"
LEASES = {"LEASE_SECONDS": "1", "LEASE_RENEWAL_SECONDS": "0.3", "RECONCILE_SECONDS": "0.3"}
# As many dimensions as WordLlama has: nothing but the name keeps the two apart.
DIMENSIONS = 256

Order = tuple[tuple[str, int | None], ...]


async def order(client: Client) -> Order:
    """Return the passages that a search finds, with their places by meaning."""
    found = await client.run("Search", query=QUESTION, first=30)
    return tuple((hit["chunk"]["id"], hit["semanticRank"]) for hit in found["search"]["hits"])


async def counted(database: Database, table: type[Base]) -> int:
    async with database.engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


@dataclass(slots=True)
class Searchers:
    """Ask at several servers, one after another, until stopped; note each answer."""

    clients: list[Client]
    seen: list[Order] = field(default_factory=list)

    async def search(self) -> None:
        while True:
            for client in self.clients:
                self.seen.append(await order(client))

    def changes(self) -> list[Order]:
        """Return the answers, each as often as it began to be given."""
        return [one for one, before in zip(self.seen, [None, *self.seen], strict=False) if one != before]


async def filled(client: Client, folder: Path) -> None:
    """Upload texts of some passages each, of different lengths."""
    ids = []
    for number in range(3):
        path = folder / f"canteen-{number}.txt"
        lines = (f"Canteen {number} opens at {at}. " + "It serves soup. " * at for at in range(30))
        path.write_text("\n\n".join(lines), encoding="utf-8")
        ids.append((await client.upload(path))["document"]["id"])
    assert {state["status"] for state in (await client.finished(*ids)).values()} == {"READY"}


async def reindexed(stack: Stack, database: Database, other: dict[str, str]) -> None:
    """Begin a reindex, kill the worker that is at it in the middle, and have another end it."""
    begun = await lexora("reindex", environment=stack.environment(**other))
    assert begun.code == 0, begun.errors
    slow = await stack.start_worker(**other, EMBEDDING_BATCH_SIZE="1")
    async with asyncio.timeout(60):
        while await counted(database, ChunkVector) < 5:  # noqa: ASYNC110  # the table has no bell
            await asyncio.sleep(0.01)
    await slow.kill()
    assert 5 <= await counted(database, ChunkVector) < await counted(database, Chunk)
    assert await counted(database, Generation) == 1
    await stack.start_worker(**other)
    async with asyncio.timeout(60):
        while await counted(database, Generation) == 1:  # noqa: ASYNC110  # nor has this one
            await asyncio.sleep(0.01)


class TestAnotherEmbedder:
    async def test_a_worker_dies_in_the_middle_and_no_search_on_any_server_mixes_vectors(
        self, postgres_url: str, tmp_path: Path
    ) -> None:
        with EmbeddingsServer(DIMENSIONS) as embeddings:
            other = {"OPENAI_EMBEDDING_MODEL": "other"}
            shared = {"OPENAI_BASE_URL": embeddings.url, "OPENAI_MODEL": "none", **LEASES}
            async with Stack.open(postgres_url, **shared) as stack:
                database = connect(stack.database_url, connections=4)
                released, worker = await asyncio.gather(stack.start_api(), stack.start_worker())
                first = Client(released.address)
                await first.register()
                await filled(first, tmp_path)
                before = await order(first)
                assert await worker.stop() == 0

                deployed = await stack.start_api(port=None, **other)
                second = Client(deployed.address, first.token)
                assert await order(second) == before
                searchers = Searchers([first, second])
                searching = asyncio.create_task(searchers.search())
                await reindexed(stack, database, other)

                after = await order(second)
                assert await order(first) == after
                searching.cancel()
                await asyncio.gather(searching, return_exceptions=True)
                await asyncio.gather(first.http.aclose(), second.http.aclose(), database.dispose())
        # Cancelled, and nothing worse: no search failed.
        assert searching.cancelled()
        # The old vectors, then the new ones, never a third order, and never back.
        assert [len(set(one)) for one in (before, after)] == [30, 30]
        assert before != after
        assert searchers.changes() in ([before], [before, after])
