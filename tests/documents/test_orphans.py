"""Files that no document names: what a process leaves that is killed between the bytes and their row."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.conversations.sweeping import KeySweep
from lexora_gql.documents.auditing import Audit, FileAudit
from lexora_gql.documents.blob_keys import blob_key, document_of
from lexora_gql.documents.models import Document
from lexora_gql.errors import Unavailable
from lexora_gql.housekeeping import Housekeeping
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.retrieval.tidying import IndexTidying
from tests.documents.desk import Desk
from tests.factories import Library


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


async def old_document(desk: Desk, viewer: Viewer, text: str) -> Document:
    """Return a document that was uploaded two hours ago."""
    document = await desk.upload(viewer, text)
    desk.blobs.written_at[document.blob_key] -= 7_200
    return document


def orphaned(desk: Desk, viewer: Viewer, *, seconds_ago: float = 7_200) -> str:
    """Return the key of bytes whose row was never committed."""
    key = blob_key(viewer.user_id, uuid4())
    desk.blobs.blobs[key] = b"Left behind."
    desk.blobs.written_at[key] = asyncio.get_running_loop().time() - seconds_ago
    return key


def told(desk: Desk, name: str) -> float | None:
    return desk.metrics.registry.get_sample_value(name)


class TestOrphans:
    async def test_what_no_document_names_goes_and_the_rest_stays(self, desk: Desk, viewer: Viewer) -> None:
        kept = await old_document(desk, viewer, "Kept.")
        orphaned(desk, viewer)

        audit = await desk.files.audit()

        assert audit == Audit(files=2, orphans=1, removed=1)
        assert set(desk.blobs.blobs) == {kept.blob_key}
        assert (told(desk, "orphans"), told(desk, "orphans_removed_total")) == (0, 1)

    async def test_what_is_younger_than_an_hour_may_get_its_row_yet(self, desk: Desk, viewer: Viewer) -> None:
        orphaned(desk, viewer, seconds_ago=3_590)
        await desk.upload(viewer, "Just uploaded.")

        assert await desk.files.audit() == Audit(files=0, orphans=0, removed=0)
        assert len(desk.blobs.blobs) == 2

    async def test_what_waits_to_be_purged_is_no_orphan(self, desk: Desk, viewer: Viewer) -> None:
        document = await old_document(desk, viewer, "Deleted.")
        await desk.documents.delete(viewer, document.id)

        assert await desk.files.audit() == Audit(files=1, orphans=0, removed=0)
        assert set(desk.blobs.blobs) == {document.blob_key}

    async def test_what_is_purged_while_it_looks_is_not_counted(self, desk: Desk, viewer: Viewer) -> None:
        document = await old_document(desk, viewer, "Deleted.")

        class PurgedOnceListed(InMemoryBlobs):
            async def keys(self, *, older_than_seconds: float) -> AsyncGenerator[str, None]:
                async for key in desk.blobs.keys(older_than_seconds=older_than_seconds):
                    yield key
                await desk.documents.delete(viewer, document.id)
                await desk.purging.purge()

        files = FileAudit(desk.database, PurgedOnceListed(), desk.metrics)

        assert await files.audit() == Audit(files=1, orphans=0, removed=0)

    async def test_what_others_keep_there_is_left_alone(self, desk: Desk, viewer: Viewer) -> None:
        others = ["notes.txt", f"{uuid4()}", f"{uuid4()}/{uuid4()}.bak", f"{uuid4()}/{uuid4()}/more"]
        for key in others:
            desk.blobs.blobs[key] = b"Somebody else's."

        assert await desk.files.audit() == Audit(files=0, orphans=0, removed=0)
        assert list(desk.blobs.blobs) == others


class TestTooManyOrphans:
    async def test_if_most_of_all_files_would_go_none_does(self, desk: Desk, viewer: Viewer) -> None:
        """As with the database of another server, or one set back to before most of the uploads."""
        await old_document(desk, viewer, "Kept.")
        for _ in range(11):
            orphaned(desk, viewer)

        assert await desk.files.audit() == Audit(files=12, orphans=11, removed=0, is_refused=True)
        assert (len(desk.blobs.blobs), told(desk, "orphans")) == (12, 11)

    async def test_whoever_knows_better_may_have_it_done(self, desk: Desk, viewer: Viewer) -> None:
        for _ in range(11):
            orphaned(desk, viewer)

        assert await desk.files.audit(is_forced=True) == Audit(files=11, orphans=11, removed=11)
        assert (desk.blobs.blobs, told(desk, "orphans")) == ({}, 0)


class TestAStoreThatIsAway:
    async def test_the_audit_is_put_off(self, desk: Desk) -> None:
        desk.blobs.trouble = BlobStoreAway()
        indexes = IndexTidying(desk.database, BruteForceIndex(), desk.embedder.name)
        housekeeping = Housekeeping(desk.purging, desk.files, KeySweep(desk.database), indexes)

        with pytest.raises(Unavailable, match="the blob store does not answer"):
            await housekeeping.audit()

    async def test_what_could_not_be_removed_is_told(
        self, desk: Desk, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        orphaned(desk, viewer)

        async def refuse(key: str) -> None:
            raise BlobStoreAway

        monkeypatch.setattr(desk.blobs, "delete", refuse)

        assert (await desk.files.audit()).left == 1
        assert told(desk, "orphans") == 1


class TestKeys:
    def test_a_key_leads_to_its_document(self) -> None:
        owner, document = UUID(int=1), UUID(int=2)

        assert document_of(blob_key(owner, document)) == document

    @pytest.mark.parametrize(
        "key", ["", "a/b", str(UUID(int=1)), f"{UUID(int=1)}/{UUID(int=2)}/", f"{UUID(int=1).hex}/x"]
    )
    def test_any_other_leads_nowhere(self, key: str) -> None:
        assert document_of(key) is None
