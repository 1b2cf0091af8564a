"""Reading documents, and processing them again or deleting them."""

from typing import Annotated

import strawberry

from lexora_gql.transport.graphql.connections import After, Before, Connection, First, Last, Part
from lexora_gql.transport.graphql.context import Id, Info
from lexora_gql.transport.graphql.document_lists import DocumentFilter, list_documents
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.enums import DocumentOrder
from lexora_gql.transport.graphql.ids import find_id, require_id, to_global_id
from lexora_gql.transport.graphql.results import AlreadyRunning, NotFound

Filter = Annotated[DocumentFilter | None, strawberry.argument(description="Only such documents.")]
OfCollection = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only its documents; all that you may change when not given.")
]
OrderBy = Annotated[DocumentOrder, strawberry.argument(description="In which order.")]


@strawberry.type(description="The document as it is now.")
class DocumentSaved:
    """The document as it is now."""

    document: Document = strawberry.field(description="As it is now.")


@strawberry.type(
    description="Gone from every search, answer and index from now on; file and vectors are purged within a minute."
)
class DocumentErased:
    """A document is gone."""

    document_id: strawberry.ID = strawberry.field(description="The id that it had.")
    chunks_erased: int = strawberry.field(description="Passages that went with it.")


ReprocessDocumentResult = Annotated[
    DocumentSaved | NotFound | AlreadyRunning,
    strawberry.union("ReprocessDocumentResult", description="What came of `reprocessDocument`."),
]
DeleteDocumentResult = Annotated[
    DocumentErased | NotFound,
    strawberry.union("DeleteDocumentResult", description="What came of `deleteDocument`."),
]


@strawberry.type
class DocumentQuery:
    """Reading documents."""

    @strawberry.field(description="A document that you may read.")
    async def document(self, info: Info, id: Id) -> Document | None:  # noqa: A002  # the API's name
        """Find a document."""
        context = info.context
        document_id = find_id(id, "Document")
        row = await context.loaders.documents.load(document_id) if document_id else None
        return Document.of(row) if row else None

    @strawberry.field(description="The documents that you may read.")
    async def documents(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,  # noqa: A002  # the API's name
        order_by: OrderBy = DocumentOrder.CREATED_AT_DESC,
    ) -> Connection[Document]:
        """List documents."""
        return await list_documents(info.context, Part(first, after, last, before), filter, order_by)


@strawberry.type
class DocumentMutation:
    """Processing documents again, and deleting them."""

    @strawberry.mutation(description="Ingest again from the stored file: after a failure, or with another embedder.")
    async def reprocess_document(self, info: Info, id: Id) -> ReprocessDocumentResult:  # noqa: A002  # the API's name
        """Read a document again."""
        context = info.context
        row = await context.services.documents.reprocess(context.viewer, require_id(id, "Document", "id"))
        return DocumentSaved(document=Document.of(row))

    @strawberry.mutation(
        description="Ingest again every FAILED document whose failure is retryable, of this collection or of all that "
        "you may change; returns how many were started."
    )
    async def reprocess_failed_documents(self, info: Info, collection_id: OfCollection = None) -> int:
        """Read again what failed and is worth it."""
        context = info.context
        place = require_id(collection_id, "Collection", "collectionId") if collection_id is not None else None
        return await context.services.documents.reprocess_failed(context.viewer, place)

    @strawberry.mutation(description="Delete a document: file, text, passages and vectors.")
    async def delete_document(self, info: Info, id: Id) -> DeleteDocumentResult:  # noqa: A002  # the API's name
        """Delete a document."""
        context = info.context
        erased = await context.services.documents.delete(context.viewer, require_id(id, "Document", "id"))
        return DocumentErased(
            document_id=to_global_id("Document", erased.document_id), chunks_erased=erased.chunks_erased
        )
