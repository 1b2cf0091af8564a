"""Searching: what may be read, as it is now, best first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.documents.models import CollectionAccess, CollectionMember
from lexora_gql.errors import IndexLoading, InvalidInput, Unavailable
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.passage_index import ShardLoading
from lexora_gql.retrieval.scope import EVERYTHING, Scope
from lexora_gql.retrieval.service import Found
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

CANTEEN = "The canteen opens at noon."
QUESTION = "When does the canteen open?"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


async def search(
    desk: Desk, viewer: Viewer, query: str = QUESTION, *, first: int = 10, scope: Scope = EVERYTHING
) -> Found:
    return await desk.process.services.retrieval.search(viewer, query, first=first, scope=scope)


def documents_of(found: Found) -> list[UUID]:
    return [hit.chunk.document_id for hit in found.hits]


class TestSearch:
    async def test_the_best_passage_comes_first(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "Invoices are paid within 30 days.")
        wanted = await desk.document(viewer, "The shop closes at nine.", CANTEEN, filename="canteen.txt")
        found = await search(desk, viewer, first=1)
        [hit] = found.hits
        assert (hit.chunk.document_id, hit.chunk.text, hit.filename) == (wanted.id, CANTEEN, "canteen.txt")
        assert (hit.semantic_rank, hit.lexical_rank) == (1, 1)
        assert found.candidates == 3
        assert found.took_milliseconds > 0

    async def test_several_collections_are_searched_as_one(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        other = await desk.process.services.collections.create(viewer, "Other")
        documents = [
            await desk.document(viewer, CANTEEN),
            await desk.document(viewer, CANTEEN + " Always.", collection_id=other.id),
        ]
        assert set(documents_of(await search(desk, viewer))) == {document.id for document in documents}

    async def test_copies_come_behind_what_differs(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        copies = [(await desk.document(viewer, CANTEEN)).id for _ in range(15)]
        others = {(await desk.document(viewer, f"The canteen of house {at} opens late.")).id for at in range(3)}
        found = documents_of(await search(desk, viewer, first=5))
        assert (found[0], set(found[1:4]), found[4]) == (copies[0], others, copies[1])
        assert documents_of(await search(desk, viewer, first=2)) == found[:2]
        assert set(documents_of(await search(desk, viewer, first=100))) == {*copies, *others}

    async def test_what_was_published_before_is_found_at_once_by_many(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        for number in range(5):
            document = await desk.document(viewer, f"The narwhal {number} sleeps.")
            results = await asyncio.gather(*(search(desk, viewer, f"narwhal {number}") for _ in range(8)))
            assert all(documents_of(found)[0] == document.id for found in results)

    async def test_what_was_deleted_is_never_found_again(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        documents = [await desk.document(viewer, CANTEEN) for _ in range(3)]
        assert len((await search(desk, viewer)).hits) == 3
        await desk.process.services.documents.delete(viewer, documents[0].id)
        assert set(documents_of(await search(desk, viewer))) == {document.id for document in documents[1:]}

    async def test_an_index_that_was_lost_is_made_again(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, CANTEEN)
        await search(desk, viewer)
        await desk.process.adapters.index.forget(document.collection_id)
        assert documents_of(await search(desk, viewer)) == [document.id]

    async def test_two_servers_with_indexes_of_their_own_agree(self, desk: Desk, database: Database) -> None:
        async with Desk.over(database).closing() as other:
            viewer = await desk.library.reader()
            first = await desk.document(viewer, CANTEEN)
            assert documents_of(await search(other, viewer)) == [first.id]
            await other.process.services.documents.delete(viewer, first.id)
            second = await other.document(viewer, CANTEEN)
            assert documents_of(await search(desk, viewer)) == [second.id]

    async def test_nothing_is_found_where_nothing_is(self, desk: Desk) -> None:
        found = await search(desk, await desk.library.reader())
        assert (found.hits, found.candidates) == ((), 0)


class TestScope:
    async def test_everything_that_is_given_must_hold(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        other = await desk.process.services.collections.create(viewer, "Other")
        both = await desk.document(viewer, CANTEEN, collection_id=other.id, tags=["food", "new"])
        await desk.document(viewer, CANTEEN + " Yes.", collection_id=other.id, tags=["food"])
        await desk.document(viewer, CANTEEN + " Really.", tags=["food", "new"])
        scope = Scope(collection_ids=(other.id,), tags=("food", "new"))
        found = await search(desk, viewer, scope=scope)
        assert (documents_of(found), found.candidates) == ([both.id], 1)

    @pytest.mark.parametrize("scope", [Scope(tags=("none",)), Scope(document_ids=()), Scope(collection_ids=())])
    async def test_what_holds_nowhere_finds_nothing(self, desk: Desk, scope: Scope) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        found = await search(desk, viewer, scope=scope)
        assert (found.hits, found.candidates) == ((), 0)


class TestIsolation:
    async def test_what_belongs_to_others_stays_hidden(self, desk: Desk) -> None:
        theirs = await desk.document(await desk.library.reader(), CANTEEN)
        viewer = await desk.library.reader()
        for scope in (
            EVERYTHING, Scope(document_ids=(theirs.id,)), Scope(collection_ids=(theirs.collection_id,)),
        ):  # fmt: skip
            found = await search(desk, viewer, scope=scope)
            assert (found.hits, found.candidates) == ((), 0)

    async def test_what_is_shared_is_found_until_it_is_not(self, desk: Desk, database: Database) -> None:
        document = await desk.document(await desk.library.reader(), CANTEEN)
        viewer = await desk.library.reader()
        await desk.library.add(
            CollectionMember(
                collection_id=document.collection_id, user_id=viewer.user_id, access=CollectionAccess.VIEWER
            )
        )
        assert documents_of(await search(desk, viewer)) == [document.id]
        async with database.engine.begin() as connection:
            await connection.execute(CollectionMember.__table__.delete())  # type: ignore[attr-defined]  # it is a Table
        assert documents_of(await search(desk, viewer)) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "first"),
        [(" \n", 8), ("x" * 2_001, 8), ("a\x00b", 8), ("\ud800", 8), (QUESTION, 0), (QUESTION, 101)],
    )
    async def test_out_of_range_is_refused_before_anything_is_paid_for(
        self, desk: Desk, query: str, first: int
    ) -> None:
        viewer = await desk.library.reader()
        with pytest.raises(InvalidInput):
            await search(desk, viewer, query, first=first)
        embedder = desk.process.adapters.embedder
        assert isinstance(embedder, HashingEmbedder)
        assert embedder.texts_embedded == []

    @pytest.mark.parametrize(
        ("failure", "seconds"),
        [
            (EmbedderUnavailable("secret"), 2.0),
            (EmbedderUnavailable("secret", retry_after_seconds=7.0), 7.0),
            (EmbedderRejected("secret"), 30.0),
        ],
    )
    async def test_an_embedder_that_fails_is_worth_another_try(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, failure: Exception, seconds: float
    ) -> None:
        viewer = await desk.library.reader()
        monkeypatch.setattr(desk.process.adapters.embedder, "embed", failing(failure))
        with pytest.raises(Unavailable) as refused:
            await search(desk, viewer)
        assert refused.value.retry_after_seconds == seconds
        assert "secret" not in refused.value.message

    async def test_a_shard_that_is_loading_says_when_to_come_back(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        monkeypatch.setattr(desk.process.adapters.index, "revision", failing(ShardLoading(3.0)))
        with pytest.raises(IndexLoading) as refused:
            await search(desk, viewer)
        assert refused.value.retry_after_seconds == 3.0

    async def test_an_unknown_document_is_no_error(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, CANTEEN)
        assert (await search(desk, viewer, scope=Scope(document_ids=(uuid4(),)))).hits == ()


def failing(error: Exception) -> Any:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail
