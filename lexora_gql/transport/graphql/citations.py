"""What backs an answer: its sources, and the citations that were checked against them."""

from typing import Self

import strawberry

from lexora_gql.conversations import models
from lexora_gql.documents import places
from lexora_gql.documents.media_types import MediaType
from lexora_gql.documents.placing import Stretch
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.documents import Chunk, Document
from lexora_gql.transport.graphql.enums import CitationVerification
from lexora_gql.transport.graphql.interfaces import TextSpan
from lexora_gql.transport.graphql.retrieval import SearchHit
from lexora_gql.transport.links import PageView


@strawberry.type(description="A rectangle on a page of a PDF, in points from the page's lower left corner.")
class PageRect:
    """A rectangle on a page."""

    page: int = strawberry.field(description="The page's number; the file's first is 1.")
    left: float = strawberry.field(description="Its left edge.")
    bottom: float = strawberry.field(description="Its lower edge.")
    right: float = strawberry.field(description="Its right edge.")
    top: float = strawberry.field(description="Its upper edge.")

    @classmethod
    def of(cls, rect: places.PageRect) -> Self:
        """Return a rectangle as clients see it."""
        return cls(page=rect.page, left=rect.left, bottom=rect.bottom, right=rect.right, top=rect.top)


@strawberry.type(description="A stretch of the answer and the stretch of a document that backs it.")
class Citation:
    """A stretch of the answer and the stretch of a document that backs it."""

    row: strawberry.Private[models.Citation]
    marker: int = strawberry.field(description="The number in the answer's text, as in [1].")
    answer_span: TextSpan = strawberry.field(description="The marker's place in message.content.")
    quote: str = strawberry.field(
        description="Words of the source, exactly as stored: text[charStart:charEnd] of the document."
    )
    char_start: int = strawberry.field(description="Where the quote begins in the document's extracted text.")
    char_end: int = strawberry.field(description="One past the quote's last character.")
    page: int | None = strawberry.field(
        description="The page, or slide, that the quote begins on; the file's first is 1."
    )
    verification: CitationVerification = strawberry.field(
        description="Whether the source says what the answer's sentence says."
    )
    filename: str = strawberry.field(description="Of the source; it stays when the document goes.")

    @strawberry.field(description="The passage. Null once the document is deleted; filename and quote stay.")
    async def chunk(self, info: Info) -> Chunk | None:
        """Load the passage."""
        row = await info.context.loaders.chunks.load(self.row.chunk_id) if self.row.chunk_id else None
        return Chunk.of(row) if row else None

    @strawberry.field(description="The document. Null once it is deleted; filename and quote stay.")
    async def document(self, info: Info) -> Document | None:
        """Load the document."""
        row = await info.context.loaders.documents.load(self.row.document_id) if self.row.document_id else None
        return Document.of(row) if row else None

    @strawberry.field(
        description="Where on the pages of a PDF the quote stands, a rectangle a line. Empty for other formats, where "
        "the words are not drawn as text, as on a scanned page, and once the document is deleted."
    )
    async def rects(self, info: Info) -> list[PageRect]:
        """Find the quote on its pages."""
        row = self.row
        if row.document_id is None or row.page is None:
            return []
        found = await info.context.loaders.rects.load(Stretch(row.document_id, row.char_start, row.char_end))
        return [PageRect.of(rect) for rect in found or ()]

    @strawberry.field(
        description="A picture of the quote's page with the quote marked, under /pages, for 15 minutes. Bound to the "
        "caller, whose access is checked again at each use. Null for other formats than PDF, and once the document is "
        "deleted."
    )
    async def page_image_url(self, info: Info) -> str | None:
        """Sign a link to the page."""
        row = self.row
        document = await info.context.loaders.documents.load(row.document_id) if row.document_id else None
        if document is None or row.page is None or document.media_type != MediaType.PDF:
            return None
        viewer = info.context.viewer.user_id
        view = PageView(viewer, document.id, row.page, row.char_start, row.char_end)
        return info.context.environment.links.make_page(view)

    @classmethod
    def of(cls, row: models.Citation) -> Self:
        """Return a citation as clients see it."""
        return cls(
            row=row,
            marker=row.marker,
            answer_span=TextSpan(start=row.answer_start, end=row.answer_end),
            quote=row.quote,
            char_start=row.char_start,
            char_end=row.char_end,
            page=row.page,
            verification=row.verification,
            filename=row.filename,
        )


@strawberry.type(
    description="A numbered source of an answer. The number and the filename stay when the document goes; the hit "
    "does not."
)
class AnswerSource:
    """A numbered source of an answer."""

    row: strawberry.Private[models.AnswerSource]
    searched: strawberry.Private[str]
    marker: int = strawberry.field(description="The number that the answer cites it by.")
    filename: str = strawberry.field(description="The name of its file.")

    @strawberry.field(description="The passage; null once the document is deleted.")
    async def hit(self, info: Info) -> SearchHit | None:
        """Load the passage."""
        chunk = await info.context.loaders.chunks.load(self.row.chunk_id) if self.row.chunk_id else None
        return SearchHit.of_source(self.row, chunk, self.searched) if chunk else None


async def load_sources(info: Info, message: models.Message) -> list[AnswerSource]:
    """Return what an answer is based on, by number."""
    rows = await info.context.loaders.sources.load(message.id) or ()
    return [
        AnswerSource(row=row, searched=message.query or "", marker=row.marker, filename=row.filename) for row in rows
    ]


@strawberry.type(description="What retrieval did for an answer.")
class RetrievalTrace:
    """What retrieval did for an answer."""

    row: strawberry.Private[models.Message]
    query: str = strawberry.field(
        description="The standalone question that was searched, after the conversation so far was taken into account."
    )
    candidates: int = strawberry.field(description="Chunks searched, after scope.")
    took_milliseconds: float = strawberry.field(description="How long the search took.")

    @strawberry.field(description="What the answer is based on, by number.")
    async def sources(self, info: Info) -> list[AnswerSource]:
        """Load the sources."""
        return await load_sources(info, self.row)

    @classmethod
    def of(cls, row: models.Message) -> Self | None:
        """Return the trace of an answer; None for questions, and until the search is done."""
        if row.query is None:
            return None
        return cls(
            row=row, query=row.query, candidates=row.candidates or 0, took_milliseconds=row.took_milliseconds or 0.0
        )
