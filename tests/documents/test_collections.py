import asyncio
from uuid import uuid4

import pytest

from lexora_gql.documents.collections import CollectionErased, Standing
from lexora_gql.documents.models import Collection, CollectionAccess, Document, DocumentStatus, FeedEntry, Purge
from lexora_gql.errors import InvalidInput, NotFound
from lexora_gql.storage.keyset import PageRequest
from tests.documents.desk import Desk
from tests.factories import Library


class TestTheirOwn:
    async def test_everyone_has_a_personal_one(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()

        personal = await desk.collections.personal(viewer)

        assert (personal.id, personal.is_personal) == (await library.personal_collection(viewer), True)

    async def test_one_is_made_and_renamed(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()

        made = await desk.collections.create(viewer, "  Minutes ")
        renamed = await desk.collections.rename(viewer, made.id, "Minutes of 2026")

        assert (made.owner_id, made.is_personal, made.revision) == (viewer.user_id, False, 0)
        assert (renamed.id, renamed.name) == (made.id, "Minutes of 2026")
        stored = await desk.collections.collection(viewer, made.id)
        assert stored is not None
        assert stored.name == "Minutes of 2026"

    @pytest.mark.parametrize("name", ["", " \n ", "x" * 201, "a\0b", "a\udfff"])
    async def test_a_name_out_of_bounds_changes_nothing(self, desk: Desk, library: Library, name: str) -> None:
        viewer = await library.reader()
        collection_id = await library.collection(viewer, "Minutes")

        with pytest.raises(InvalidInput):
            await desk.collections.create(viewer, name)
        with pytest.raises(InvalidInput):
            await desk.collections.rename(viewer, collection_id, name)

        assert {row.name for row in await desk.rows(Collection)} == {"Personal", "Minutes"}

    async def test_they_are_listed_in_pages_oldest_first(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        made = [await library.collection(viewer, f"Number {n}") for n in range(4)]

        first = await desk.collections.collections(viewer, PageRequest(first=3))
        rest = await desk.collections.collections(viewer, PageRequest(first=3, after=first.positions[-1]))

        ids = [row.id for row in [*first.items, *rest.items]]
        assert ids == [await library.personal_collection(viewer), *made]
        assert (first.total, first.has_next, rest.has_next) == (5, True, False)


class TestSharing:
    async def test_members_see_them_and_strangers_do_not(self, desk: Desk, library: Library) -> None:
        owner, editor, reader, stranger = [await library.reader() for _ in range(4)]
        collection_id = await library.collection(owner)
        await library.share(collection_id, editor, CollectionAccess.EDITOR)
        await library.share(collection_id, reader, CollectionAccess.VIEWER)
        await desk.upload(editor, "Text.", collection_id=collection_id)

        standings = {
            viewer: await desk.collections.standing(viewer, [collection_id]) for viewer in (owner, editor, reader)
        }

        assert [standings[viewer][collection_id] for viewer in (owner, editor, reader)] == [
            Standing(CollectionAccess.OWNER, 1),
            Standing(CollectionAccess.EDITOR, 1),
            Standing(CollectionAccess.VIEWER, 1),
        ]
        members = await desk.collections.members(reader, [collection_id])
        assert [row.user_id for row in members[collection_id]] == [editor.user_id, reader.user_id]
        assert await desk.collections.collection(stranger, collection_id) is None
        assert await desk.collections.standing(stranger, [collection_id]) == {}
        assert await desk.collections.members(stranger, [collection_id]) == {collection_id: []}

    async def test_only_the_owner_renames_and_deletes(self, desk: Desk, library: Library) -> None:
        owner, editor, stranger = [await library.reader() for _ in range(3)]
        collection_id = await library.collection(owner, "Minutes")
        await library.share(collection_id, editor, CollectionAccess.EDITOR)

        for viewer in (editor, stranger):
            with pytest.raises(NotFound):
                await desk.collections.rename(viewer, collection_id, "Mine")
            with pytest.raises(NotFound):
                await desk.collections.delete(viewer, collection_id)

        stored = await desk.collections.collection(owner, collection_id)
        assert stored is not None
        assert stored.name == "Minutes"


class TestDeleting:
    async def test_the_personal_one_stays(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        personal = await library.personal_collection(viewer)
        await desk.upload(viewer, "Text.")

        with pytest.raises(InvalidInput):
            await desk.collections.delete(viewer, personal)

        assert (await desk.count(Collection), await desk.count(Document), await desk.count(Purge)) == (1, 1, 0)

    async def test_documents_go_with_it_and_everyone_is_told(self, desk: Desk, library: Library) -> None:
        owner, reader = await library.reader(), await library.reader()
        collection_id = await library.collection(owner)
        await library.share(collection_id, reader, CollectionAccess.VIEWER)
        documents = [await desk.upload(owner, f"Text {n}.", collection_id=collection_id) for n in range(3)]
        elsewhere = await desk.upload(owner, "Elsewhere.")
        await desk.read()

        erased = await desk.collections.delete(owner, collection_id)

        assert erased == CollectionErased(collection_id, 3)
        assert [row.id for row in await desk.rows(Document)] == [elsewhere.id]
        gone = {row.id for row in documents}
        for viewer in (owner, reader):
            told = await desk.rows(FeedEntry, FeedEntry.user_id == viewer.user_id, FeedEntry.is_deleted)
            assert {row.document_id for row in told} == gone
        assert await desk.documents.by_ids(reader, gone) == {}
        assert await desk.collections.collection(reader, collection_id) is None
        await desk.purging.purge()
        assert set(desk.blobs.blobs) == {elsewhere.blob_key}

    async def test_an_empty_one_goes_too(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        collection_id = await library.collection(viewer)

        assert await desk.collections.delete(viewer, collection_id) == CollectionErased(collection_id, 0)
        with pytest.raises(NotFound):
            await desk.collections.delete(viewer, collection_id)

    async def test_one_that_never_was_is_not_found(self, desk: Desk, library: Library) -> None:
        with pytest.raises(NotFound):
            await desk.collections.delete(await library.reader(), uuid4())

    async def test_uploads_and_readings_at_the_same_time_leave_nothing_behind(
        self, desk: Desk, library: Library
    ) -> None:
        viewer = await library.reader()
        collection_id = await library.collection(viewer)

        async def upload(n: int) -> str:
            try:
                await desk.upload(viewer, f"Text {n}.", collection_id=collection_id)
            except NotFound:
                return "not found"
            return "accepted"

        early = [await upload(n) for n in range(5)]
        readers = [asyncio.create_task(desk.read()) for _ in range(2)]
        late, erased = await asyncio.gather(
            asyncio.gather(*(upload(n) for n in range(5, 13))), desk.collections.delete(viewer, collection_id)
        )
        await asyncio.gather(*readers)
        await desk.purging.purge()

        assert erased.documents_deleted == [*early, *late].count("accepted")
        assert await desk.count(Document) == 0
        assert await desk.count(Document, Document.status == DocumentStatus.PROCESSING) == 0
        assert desk.blobs.blobs == {}
