"""Searches that are remembered: the same as those of the index, never stale, never another person's."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.documents.models import CollectionAccess, CollectionMember, Document
from lexora_gql.ports.embedder import EmbedderUnavailable
from lexora_gql.ports.passage_index import Rankings, Scored
from lexora_gql.retrieval.ranking_cache import DOCUMENTS_MAX, Ranked, RankingCache
from lexora_gql.retrieval.repository import Searchable
from lexora_gql.retrieval.scope import EVERYTHING, Scope
from lexora_gql.retrieval.service import Found
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

CANTEEN = "The canteen opens at noon."
QUESTION = "When does the canteen open?"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database, search_cache_seconds=600).closing() as desk:
        yield desk


async def search(desk: Desk, viewer: Viewer, query: str = QUESTION, *, scope: Scope = EVERYTHING) -> Found:
    return await desk.process.services.retrieval.search(viewer, query, first=10, scope=scope)


def documents_of(found: Found) -> list[UUID]:
    return [hit.chunk.document_id for hit in found.hits]


def told(found: Found) -> tuple[Any, ...]:
    """All that a search says, but the time it took."""
    hits = [(hit.chunk.id, hit.score, hit.semantic_rank, hit.lexical_rank, hit.likeness) for hit in found.hits]
    return hits, found.candidates


def hits_of(desk: Desk, cache: str) -> float:
    return desk.process.metrics.registry.get_sample_value("cache_hit_total", {"cache": cache}) or 0.0


def misses_of(desk: Desk, cache: str) -> float:
    return desk.process.metrics.registry.get_sample_value("cache_miss_total", {"cache": cache}) or 0.0


def entries_of(desk: Desk) -> dict[tuple[str, str], tuple[bytes, float]]:
    cache = desk.process.adapters.cache
    assert isinstance(cache, InMemorySharedCache)
    return cache._entries


class TestTheSameSearchAgain:
    async def test_it_says_the_same_without_embedder_and_index(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        for number in range(5):
            await desk.document(viewer, f"{CANTEEN} Number {number}.", "Invoices are paid within 30 days.")
        first = await search(desk, viewer)

        async def fail(*_args: object, **_named: object) -> None:
            pytest.fail("was asked again")

        monkeypatch.setattr(desk.process.adapters.index, "search", fail)
        monkeypatch.setattr(desk.process.adapters.embedder, "embed", fail)
        again = await search(desk, viewer)

        assert told(again) == told(first)
        assert len(again.hits) == 10
        assert (misses_of(desk, "search"), hits_of(desk, "search")) == (1, 1)

    async def test_many_at_once_agree(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        found = await asyncio.gather(*(search(desk, viewer) for _ in range(20)))
        assert len({str(told(one)) for one in found}) == 1

    @pytest.mark.parametrize(
        "other",
        [
            {"query": QUESTION + "?"},
            {"query": QUESTION.upper()},
            {"scope": Scope(tags=("menu",))},
            {"scope": Scope(document_ids=())},
        ],
    )
    async def test_another_search_is_another(self, desk: Desk, other: dict[str, Any]) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        await search(desk, viewer)
        await search(desk, viewer, **other)
        assert hits_of(desk, "search") == 0

    async def test_switched_off_nothing_is_remembered(self, database: Database) -> None:
        async with Desk.over(database, search_cache_seconds=0).closing() as desk:
            viewer = await desk.library.reader()
            await desk.document(viewer, CANTEEN)
            assert told(await search(desk, viewer)) == told(await search(desk, viewer))
            assert entries_of(desk) == {}

    async def test_without_the_cache_it_goes_on(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, CANTEEN)
        cache = desk.process.adapters.cache
        assert isinstance(cache, InMemorySharedCache)
        await search(desk, viewer)
        cache.go_away()
        assert documents_of(await search(desk, viewer)) == [document.id]
        cache.come_back()
        assert documents_of(await search(desk, viewer)) == [document.id]


class TestNeverStale:
    async def test_what_came_since_is_found(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        documents = []
        for number in range(3):
            documents.append((await desk.document(viewer, f"{CANTEEN} {number}")).id)
            assert set(documents_of(await search(desk, viewer))) == set(documents)

    async def test_what_was_deleted_is_not(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        documents = [await desk.document(viewer, CANTEEN) for _ in range(3)]
        await search(desk, viewer)
        await desk.process.services.documents.delete(viewer, documents[0].id)
        found = await search(desk, viewer)
        assert set(documents_of(found)) == {document.id for document in documents[1:]}
        assert found.candidates == 2

    async def test_what_reads_otherwise_by_now_is_found_by_its_new_words(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, CANTEEN)
        await search(desk, viewer)
        await desk.read_anew(document, "The canteen is closed.")
        assert [hit.chunk.text for hit in (await search(desk, viewer)).hits] == ["The canteen is closed."]

    async def test_tags_and_titles_are_those_of_now(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        scope = Scope(tags=("menu",))
        document = await desk.document(viewer, CANTEEN, tags=["menu"])
        assert documents_of(await search(desk, viewer, scope=scope)) == [document.id]
        async with desk.library.database.engine.begin() as connection:
            await connection.execute(update(Document).values(tags=[], title="Renamed"))
        assert documents_of(await search(desk, viewer, scope=scope)) == []
        assert [hit.document.title for hit in (await search(desk, viewer)).hits] == ["Renamed"]


class TestNeverAnothers:
    async def test_a_member_who_left_finds_nothing(self, desk: Desk, database: Database) -> None:
        owner, member = await desk.library.reader(), await desk.library.reader()
        document = await desk.document(owner, CANTEEN)
        await desk.library.add(
            CollectionMember(
                collection_id=document.collection_id, user_id=member.user_id, access=CollectionAccess.VIEWER
            )
        )
        for _ in range(2):
            assert documents_of(await search(desk, member)) == [document.id]
        async with database.engine.begin() as connection:
            await connection.execute(delete(CollectionMember))
        assert documents_of(await search(desk, member)) == []
        assert documents_of(await search(desk, owner)) == [document.id]

    async def test_even_a_forged_memory_gives_nothing_away(self, desk: Desk) -> None:
        owner, thief = await desk.library.reader(), await desk.library.reader()
        await desk.document(owner, CANTEEN)
        mine = await desk.document(thief, "The shop closes at nine.")
        await search(desk, owner)
        [(value, ends_at)] = entries_of(desk).values()
        await search(desk, thief)
        [forged] = [at for at in entries_of(desk) if at[0] == f"ranking:{thief.user_id}"]
        entries_of(desk)[forged] = (value, ends_at)

        found = await search(desk, thief)

        assert hits_of(desk, "search") == 1
        assert found.hits == ()
        assert documents_of(await search(desk, thief, "When does the shop close?")) == [mine.id]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda _value: b"",
            lambda value: value[:-1],
            lambda value: value.replace(b"[", b"{"),
            lambda _value: b"\x80\x04K\x01.",
            lambda _value: b"[0.4,[[1,1,[[1,null]],[]]]]",
            lambda _value: b'[0.4,[[1,1,[["x",1.0]],[]]]]',
        ],
    )
    async def test_a_damaged_memory_is_none(self, desk: Desk, damage: Callable[[bytes], bytes]) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        first = await search(desk, viewer)
        for at, (value, ends_at) in entries_of(desk).items():
            entries_of(desk)[at] = (damage(value), ends_at)
        assert told(await search(desk, viewer)) == told(first)
        assert hits_of(desk, "search") == 0


class TestVectorsOfQueries:
    @pytest.fixture
    async def desk(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
        """With an embedder that is paid for."""
        monkeypatch.setattr(HashingEmbedder, "is_costly", True)
        async with Desk.over(database, search_cache_seconds=600).closing() as desk:
            yield desk

    @staticmethod
    def paid_for(desk: Desk) -> int:
        embedder = desk.process.adapters.embedder
        assert isinstance(embedder, HashingEmbedder)
        return embedder.texts_embedded.count(QUESTION)

    async def test_a_query_is_paid_for_once_whatever_changes(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        for number in range(3):
            await desk.document(viewer, f"{CANTEEN} {number}")
            assert len((await search(desk, viewer)).hits) == number + 1
        assert self.paid_for(desk) == 1
        assert (misses_of(desk, "query_vector"), hits_of(desk, "query_vector")) == (1, 2)

    async def test_but_by_each_who_asks(self, desk: Desk) -> None:
        for _ in range(2):
            viewer = await desk.library.reader()
            await desk.document(viewer, CANTEEN)
            await search(desk, viewer)
        assert self.paid_for(desk) == 2

    async def test_it_does_while_the_embedder_is_away(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        await search(desk, viewer)
        await desk.document(viewer, CANTEEN + " Always.")

        async def fail(_texts: object) -> None:
            message = "away"
            raise EmbedderUnavailable(message)

        monkeypatch.setattr(desk.process.adapters.embedder, "embed", fail)
        assert len((await search(desk, viewer)).hits) == 2

    @pytest.mark.parametrize("damage", [b"", b"\x00" * 255, b"\xff" * 256, b"\x00" * 260])
    async def test_a_damaged_one_is_made_anew(self, desk: Desk, damage: bytes) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        first = await search(desk, viewer)
        for at, (_, ends_at) in entries_of(desk).items():
            entries_of(desk)[at] = (damage, ends_at)
        assert told(await search(desk, viewer)) == told(first)
        assert self.paid_for(desk) == 2


SERVING, PLACE = Serving(1, "words"), Searchable(UUID(int=1), 7, None)


class TestWhatIsRemembered:
    @pytest.mark.parametrize(
        ("_case", "serving", "places", "words", "count"),
        [
            ("other vectors", Serving(2, "words"), [PLACE], QUESTION, 100),
            ("another embedder", Serving(1, "runes"), [PLACE], QUESTION, 100),
            ("another question", SERVING, [PLACE], QUESTION + " ", 100),
            ("longer lists", SERVING, [PLACE], QUESTION, 101),
            ("a later revision", SERVING, [replace(PLACE, revision=8)], QUESTION, 100),
            ("another collection", SERVING, [replace(PLACE, collection_id=UUID(int=2))], QUESTION, 100),
            ("another one beside", SERVING, [PLACE, replace(PLACE, collection_id=UUID(int=2))], QUESTION, 100),
            ("one document", SERVING, [replace(PLACE, documents=frozenset([UUID(int=3)]))], QUESTION, 100),
            ("no document", SERVING, [replace(PLACE, documents=frozenset())], QUESTION, 100),
        ],
    )
    def test_all_that_matters_is_in_the_key(
        self, desk: Desk, _case: str, serving: Serving, places: list[Searchable], words: str, count: int
    ) -> None:
        remembered = RankingCache(desk.process.adapters.cache, desk.process.metrics, 600)
        assert remembered.key(serving, places, words, count) != remembered.key(SERVING, [PLACE], QUESTION, 100)
        assert remembered.key(serving, places, words, count) == remembered.key(serving, places, words, count)

    @pytest.mark.parametrize(("documents", "is_kept"), [(DOCUMENTS_MAX, True), (DOCUMENTS_MAX + 1, False)])
    def test_a_search_within_very_many_documents_is_not(self, desk: Desk, documents: int, is_kept: bool) -> None:
        remembered = RankingCache(desk.process.adapters.cache, desk.process.metrics, 600)
        place = replace(PLACE, documents=frozenset(UUID(int=at) for at in range(documents)))
        assert (remembered.key(SERVING, [place], QUESTION, 100) is not None) is is_kept

    @pytest.mark.parametrize(("revision", "is_kept"), [(7, True), (8, False)])
    async def test_what_is_newer_than_its_key_is_not(self, desk: Desk, revision: int, is_kept: bool) -> None:
        viewer = await desk.library.reader()
        remembered = RankingCache(desk.process.adapters.cache, desk.process.metrics, 600)
        ranked = Ranked([Rankings([Scored(1, 0.5)], [], 1, revision)], 0.4)
        await remembered.put(viewer, "key", [PLACE], ranked)
        assert (await remembered.get(viewer, "key") is not None) is is_kept
