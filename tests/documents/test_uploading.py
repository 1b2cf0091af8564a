import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from lexora_gql.documents.auditing import Audit
from lexora_gql.documents.errors import EmptyFile, FileTooLarge, UnsupportedFileType
from lexora_gql.documents.labels import cleaned_filename
from lexora_gql.documents.models import (
    CollectionAccess,
    Document,
    DocumentStatus,
    FeedEntry,
    IngestionFailureCode,
    IngestionStage,
)
from lexora_gql.documents.service import IncomingFile
from lexora_gql.errors import InvalidInput, NotFound, Unavailable
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.documents.desk import FILE_BYTES_MAX, Desk, incoming
from tests.factories import Library


async def assert_nothing_was_written(desk: Desk) -> None:
    assert await desk.count(Document) == 0
    assert await desk.count(FeedEntry) == 0
    assert desk.blobs.blobs == {}
    assert await desk.queue.depth() == 0


class TestUploading:
    async def test_a_file_is_stored_queued_and_announced(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()

        file = incoming("Invoices are paid within 30 days.", "Terms.txt")
        accepted = await desk.documents.upload(viewer, file, title=None, collection_id=None, tags=[" legal ", "legal"])

        document = accepted.document
        assert not accepted.is_duplicate
        assert (document.status, document.stage) == (DocumentStatus.PENDING, IngestionStage.QUEUED)
        assert (document.title, document.filename, document.tags) == ("Terms", "Terms.txt", ["legal"])
        assert (document.media_type, document.byte_size, document.sha256) == ("text/plain", 33, file.sha256)
        assert document.collection_id == await library.personal_collection(viewer)
        assert desk.blobs.blobs == {document.blob_key: b"Invoices are paid within 30 days."}
        assert await desk.queue.depth() == 1
        assert await desk.feed.position(viewer) == 1

    async def test_it_goes_where_the_viewer_may_write(self, desk: Desk, library: Library) -> None:
        owner, editor = await library.reader(), await library.reader()
        collection_id = await library.collection(owner)
        await library.share(collection_id, editor, CollectionAccess.EDITOR)

        document = await desk.upload(editor, "Shared.", collection_id=collection_id, title="  Ours ")

        assert (document.collection_id, document.owner_id, document.title) == (collection_id, editor.user_id, "Ours")
        assert await desk.documents.document(owner, document.id) is not None

    async def test_a_title_is_kept_as_given_and_a_tag_may_be_longest(self, desk: Desk, library: Library) -> None:
        tags = [f"{n:064d}" for n in range(32)]

        document = await desk.upload(await library.reader(), "Text.", title="x" * 300, tags=tags)

        assert (document.title, document.tags) == ("x" * 300, tags)


class TestRefusals:
    @pytest.mark.parametrize(
        ("_case", "file", "error"),
        [
            ("a byte too many", incoming(b"x" * (FILE_BYTES_MAX + 1)), FileTooLarge),
            ("cut off as it came", incoming(b"x" * 10, is_too_large=True), FileTooLarge),
            ("empty", incoming(b""), EmptyFile),
            ("a picture", incoming(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), UnsupportedFileType),
            ("text that says it is PDF", incoming("no PDF at all", "paper.pdf"), UnsupportedFileType),
            ("an archive", incoming(b"PK\x03\x04" + b"\0" * 60, "archive.zip"), UnsupportedFileType),
        ],
    )
    async def test_a_file_that_cannot_be_taken_leaves_nothing(
        self, desk: Desk, library: Library, _case: str, file: IncomingFile, error: type[Exception]
    ) -> None:
        viewer = await library.reader()

        with pytest.raises(error):
            await desk.documents.upload(viewer, file, title=None, collection_id=None, tags=())

        await assert_nothing_was_written(desk)

    async def test_an_old_format_says_what_to_do(self, desk: Desk, library: Library) -> None:
        old = incoming(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 60, "slides.ppt")

        with pytest.raises(UnsupportedFileType) as refused:
            await desk.documents.upload(await library.reader(), old, title=None, collection_id=None, tags=())

        assert refused.value.detected == "application/x-ole-storage"
        assert refused.value.message.endswith(" Save a .doc as DOCX, a .ppt as PPTX, and upload that.")

    async def test_the_largest_file_is_taken(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), b"x" * FILE_BYTES_MAX)

        assert document.byte_size == FILE_BYTES_MAX

    async def test_a_refusal_names_size_and_bound(self, desk: Desk, library: Library) -> None:
        with pytest.raises(FileTooLarge) as refused:
            await desk.upload(await library.reader(), b"x" * 1_234)

        assert refused.value.message == "The file has 1,234 bytes; at most 1,000 bytes are taken."
        assert (refused.value.byte_size, refused.value.max_bytes) == (1_234, 1_000)

    @pytest.mark.parametrize(
        ("_case", "title", "tags"),
        [
            ("blank title", "  ", ()),
            ("title too long", "x" * 301, ()),
            ("title with NUL", "a\0b", ()),
            ("title with half a character", "a\ud800", ()),
            ("blank tag", None, [" "]),
            ("tag too long", None, ["x" * 65]),
            ("too many tags", None, [str(n) for n in range(33)]),
            ("tag with NUL", None, ["a\0"]),
        ],
    )
    async def test_a_title_or_tag_out_of_bounds_leaves_nothing(
        self, desk: Desk, library: Library, _case: str, title: str | None, tags: list[str]
    ) -> None:
        viewer = await library.reader()

        with pytest.raises(InvalidInput):
            await desk.upload(viewer, "Text.", title=title, tags=tags)

        await assert_nothing_was_written(desk)

    async def test_a_collection_that_may_not_be_written_to_does_not_exist(self, desk: Desk, library: Library) -> None:
        owner, reader, stranger = await library.reader(), await library.reader(), await library.reader()
        collection_id = await library.collection(owner)
        await library.share(collection_id, reader, CollectionAccess.VIEWER)

        for viewer, target in [(reader, collection_id), (stranger, collection_id), (owner, UUID(int=7))]:
            with pytest.raises(NotFound):
                await desk.upload(viewer, "Text.", collection_id=target)

        await assert_nothing_was_written(desk)

    async def test_a_collection_deleted_while_the_bytes_are_stored_leaves_no_bytes(
        self, desk: Desk, library: Library
    ) -> None:
        viewer = await library.reader()
        collection_id = await library.collection(viewer)

        async def pieces() -> object:
            yield b"Te"
            await desk.collections.delete(viewer, collection_id)
            yield b"xt."

        plain = incoming("Text.")
        file = IncomingFile("a.txt", 5, plain.sha256, plain.head, plain.tail, pieces)  # type: ignore[arg-type]  # yields bytes
        with pytest.raises(NotFound):
            await desk.documents.upload(viewer, file, title=None, collection_id=collection_id, tags=())

        await assert_nothing_was_written(desk)


