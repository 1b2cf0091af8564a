"""What is deleted goes out of the index though nobody searches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.documents.models import Document
from lexora_gql.ports.passage_index import KeptShard
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.retrieval.service import RetrievalService
from lexora_gql.retrieval.tidying import IndexTidying
from lexora_gql.storage.database import Database
from lexora_gql.telemetry.metrics import Metrics
from tests.documents.desk import Desk
from tests.factories import Library

WORD = b"xylophon"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


@pytest.fixture
async def document(library: Library, viewer: Viewer) -> Document:
    """The one of two documents in a collection that holds a word of its own."""
    collection_id = await library.collection(viewer)
    await library.document(viewer, "The canteen opens at noon.", collection_id=collection_id)
    return await library.document(viewer, "The codeword is xylophone.", collection_id=collection_id)


@asynccontextmanager
async def server(desk: Desk, folder: Path) -> AsyncIterator[tuple[RetrievalService, IndexTidying, LocalIndex]]:
    """One API's retrieval; its snapshots are written when it ends."""
    index = LocalIndex(folder, 100_000_000, settle_seconds=0)
    retrieval = RetrievalService(desk.database, HashingEmbedder(), index, InMemorySharedCache(), Metrics.create())
    try:
        yield retrieval, IndexTidying(desk.database, index, HashingEmbedder().name), index
    finally:
        await index.aclose()


def holding(folder: Path) -> list[Path]:
    """Return the files that hold the word."""
    return [path for path in folder.rglob("*") if path.is_file() and WORD in path.read_bytes()]


def files_in(folder: Path) -> set[str]:
    """Return the names of all files but the slots' locks."""
    return {path.name for path in folder.rglob("*") if path.is_file()} - {"lock"}


async def searched(retrieval: RetrievalService, viewer: Viewer) -> set[UUID]:
    found = await retrieval.search(viewer, "xylophone", first=5, scope=EVERYTHING)
    return {hit.document.id for hit in found.hits}


class TestADeletedDocument:
    async def test_it_goes_out_of_a_shard_in_memory_and_on_disk(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path) as (retrieval, tidying, index):
            assert document.id in await searched(retrieval, viewer)
            await desk.documents.delete(viewer, document.id)
            [before] = await index.kept()

            await tidying.tidy()

            [after] = await index.kept()
            assert (before.revision, after.revision) == (2, 3)
        assert holding(tmp_path) == []

    async def test_it_goes_out_of_a_snapshot_that_nobody_has_opened(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path) as (retrieval, _, _):
            await searched(retrieval, viewer)
        assert holding(tmp_path) != []
        await desk.documents.delete(viewer, document.id)

        async with server(desk, tmp_path) as (_, tidying, _):
            await tidying.tidy()

        assert holding(tmp_path) == []

    async def test_it_goes_out_of_what_a_process_left_that_is_gone(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path), server(desk, tmp_path) as (retrieval, _, _):
            await searched(retrieval, viewer)
        await desk.documents.delete(viewer, document.id)
        assert {path.relative_to(tmp_path).parts[0] for path in holding(tmp_path)} == {"slot-1"}

        async with server(desk, tmp_path) as (_, tidying, index):
            assert [shard.is_left for shard in await index.kept()] == [True]
            await tidying.tidy()
            assert await index.kept() == []

        assert holding(tmp_path) == []

    async def test_a_process_that_never_searches_drops_the_shard(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        """As a worker whose slot was an API's before."""
        async with server(desk, tmp_path) as (retrieval, _, _):
            await searched(retrieval, viewer)
        await desk.documents.delete(viewer, document.id)

        async with server(desk, tmp_path) as (_, tidying, index):
            await tidying.tidy(is_searched=False)
            assert await index.kept() == []

        assert files_in(tmp_path) == set()

    async def test_what_somebody_else_holds_is_theirs_to_tidy(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path) as (_, tidying, index), server(desk, tmp_path) as (other, others, theirs):
            await searched(other, viewer)
            await desk.documents.delete(viewer, document.id)

            await tidying.tidy()
            assert (await index.kept(), [shard.revision for shard in await theirs.kept()]) == ([], [2])
            await others.tidy()
            assert [shard.revision for shard in await theirs.kept()] == [3]


class TestADeletedCollection:
    async def test_nothing_of_it_is_left_in_any_slot(
        self, desk: Desk, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path) as (one, _, _), server(desk, tmp_path) as (other, _, _):
            await searched(one, viewer)
            await searched(other, viewer)
        await desk.collections.delete(viewer, document.collection_id)

        async with server(desk, tmp_path) as (_, tidying, index):
            assert sorted(shard.is_left for shard in await index.kept()) == [False, True]
            await tidying.tidy()
            assert await index.kept() == []

        assert files_in(tmp_path) == set()


class TestWhatIsNotDeleted:
    async def test_a_shard_that_only_lacks_what_is_new_is_left_alone(
        self, desk: Desk, library: Library, viewer: Viewer, document: Document, tmp_path: Path
    ) -> None:
        async with server(desk, tmp_path) as (retrieval, tidying, index):
            await searched(retrieval, viewer)
            before = await index.kept()
            await library.document(viewer, "Something new.", collection_id=document.collection_id)

            await tidying.tidy()

            assert await index.kept() == before
            assert before == [KeptShard(document.collection_id, f"{HashingEmbedder().name}#1", 2)]
