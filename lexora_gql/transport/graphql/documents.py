"""Documents and their passages, as clients see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from lexora_gql.documents import models
from lexora_gql.transport.graphql.connections import After, Before, Connection, First, Last, Part
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.enums import DocumentStatus
from lexora_gql.transport.graphql.ids import to_global_id
from lexora_gql.transport.graphql.ingestion import IngestionFailure, IngestionProgress
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.loaders import Of, Span, load_seen
from lexora_gql.transport.graphql.people import Person
from lexora_gql.transport.graphql.scalars import Long

if TYPE_CHECKING:
    from lexora_gql.transport.graphql.collections import Collection

LazyCollection = Annotated["Collection", strawberry.lazy("lexora_gql.transport.graphql.collections")]
Start = Annotated[int, strawberry.argument(description="The first character.")]
End = Annotated[
    int | None, strawberry.argument(description="One past the last character; the text's end where not given.")
]


@strawberry.type(description="A file, and how far it has been read.")
class Document(Node):
    """A file, and how far it has been read."""

    row: strawberry.Private[models.Document]
    filename: str = strawberry.field(description="The name it was uploaded under.")
    title: str = strawberry.field(description="As given, or found in the file, or made from its name.")
    media_type: str = strawberry.field(description="Decided by the file's bytes, not by its name.")
    byte_size: Long = strawberry.field(description="Size of the original file.")
    sha256: str = strawberry.field(description="Of the original file, in hexadecimal.")
    status: DocumentStatus = strawberry.field(description="Where it stands.")
    progress: IngestionProgress = strawberry.field(description="How far it has been read.")
    failure: IngestionFailure | None = strawberry.field(description="Why it FAILED; null otherwise.")
    warnings: list[str] = strawberry.field(
        description="Things worth knowing, such as pages without text, or what a document that is not READY waits for."
    )
    page_count: int | None = strawberry.field(description="Pages or slides of the file; null where it has none.")
    chunk_count: int = strawberry.field(description="Passages that can be found.")
    language: str | None = strawberry.field(description="ISO 639-1 code, where it is known.")
    tags: list[str] = strawberry.field(description="Words to narrow lists and searches by.")
    created_at: datetime = strawberry.field(description="When it was uploaded.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    ready_at: datetime | None = strawberry.field(description="When it last became READY.")

    @strawberry.field(description="Who uploaded it.")
    async def owner(self, info: Info) -> Person:
        """Load who uploaded it."""
        return Person.of(await load_seen(info.context.loaders.people, self.row.owner_id))

    @strawberry.field(description="The collection that it is in.")
    async def collection(self, info: Info) -> LazyCollection:
        """Load the collection that it is in."""
        from lexora_gql.transport.graphql.collections import Collection  # noqa: PLC0415  # it refers to documents, too

        return Collection.of(await load_seen(info.context.loaders.collections, self.row.collection_id))

    @strawberry.field(description="Its passages, in the text's order.")
    async def chunks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection["Chunk"]:
        """List its passages."""
        context = info.context
        cursors = context.cursors(f"chunks:{self.row.id}:{context.viewer.user_id}")
        wish = cursors.request(Part(first, after, last, before))
        page = await context.loaders.chunks_of.load(Of(self.row.id, wish))
        return Connection[Chunk].of(page, cursors, Chunk.of)

    @strawberry.field(
        description="The extracted text that charStart and charEnd count in; null until it was first READY. "
        "At most 100,000 characters a call."
    )
    async def text(self, info: Info, start: Start = 0, end: End = None) -> str | None:
        """Read part of its text."""
        return await info.context.loaders.texts.load(Of(self.row.id, Span(start, end)))

    @strawberry.field(
        description="The original file, under /files, for 15 minutes. Bound to the caller, whose access is checked "
        "again at each use."
    )
    async def download_url(self, info: Info) -> str:
        """Sign a link to the original file."""
        return info.context.environment.links.make(info.context.viewer.user_id, self.row.id)

    @classmethod
    def of(cls, row: models.Document) -> Self:
        """Return a document as clients see it."""
        return cls(
            id=to_global_id("Document", row.id),
            row=row,
            filename=row.filename,
            title=row.title,
            media_type=row.media_type,
            byte_size=Long(row.byte_size),
            sha256=row.sha256.hex(),
            status=row.status,
            progress=IngestionProgress.of(row),
            failure=IngestionFailure.of(row),
            warnings=row.warnings,
            page_count=row.page_count,
            chunk_count=row.chunk_count,
            language=row.language,
            tags=row.tags,
            created_at=row.created_at,
            updated_at=row.updated_at,
            ready_at=row.ready_at,
        )


@strawberry.type(description="A passage of a document, as retrieved and cited.")
class Chunk(Node):
    """A passage of a document."""

    row: strawberry.Private[models.Chunk]
    ordinal: int = strawberry.field(description="Its number in the document, from 0 on.")
    text: str = strawberry.field(description="As it stands in the document's extracted text.")
    headings: list[str] = strawberry.field(description="Titles of the sections it stands in, outermost first.")
    page_start: int | None = strawberry.field(description="The page that it begins on; the file's first is 1.")
    page_end: int | None = strawberry.field(description="The page that it ends on.")
    char_start: int = strawberry.field(description="Where it begins in the document's extracted text.")
    char_end: int = strawberry.field(description="One past its last character in the document's extracted text.")
    token_count: int = strawberry.field(description="Its length as the embedder counts.")
    document_row: strawberry.Private[models.Document | None] = None

    @strawberry.field(description="The document it is a passage of.")
    async def document(self, info: Info) -> Document:
        """Load the document, where it was not read with the passage, a moment ago and for the same viewer."""
        if self.document_row is not None:
            return Document.of(self.document_row)
        return Document.of(await load_seen(info.context.loaders.documents, self.row.document_id))

    @classmethod
    def of(cls, row: models.Chunk, document_row: models.Document | None = None) -> Self:
        """Return a passage as clients see it."""
        return cls(
            id=to_global_id("Chunk", row.id),
            row=row,
            ordinal=row.ordinal,
            text=row.text,
            headings=row.headings,
            page_start=row.page_start,
            page_end=row.page_end,
            char_start=row.char_start,
            char_end=row.char_end,
            token_count=row.token_count,
            document_row=document_row,
        )
