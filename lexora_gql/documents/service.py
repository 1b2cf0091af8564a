"""Documents as users see them: uploaded, processed again, deleted, and read as `reading` has it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.blob_keys import blob_key
from lexora_gql.documents.changes import Publication, next_revision
from lexora_gql.documents.errors import EmptyFile, FileTooLarge, UnsupportedFileType
from lexora_gql.documents.feed import DocumentFeed
from lexora_gql.documents.labels import checked_labels
from lexora_gql.documents.leases import queued_anew
from lexora_gql.documents.media_types import describe, detect
from lexora_gql.documents.models import Document, DocumentStatus
from lexora_gql.documents.reading import DocumentReading
from lexora_gql.documents.repository import DocumentRepository, may_write, personal_collection
from lexora_gql.documents.retrying import start_failed_again
from lexora_gql.errors import AlreadyRunning, NotFound, Unavailable
from lexora_gql.ports.blob_store import BlobMissing, BlobStore, BlobStoreAway
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.telemetry.logs import request_id

INTAKE_AT_ONCE = 2
# Nobody makes room in the two seconds after which other things are tried again.
FULL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that has been received and hashed, and waits to be taken in.

    Attributes:
        head: The first 8 KiB or more.
        tail: The last 64 KiB or more.
        pieces: Gives the bytes, from the beginning at each call.
        is_too_large: It was cut off at the limit; `byte_size` is what was received.
    """

    filename: str
    byte_size: int
    sha256: bytes
    head: bytes
    tail: bytes
    pieces: Callable[[], AsyncIterator[bytes]]
    is_too_large: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """Bytes, row and work are committed."""

    document: Document
    is_duplicate: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """A document is gone from every search and answer."""

    document_id: UUID
    chunks_erased: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An original file; `read` yields the bytes from a start to just before an end.

    It raises NotFound where they have gone meanwhile, and Unavailable where there is no way to them.
    """

    filename: str
    media_type: str
    byte_size: int
    sha256: bytes
    read: Callable[[int, int | None], AsyncGenerator[bytes, None]]


@dataclass(frozen=True, slots=True)
class DocumentService(DocumentReading):
    """Use cases on documents; stateless."""

    blobs: BlobStore
    queue: JobQueue
    bus: EventBus
    feed: DocumentFeed
    max_file_bytes: int
    accepted_media_types: tuple[str, ...]
    # A burst of uploads would stand before every search at each of its steps: two at a time lose nothing.
    intake: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(INTAKE_AT_ONCE))

    async def upload(
        self, viewer: Viewer, file: IncomingFile, *, title: str | None, collection_id: UUID | None, tags: Sequence[str]
    ) -> Accepted:
        """Take a file in: its bytes are stored, its row and the work on it committed.

        Args:
            viewer: Becomes the owner.
            file: As received.
            title: 1 to 300 characters; the file's name without its extension when not given.
            collection_id: One the viewer may write to; the personal one when not given.
            tags: At most 32, each of 1 to 64 characters.

        Raises:
            FileTooLarge, EmptyFile, UnsupportedFileType: The file cannot be taken.
            NotFound: There is no such collection, or the viewer may not write to it.
            InvalidInput: Title or tags are outside their bounds.
            Unavailable: There is no room for the bytes, or no way to them.
        """
        described = {**checked_labels(file.filename, title, tags), "media_type": self._accepted_type(file)}
        target, known = await self._target(viewer, collection_id, file.sha256)
        if known is not None:
            return await self._accept_again(viewer, known)

        try:
            document = await self._store(viewer, file, {**described, "collection_id": target})
        except DBAPIError:
            # Most likely the collection was deleted meanwhile, or is not shared any more.
            await self._target(viewer, target, file.sha256)
            raise
        if document is None:
            # The same bytes came in by another request meanwhile: theirs is the document.
            _, known = await self._target(viewer, target, file.sha256)
            if known is None:
                raise NotFound
            return await self._accept_again(viewer, known)
        await self.queue.ring()
        return Accepted(document, is_duplicate=False)

    async def reprocess(self, viewer: Viewer, document_id: UUID) -> Document:
        """Read a document again from its stored file; a READY one answers from its old text meanwhile.

        Raises:
            NotFound: There is none, or the viewer may not change it.
            AlreadyRunning: It is being read right now, or about to be.
        """
        publication = Publication()
        async with self.database.transaction(viewer) as session:
            document = await DocumentRepository(session).by_id(document_id, lock=True)
            if document is None:
                raise NotFound
            if document.status in {DocumentStatus.PENDING, DocumentStatus.PROCESSING}:
                message = "The document is being read already."
                raise AlreadyRunning(message, path=("id",))
            document = await _queue_again(session, document.id)
            await publication.record(session, document.collection_id, [document.id])
        await publication.ring(self.bus)
        await self.queue.ring()
        return document

    async def reprocess_failed(self, viewer: Viewer, collection_id: UUID | None) -> int:
        """Read all again that failed and may succeed, of one collection or of all that the viewer may change.

        Raises:
            NotFound: There is no such collection, or the viewer may not change it.
        """
        started = await start_failed_again(self.database, self.bus, viewer, collection_id)
        if started:
            await self.queue.ring()
        return started

    async def delete(self, viewer: Viewer, document_id: UUID) -> Erased:
        """Delete a document: from the commit on no search and no answer knows it.

        Raises:
            NotFound: There is none, or the viewer may not change it.
        """
        publication = Publication()
        async with self.database.transaction(viewer) as session:
            repository = DocumentRepository(session)
            document = await repository.by_id(document_id, lock=True)
            if document is None:
                raise NotFound
            last_number = await repository.last_chunk_number(document_id)
            await repository.delete(document)
            if last_number is not None:
                revision = await next_revision(session, document.collection_id)
                await repository.bury(document, revision=revision, up_to_number=last_number)
            await publication.record(session, document.collection_id, [document_id], deleted=True)
        await publication.ring(self.bus)
        return Erased(document_id, document.chunk_count)

    async def open_file(self, viewer: Viewer, document_id: UUID) -> StoredFile | None:
        """Return the original file of a document that the viewer may read."""
        document = await self.document(viewer, document_id)
        if document is None:
            return None
        return StoredFile(
            filename=document.filename,
            media_type=document.media_type,
            byte_size=document.byte_size,
            sha256=document.sha256,
            read=lambda start, end: self._pieces(document.blob_key, start, end),
        )

    async def _pieces(self, key: str, start: int, end: int | None) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(self.blobs.read(key, start=start, end=end)) as pieces:
                async for piece in pieces:
                    yield piece
        except BlobMissing:
            # Deleted a moment ago, and purged already.
            raise NotFound from None
        except BlobStoreAway as error:
            message = "Files cannot be read at the moment; try again."
            raise Unavailable(message) from error

    def _accepted_type(self, file: IncomingFile) -> str:
        if file.is_too_large or file.byte_size > self.max_file_bytes:
            raise FileTooLarge(byte_size=None if file.is_too_large else file.byte_size, max_bytes=self.max_file_bytes)
        if file.byte_size == 0:
            raise EmptyFile(path=("file",))
        media_type = detect(file.head, file.tail, file.filename)
        if media_type is None or media_type not in self.accepted_media_types:
            raise UnsupportedFileType(detected=media_type or describe(file.head), accepted=self.accepted_media_types)
        return media_type

    async def _target(self, viewer: Viewer, collection_id: UUID | None, sha256: bytes) -> tuple[UUID, Document | None]:
        async with self.intake, self.database.transaction(viewer) as session:
            if collection_id is None:
                personal = await personal_collection(session, viewer.user_id)
                if personal is None:
                    raise NotFound
                collection_id = personal.id
            elif not await may_write(session, collection_id):
                message = "There is no such collection."
                raise NotFound(message, path=("collectionId",))
            return collection_id, await DocumentRepository(session).by_content(collection_id, sha256)

    async def _store(self, viewer: Viewer, file: IncomingFile, described: dict[str, object]) -> Document | None:
        """Store the bytes, then commit the row; None where the same bytes are in the collection by now."""
        document_id = uuid4()
        key = blob_key(viewer.user_id, document_id)
        await self._keep(key, file)
        values = {
            **described,
            "id": document_id,
            "owner_id": viewer.user_id,
            "byte_size": file.byte_size,
            "sha256": file.sha256,
            "blob_key": key,
            "request_id": request_id(),
        }
        try:
            document = await self._insert(viewer, values)
        except DBAPIError:
            # Nothing is committed. (Where that cannot be known, DatabaseAway was raised, and the bytes stay.)
            await self._drop(key)
            raise
        if document is None:
            await self._drop(key)
        return document

    async def _keep(self, key: str, file: IncomingFile) -> None:
        try:
            await self.blobs.write(key, file.pieces())
        except BlobStoreAway as error:
            if error.is_full:
                message = "The server has no room for files at the moment; try again later."
                raise Unavailable(message, retry_after_seconds=FULL_SECONDS) from error
            message = "Files cannot be stored at the moment; try again."
            raise Unavailable(message) from error

    async def _drop(self, key: str) -> None:
        # Where the store is away by now, the audit finds the bytes.
        with suppress(BlobStoreAway):
            await self.blobs.delete(key)

    async def _insert(self, viewer: Viewer, values: dict[str, object]) -> Document | None:
        publication = Publication()
        async with self.intake, self.database.transaction(viewer) as session:
            statement = (
                insert(Document)
                .values(values)
                .on_conflict_do_nothing(index_elements=[Document.collection_id, Document.sha256])
            )
            document = await session.scalar(statement.returning(Document))
            if document is not None:
                await publication.record(session, document.collection_id, [document.id])
        await publication.ring(self.bus)
        return document

    async def _accept_again(self, viewer: Viewer, known: Document) -> Accepted:
        """Return the document that has these bytes, started again where it FAILED and may succeed.

        That includes one whose reader crashed three times: somebody wants it, perhaps with a newer reader, and three
        more crashes end it again. Nothing but such a wish ever starts it.
        """
        if known.status is DocumentStatus.FAILED and known.failure_is_retryable:
            try:
                known = await self.reprocess(viewer, known.id)
            except AlreadyRunning:
                known = await self.document(viewer, known.id) or known
        return Accepted(known, is_duplicate=True)


async def _queue_again(session: AsyncSession, document_id: UUID) -> Document:
    row = await session.scalar(
        update(Document)
        .where(Document.id == document_id)
        .values({**queued_anew(), "request_id": request_id()})
        .returning(Document)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row
