"""Which vectors a search goes by when those that serve are not the configured embedder's."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.retrieval import meaning
from lexora_gql.retrieval.meaning import VectorsSwapped
from lexora_gql.retrieval.repository import RetrievalRepository
from lexora_gql.storage.database import Database
from tests.documents.generations.house import (
    NEW,
    OLD,
    QUESTION,
    House,
    cosine,
    likeness_of,
    likenesses,
    new,
    old,
    search,
    work,
)


@pytest.fixture
def house(database: Database) -> House:
    return House.over(database)


class TestAnEmbedderThatCannotBeHadAnyMore:
    async def test_its_passages_are_found_by_wording_only_and_the_log_says_so(self, house: House) -> None:
        viewer = await house.library.reader()
        documents = await house.filled(viewer, 3)
        process = house.server(new())
        with capture_logs() as logged:
            found = await search(process, viewer)
            await search(process, viewer)

        assert likeness_of(found) == dict.fromkeys((document.id for document in documents), None)
        assert [hit.semantic_rank for hit in found.hits] == [None] * 3
        assert sorted(hit.lexical_rank or 0 for hit in found.hits) == [1, 2, 3]
        [warning] = [entry for entry in logged if entry["event"] == "embedder_differs"]
        assert (warning["serving"], warning["configured"], warning["by_wording_only"]) == (OLD, NEW, True)

    async def test_words_that_are_nowhere_find_nothing(self, house: House) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 3)
        assert (await search(house.server(new()), viewer, "narwhal")).hits == ()
        # By meaning everything is alike, a little.
        assert len((await search(house.server(old()), viewer, "narwhal")).hits) == 3

    @pytest.mark.parametrize("error", [EmbedderUnavailable("away"), EmbedderRejected("no such model")])
    async def test_one_that_fails_is_left_alone_for_a_while(
        self, house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        viewer = await house.library.reader()
        [document] = await house.filled(viewer, 1)
        former, asked = old(), 0

        async def fail(_texts: object) -> None:
            nonlocal asked
            asked += 1
            raise error

        process = house.server(new(), former)
        with monkeypatch.context() as broken:
            broken.setattr(former, "embed", fail)
            assert [likeness_of(await search(process, viewer)) for _ in range(3)] == [{document.id: None}] * 3
        assert asked == 1
        monkeypatch.setattr(meaning, "REST_SECONDS", 0.0)
        assert likeness_of(await search(process, viewer))[document.id] is not None


class TestPassagesOfAnotherEmbedder:
    async def test_they_are_found_by_wording_beside_those_that_have_a_vector(self, house: House) -> None:
        viewer = await house.library.reader()
        [document] = await house.filled(viewer, 1)
        # As servers of an earlier release leave it that were set to another embedder.
        stray = await house.library.document(viewer, "The canteen is closed on Sundays.", embedder=new())
        process = house.server(old(), new())
        found = await search(process, viewer)

        by_id = likeness_of(found)
        assert by_id.keys() == {document.id, stray.id}
        assert by_id[stray.id] is None
        [hit] = [hit for hit in found.hits if hit.document.id == stray.id]
        assert (hit.semantic_rank, hit.lexical_rank is not None) == (None, True)

        await process.services.reindexing.start_locally()
        await work(process)
        content = hit.chunk.context + hit.chunk.text
        likeness = likeness_of(await search(process, viewer))[stray.id]
        assert likeness == pytest.approx(await cosine(old(), QUESTION, content), abs=1e-3)


class TestTheSwap:
    async def test_a_search_that_it_overtakes_begins_again(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        viewer = await house.library.reader()
        await house.filled(viewer, 3)
        process = house.server(new(), old())
        await process.services.reindexing.start_locally()
        changes, overtaken = RetrievalRepository.changes, 0

        async def overtake(*given: object, **named: object) -> object:
            nonlocal overtaken
            if overtaken == 0:
                await work(process)
            try:
                return await changes(*given, **named)  # type: ignore[arg-type]  # as they came
            except VectorsSwapped:
                overtaken += 1
                raise

        monkeypatch.setattr(RetrievalRepository, "changes", overtake)
        found = await search(process, viewer)

        assert overtaken == 1
        contents = [hit.chunk.context + hit.chunk.text for hit in found.hits]
        assert likenesses(found) == {round(await cosine(new(), QUESTION, one), 3) for one in contents}

    async def test_shards_of_former_vectors_leave_memory_and_disk(self, house: House, tmp_path: Path) -> None:
        viewer = await house.library.reader()
        [document] = await house.filled(viewer, 1)
        index = LocalIndex(tmp_path, 1 << 24, settle_seconds=0)
        try:
            process = house.server(new(), old(), index=index)
            await search(process, viewer)
            await process.services.reindexing.start_locally()
            await work(process)
            await search(process, viewer)
            assert await index.revision(document.collection_id, f"{OLD}#1") == 0
            assert await index.revision(document.collection_id, f"{NEW}#2") == 1
        finally:
            await index.aclose()
        assert len(await asyncio.to_thread(lambda: list(tmp_path.rglob("header.json")))) == 1