class TestAStoreThatTakesNothing:
    @pytest.mark.parametrize(
        ("trouble", "message", "retry_after_seconds"),
        [
            (BlobStoreAway(is_full=True), "The server has no room for files at the moment; try again later.", 60),
            (BlobStoreAway(), "Files cannot be stored at the moment; try again.", 2),
        ],
    )
    async def test_whoever_uploads_is_told_and_nothing_is_left(
        self, desk: Desk, library: Library, trouble: BlobStoreAway, message: str, retry_after_seconds: float
    ) -> None:
        viewer = await library.reader()
        desk.blobs.trouble = trouble

        with pytest.raises(Unavailable) as refused:
            await desk.upload(viewer, "Text.")

        assert (refused.value.message, refused.value.retry_after_seconds) == (message, retry_after_seconds)
        await assert_nothing_was_written(desk)
        desk.blobs.trouble = None
        assert (await desk.upload(viewer, "Text.")).status is DocumentStatus.PENDING

    async def test_bytes_that_cannot_be_taken_back_are_left_to_the_audit(
        self, desk: Desk, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same bytes come in while they are stored, and the store is away when the second are to be deleted."""
        viewer = await library.reader()
        plain = incoming("The same.")

        async def pieces() -> AsyncIterator[bytes]:
            await desk.upload(viewer, "The same.")
            yield b"The same."

        async def refuse(key: str) -> None:
            raise BlobStoreAway

        monkeypatch.setattr(desk.blobs, "delete", refuse)
        file = replace(plain, pieces=pieces)
        accepted = await desk.documents.upload(viewer, file, title=None, collection_id=None, tags=())
        monkeypatch.undo()
        for key in desk.blobs.blobs:
            desk.blobs.written_at[key] -= 7_200

        assert accepted.is_duplicate
        assert await desk.files.audit() == Audit(files=2, orphans=1, removed=1)
        assert list(desk.blobs.blobs) == [accepted.document.blob_key]


class TestTheSameBytesAgain:
    async def test_ten_at_once_make_one_document_and_one_blob(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()

        accepted = await asyncio.gather(*(desk.upload_again(viewer, "The same.") for _ in range(10)))

        assert len({one.document.id for one in accepted}) == 1
        assert sorted(one.is_duplicate for one in accepted) == [False, *[True] * 9]
        assert list(desk.blobs.blobs) == [accepted[0].document.blob_key]
        assert await desk.count(Document) == 1

    async def test_another_collection_and_another_person_get_their_own(self, desk: Desk, library: Library) -> None:
        one, other = await library.reader(), await library.reader()

        documents = [
            await desk.upload(one, "The same."),
            await desk.upload(one, "The same.", collection_id=await library.collection(one)),
            await desk.upload(other, "The same."),
        ]

        assert len({document.id for document in documents}) == 3
        assert len(desk.blobs.blobs) == 3

    async def test_what_failed_and_may_succeed_is_read_again(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        failure = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)
        desk.extractor.failures["Poison."] = failure
        document = await desk.upload(viewer, "Poison.")
        await desk.read_until_settled()
        assert (await desk.row(document.id)).failure_code is IngestionFailureCode.PARSER_CRASHED
        del desk.extractor.failures["Poison."]

        accepted = await desk.upload_again(viewer, "Poison.")

        assert accepted.is_duplicate
        assert (accepted.document.id, accepted.document.status) == (document.id, DocumentStatus.PENDING)
        assert (accepted.document.attempt, accepted.document.crashes, accepted.document.failure_code) == (0, 0, None)
        await desk.read()
        assert (await desk.row(document.id)).status is DocumentStatus.READY

    async def test_what_is_quarantined_is_read_again_for_each_upload_and_never_by_itself(
        self, desk: Desk, library: Library
    ) -> None:
        """Three crashes end it each time: who goes on uploading it costs three readings, and starts no loop."""
        viewer = await library.reader()
        desk.extractor.failures["Poison."] = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)
        document = await desk.upload(viewer, "Poison.")
        await desk.read_until_settled()
        assert len(desk.extractor.read) == 3

        await desk.upload_again(viewer, "Poison.")
        await desk.read_until_settled()

        row = await desk.row(document.id)
        assert (row.status, row.failure_code) == (DocumentStatus.FAILED, IngestionFailureCode.PARSER_CRASHED)
        assert len(desk.extractor.read) == 6
        await desk.reconciler.reconcile()
        await desk.read_until_settled()
        assert len(desk.extractor.read) == 6

    async def test_ten_at_once_start_what_failed_again_once(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        desk.extractor.failures["Poison."] = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)
        document = await desk.upload(viewer, "Poison.")
        await desk.read_until_settled()
        position = await desk.feed.position(viewer)

        accepted = await asyncio.gather(*(desk.upload_again(viewer, "Poison.") for _ in range(10)))

        assert {(one.document.id, one.document.status) for one in accepted} == {(document.id, DocumentStatus.PENDING)}
        assert await desk.feed.position(viewer) == position + 1

    async def test_what_failed_for_good_stays_as_it_is(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        document = await desk.upload(viewer, "  ")
        await desk.read()

        accepted = await desk.upload_again(viewer, "  ")

        assert accepted.is_duplicate
        assert (accepted.document.id, accepted.document.failure_code) == (document.id, IngestionFailureCode.NO_TEXT)
        assert await desk.count(Document, Document.status == DocumentStatus.PENDING) == 0


class TestFilenames:
    @pytest.mark.parametrize(
        ("given", "cleaned"),
        [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\Report.docx", "Report.docx"),
            ("a\x00b\r\nc\u202etxt.exe", "abctxt.exe"),
            ("half\ud800.txt", "half.txt"),
            ("  spaced .txt ", "spaced .txt"),
            ("日本語.pdf", "日本語.pdf"),
            ("", "unnamed"),
            ("folder/", "unnamed"),
            ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ],
    )
    def test_only_the_name_is_kept(self, given: str, cleaned: str) -> None:
        assert cleaned_filename(given) == cleaned

    @pytest.mark.parametrize(
        ("filename", "title"), [("Terms of use.v2.txt", "Terms of use.v2"), (".txt", ".txt"), ("README", "README")]
    )
    async def test_the_name_without_its_extension_is_the_title(
        self, desk: Desk, library: Library, filename: str, title: str
    ) -> None:
        assert (await desk.upload(await library.reader(), "Text.", filename)).title == title
