"""Documents, their text and their chunks in PostgreSQL; the viewer's row-level security decides what there is."""

from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Select, any_, delete, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lexora_gql.documents.models import (
    Chunk,
    Collection,
    Document,
    DocumentStatus,
    DocumentText,
    Purge,
    Removal,
)
from lexora_gql.storage.base import ids_array
from lexora_gql.storage.keyset import Order, Page, PageRequest, paginate, paginate_each
from lexora_gql.storage.writing import insert_rows


class DocumentOrder(StrEnum):
    """Orders in which documents are listed; the id breaks ties."""

    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    TITLE_ASC = "TITLE_ASC"
    BYTE_SIZE_DESC = "BYTE_SIZE_DESC"


ORDERS = {
    DocumentOrder.CREATED_AT_DESC: Order(Document.created_at, Document.id, is_descending=True),
    DocumentOrder.CREATED_AT_ASC: Order(Document.created_at, Document.id),
    DocumentOrder.TITLE_ASC: Order(Document.title, Document.id),
    DocumentOrder.BYTE_SIZE_DESC: Order(Document.byte_size, Document.id, is_descending=True),
}


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents to list; what is given must all hold.

    Attributes:
        tags: All of them.
        search: Words of the title or the file name, anywhere in it, in any case.
    """

    statuses: Sequence[DocumentStatus] | None = None
    collection_id: UUID | None = None
    owner_id: UUID | None = None
    tags: Sequence[str] | None = None
    search: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentListing:
    """Which part of which list of documents; usable as a key where tags and statuses are tuples."""

    page: PageRequest
    filter: DocumentFilter = DocumentFilter()
    order: DocumentOrder = DocumentOrder.CREATED_AT_DESC


@dataclass(frozen=True, slots=True)
class TextStretch:
    """Which characters of a text: so many from `start`, which counts from 0 on."""

    start: int
    length: int


IN_ORDER = Order(Chunk.ordinal, Chunk.id)


@dataclass(frozen=True, slots=True)
class DocumentRepository:
    """Reads and writes of documents inside one open transaction."""

    session: AsyncSession

    async def by_id(self, document_id: UUID, *, lock: bool = False) -> Document | None:
        """Return a document the actor may read."""
        query = select(Document).where(Document.id == document_id)
        return await self.session.scalar(query.with_for_update() if lock else query)

    async def by_ids(self, ids: Ids[UUID]) -> dict[UUID, Document]:
        """Return those of the documents that the actor may read."""
        rows = await self.session.scalars(select(Document).where(Document.id == any_(ids_array(ids))))
        return {row.id: row for row in rows}

    async def by_content(self, collection_id: UUID, sha256: bytes) -> Document | None:
        """Return the document with these bytes in a collection."""
        query = select(Document).where(Document.collection_id == collection_id, Document.sha256 == sha256)
        return await self.session.scalar(query.with_for_update())

    async def page(self, listing: DocumentListing) -> Page[Document]:
        """Return part of the documents that match a filter."""
        return await paginate(self.session, filtered(listing.filter), ORDERS[listing.order], listing.page)

    async def pages(
        self, listing: DocumentListing, *, parent: InstrumentedAttribute[UUID], parents: Ids[UUID]
    ) -> dict[UUID, Page[Document]]:
        """Return the same part of the documents of each collection, or of each owner."""
        return await paginate_each(
            self.session,
            filtered(listing.filter),
            ORDERS[listing.order],
            listing.page,
            parent=parent,
            parents=parents,
        )

    async def texts(self, ids: Ids[UUID], stretch: TextStretch) -> dict[UUID, str]:
        """Return the same stretch of the extracted text of each document that has one."""
        part = func.substr(DocumentText.text, stretch.start + 1, stretch.length)
        rows = await self.session.execute(
            select(DocumentText.document_id, part).where(DocumentText.document_id == any_(ids_array(ids)))
        )
        return {row.document_id: row[1] for row in rows}

    async def chunks(self, document_ids: Ids[UUID], request: PageRequest) -> dict[UUID, Page[Chunk]]:
        """Return the same part of the chunks of each document, in the order of the text."""
        return await paginate_each(
            self.session, select(Chunk), IN_ORDER, request, parent=Chunk.document_id, parents=document_ids
        )

    async def chunks_by_ids(self, ids: Ids[UUID]) -> dict[UUID, Chunk]:
        """Return those of the chunks that the actor may read."""
        rows = await self.session.scalars(select(Chunk).where(Chunk.id == any_(ids_array(ids))))
        return {row.id: row for row in rows}

    async def last_chunk_number(self, document_id: UUID) -> int | None:
        """Return the highest number among a document's chunks."""
        number: int | None = await self.session.scalar(
            select(func.max(Chunk.number)).where(Chunk.document_id == document_id)
        )
        return number

    async def bury(self, document: Document, *, revision: int, up_to_number: int) -> None:
        """Leave word for the indexes that a document's chunks up to a number are gone."""
        self.session.add(
            Removal(
                collection_id=document.collection_id,
                revision=revision,
                document_id=document.id,
                up_to_number=up_to_number,
            )
        )
        await self.session.flush()

    async def delete(self, document: Document) -> bool:
        """Take a document and all that hangs on it out; its bytes are left to the purge."""
        # Not by the unit of work, which would read the row back: viewers may leave purges behind, never read them.
        await self.session.execute(insert(Purge).values(id=uuid4(), blob_key=document.blob_key))
        gone = await self.session.execute(delete(Document).where(Document.id == document.id).returning(Document.id))
        return gone.first() is not None

    async def delete_all(self, collection_id: UUID, blob_keys: Sequence[str]) -> None:
        """Take all documents of a collection out, whose rows are locked; their bytes are left to the purge."""
        if blob_keys:
            await insert_rows(self.session, Purge, [{"id": uuid4(), "blob_key": key} for key in blob_keys])
            await self.session.execute(delete(Document).where(Document.collection_id == collection_id))


def filtered(which: DocumentFilter) -> Select[Document]:
    """Return the query for a filter."""
    query = select(Document)
    if which.statuses is not None:
        query = query.where(Document.status.in_(which.statuses))
    if which.collection_id is not None:
        query = query.where(Document.collection_id == which.collection_id)
    if which.owner_id is not None:
        query = query.where(Document.owner_id == which.owner_id)
    if which.tags:
        query = query.where(Document.tags.contains(list(which.tags)))
    if which.search:
        # strpos takes the words as they are: no pattern to escape, none to make slow.
        words = func.lower(which.search)
        query = query.where(
            or_(
                func.strpos(func.lower(Document.title), words) > 0,
                func.strpos(func.lower(Document.filename), words) > 0,
            )
        )
    if which.created_after is not None:
        query = query.where(Document.created_at > which.created_after)
    if which.created_before is not None:
        query = query.where(Document.created_at < which.created_before)
    return query


async def may_write(session: AsyncSession, collection_id: UUID) -> bool:
    """Return whether the viewer owns the collection or may edit it."""
    writable = select(func.lexora_writable_collections())
    return bool(await session.scalar(select(literal(collection_id).in_(writable))))


async def personal_collection(session: AsyncSession, owner_id: UUID) -> Collection | None:
    """Return the collection that everyone has from the start."""
    return await session.scalar(
        select(Collection).where(Collection.owner_id == owner_id, Collection.is_personal.is_(True))
    )
