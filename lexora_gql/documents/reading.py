"""Documents as they are read: listed, found again, their text and their chunks, for one parent or for many at once."""

from collections.abc import Collection as Ids
from dataclasses import dataclass
from uuid import UUID

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.labels import TAG_CHARACTERS, TITLE_CHARACTERS
from lexora_gql.documents.models import Chunk, Document
from lexora_gql.documents.repository import (
    DocumentFilter,
    DocumentListing,
    DocumentOrder,
    DocumentRepository,
    TextStretch,
)
from lexora_gql.errors import require_length, require_range
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import Page, PageRequest

TEXT_CHARACTERS_MAX = 100_000
# PostgreSQL counts characters from 1, up to 2^31 - 1.
TEXT_START_MAX = 2**31 - 2


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """Use cases that change nothing; those for many parents are a single statement, however many they are."""

    database: Database

    async def document(self, viewer: Viewer, document_id: UUID) -> Document | None:
        """Return a document that the viewer may read."""
        return (await self.by_ids(viewer, [document_id])).get(document_id)

    async def by_ids(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Document]:
        """Return those of the documents that the viewer may read."""
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).by_ids(ids)

    async def documents(
        self,
        viewer: Viewer,
        page: PageRequest,
        *,
        filter: DocumentFilter,  # noqa: A002  # as the API calls it
        order: DocumentOrder,
    ) -> Page[Document]:
        """Return part of the documents that the viewer may read and that match a filter.

        Raises:
            InvalidInput: `search` or a tag is too long, or holds what no text may hold.
        """
        listing = checked(DocumentListing(page, filter, order))
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).page(listing)

    async def documents_in(
        self, viewer: Viewer, collection_ids: Ids[UUID], listing: DocumentListing
    ) -> dict[UUID, Page[Document]]:
        """Return the same part of the documents of each collection; empty where the viewer may not read it.

        Raises:
            InvalidInput: As in `documents`.
        """
        checked(listing)
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).pages(
                listing, parent=Document.collection_id, parents=collection_ids
            )

    async def documents_by(
        self, viewer: Viewer, owner_ids: Ids[UUID], listing: DocumentListing
    ) -> dict[UUID, Page[Document]]:
        """Return the same part of those documents of each owner that the viewer may read.

        Raises:
            InvalidInput: As in `documents`.
        """
        checked(listing)
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).pages(listing, parent=Document.owner_id, parents=owner_ids)

    async def text(self, viewer: Viewer, document_id: UUID, *, start: int, end: int | None) -> str | None:
        """Return a stretch of the extracted text, at most 100,000 characters; None until there is one.

        Raises:
            InvalidInput: `start` is below 0, or `end` below `start` or too far beyond it. Beyond the text's end there
                is nothing, which is no error.
        """
        return (await self.texts(viewer, [document_id], start=start, end=end)).get(document_id)

    async def texts(self, viewer: Viewer, document_ids: Ids[UUID], *, start: int, end: int | None) -> dict[UUID, str]:
        """Return the same stretch of the text of each document that has one and that the viewer may read.

        Raises:
            InvalidInput: As in `text`.
        """
        require_range("start", start, low=0, high=TEXT_START_MAX, unit="characters")
        if end is not None:
            require_range("end", end, low=start, high=start + TEXT_CHARACTERS_MAX, unit="characters")
        stretch = TextStretch(start, TEXT_CHARACTERS_MAX if end is None else end - start)
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).texts(document_ids, stretch)

    async def chunks(self, viewer: Viewer, document_id: UUID, page: PageRequest) -> Page[Chunk]:
        """Return part of a document's chunks, in the order of the text."""
        return (await self.chunks_of(viewer, [document_id], page))[document_id]

    async def chunks_of(self, viewer: Viewer, document_ids: Ids[UUID], page: PageRequest) -> dict[UUID, Page[Chunk]]:
        """Return the same part of the chunks of each document; empty where the viewer may not read it."""
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).chunks(document_ids, page)

    async def chunks_by_ids(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Chunk]:
        """Return those of the chunks that the viewer may read."""
        async with self.database.transaction(viewer) as session:
            return await DocumentRepository(session).chunks_by_ids(ids)


def checked(listing: DocumentListing) -> DocumentListing:
    """Return a listing whose texts PostgreSQL can take.

    Raises:
        InvalidInput: `search` or a tag is too long, or holds what no text may hold.
    """
    if listing.filter.search is not None:
        require_length("search", listing.filter.search, low=0, high=TITLE_CHARACTERS)
    for tag in listing.filter.tags or ():
        require_length("tags", tag, low=0, high=TAG_CHARACTERS)
    return listing
