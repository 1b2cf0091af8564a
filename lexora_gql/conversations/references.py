"""Keeping quotes and sources in place when their document is read anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.conversations.anchoring import Anchor, find_again, holder
from lexora_gql.conversations.citations import page_at
from lexora_gql.conversations.models import AnswerSource, Citation
from lexora_gql.documents.models import Chunk
from lexora_gql.documents.publishing import PlacedChunk
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.storage.writing import update_rows


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
        moved = []
        for source in kept.sources:
            anchor = find_again(extracted.text, source.text, near=source.start)
            place = holder(anchor or Anchor(source.start, source.start + len(source.text)), spans)
            if place is not None:
                key = {"message_id": source.message_id, "marker": source.marker}
                moved.append({**key, "chunk_id": chunks[place].id})
        await update_rows(session, AnswerSource, moved)
        citations = await session.scalars(select(Citation).where(Citation.document_id == kept.document_id))
        await update_rows(session, Citation, [_anchored(each, extracted, chunks, spans) for each in citations])


def _anchored(
    citation: Citation, extracted: ExtractedText, chunks: Sequence[PlacedChunk], spans: Sequence[tuple[int, int]]
) -> dict[str, object]:
    anchor = find_again(extracted.text, citation.quote, near=citation.char_start)
    place = holder(anchor, spans) if anchor is not None else None
    return {
        "message_id": citation.message_id,
        "ordinal": citation.ordinal,
        "chunk_id": chunks[place].id if place is not None else None,
        "char_start": anchor.start if anchor is not None else citation.char_start,
        "char_end": anchor.end if anchor is not None else citation.char_end,
        "page": page_at(extracted.pages, anchor.start) if anchor is not None else citation.page,
    }
