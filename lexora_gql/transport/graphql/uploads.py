"""Taking files in."""

from typing import Annotated, cast

import strawberry

from lexora_gql.documents.service import IncomingFile
from lexora_gql.errors import DomainError
from lexora_gql.transport.graphql.context import Context, Info
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.ids import require_id
from lexora_gql.transport.graphql.results import (
    EmptyFile,
    FileTooLarge,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    UnsupportedFileType,
    to_member,
)
from lexora_gql.transport.graphql.scalars import Upload


@strawberry.input(description="A file to take in.")
class UploadDocumentInput:
    """A file to take in."""

    file: Upload = strawberry.field(description="Of one of serverInfo.acceptedMediaTypes, whatever its name says.")
    title: str | None = strawberry.field(
        default=None, description="1 to 300 characters; the file's name without its extension when not given."
    )
    collection_id: strawberry.ID | None = strawberry.field(
        default=None, description="A collection that you may write to; your personal one when not given."
    )
    tags: list[str] | None = strawberry.field(default=None, description="At most 32, each of 1 to 64 characters.")


@strawberry.type(
    description="Accepted: bytes, row and work are committed. `isDuplicate`: the same bytes were in the collection "
    "already, and this is that document."
)
class DocumentAccepted:
    """Accepted: bytes, row and work are committed."""

    document: Document = strawberry.field(description="The document, on its way to READY.")
    is_duplicate: bool = strawberry.field(description="Whether the same bytes were in the collection already.")


UploadDocumentResult = Annotated[
    DocumentAccepted | FileTooLarge | UnsupportedFileType | EmptyFile | QuotaExceeded | NotFound | InvalidInput,
    strawberry.union("UploadDocumentResult", description="What came of a file."),
]
Input = Annotated[UploadDocumentInput, strawberry.argument(description="The file, and where it belongs.")]
Inputs = Annotated[list[UploadDocumentInput], strawberry.argument(description="At most 10 files.")]


@strawberry.type
class UploadMutation:
    """Taking files in."""

    @strawberry.mutation(description="Take a file in; watch it being read with `documentEvents`.")
    async def upload_document(self, info: Info, input: Input) -> UploadDocumentResult:  # noqa: A002  # the API's name
        """Take a file in."""
        return await _upload(info.context, input)

    @strawberry.mutation(description="Take several files in, one after the other; each has a result of its own.")
    async def upload_documents(self, info: Info, inputs: Inputs) -> list[UploadDocumentResult]:
        """Take several files in."""
        return [await _upload_or_refuse(info.context, each) for each in inputs]


async def _upload(context: Context, given: UploadDocumentInput) -> DocumentAccepted:
    accepted = await context.services.documents.upload(
        context.viewer,
        cast("IncomingFile", given.file),
        title=given.title,
        collection_id=require_id(given.collection_id, "Collection", "collectionId") if given.collection_id else None,
        tags=given.tags or [],
    )
    context.services.retrieval.reading_on.expect(accepted.document.collection_id)
    return DocumentAccepted(document=Document.of(accepted.document), is_duplicate=accepted.is_duplicate)


async def _upload_or_refuse(context: Context, given: UploadDocumentInput) -> UploadDocumentResult:
    try:
        return await _upload(context, given)
    except DomainError as error:
        # The files before this one are committed, so what befalls this one must not hide their results.
        return cast("UploadDocumentResult", to_member(error))
