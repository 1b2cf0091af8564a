"""Keeping quotes and sources in place when their document is read anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.conversations.anchoring import Anchor, find_again, holder
from lexora_gql.conversations.citations import page_at
from lexora_gql.conversations.models import AnswerSource, Citation
from lexora_gql.documents.models import Chunk
from lexora_gql.documents.publishing import PlacedChunk
from lexora_gql.ports.text_extractor import ExtractedText


@dataclass(frozen=True, slots=True)
class _Source:
    """A numbered source and the stretch of text it stood for."""

    message_id: UUID
    marker: int
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Detached:
    """What referred to a document's chunks before they went."""

    document_id: UUID
    sources: Sequence[_Source]


@dataclass(frozen=True, slots=True)
class QuoteReferences:
    """Citations and sources of stored answers, as `documents.publishing.References`."""

    async def detach(self, session: AsyncSession, document_id: UUID) -> object:
        """Return what refers to the document's chunks, which are about to go."""
        rows = await session.execute(
            select(AnswerSource.message_id, AnswerSource.marker, Chunk.text, Chunk.char_start)
            .join(Chunk, Chunk.id == AnswerSource.chunk_id)
            .where(Chunk.document_id == document_id)
        )
        return Detached(document_id, [_Source(*row) for row in rows])

    async def attach(
        self, session: AsyncSession, kept: object, extracted: ExtractedText, chunks: Sequence[PlacedChunk]
    ) -> None:
        """Point sources and citations to the new chunks; a quote that is gone keeps its words and loses its chunk."""
        if not isinstance(kept, Detached):
            message = f"{type(kept).__name__} was not given by detach."
            raise TypeError(message)
        spans = [(chunk.start, chunk.end) for chunk in chunks]
        for source in kept.sources:
            anchor = find_again(extracted.text, source.text, near=source.start)
            place = holder(anchor or Anchor(source.start, source.start + len(source.text)), spans)
            if place is not None:
                await session.execute(
                    update(AnswerSource)
                    .where(AnswerSource.message_id == source.message_id, AnswerSource.marker == source.marker)
                    .values(chunk_id=chunks[place].id)
                )
        citations = await session.scalars(select(Citation).where(Citation.document_id == kept.document_id))
        for citation in citations:
            anchor = find_again(extracted.text, citation.quote, near=citation.char_start)
            place = holder(anchor, spans) if anchor is not None else None
            citation.chunk_id = chunks[place].id if place is not None else None
            if anchor is not None:
                citation.char_start, citation.char_end = anchor.start, anchor.end
                citation.page = page_at(extracted.pages, anchor.start)
        await session.flush()
