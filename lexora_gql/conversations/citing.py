"""Citations as rows: each marker of an answer, verified against the stored text of its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.citations import SourceText, cite
from lexora_gql.conversations.citations.markers import MarkerSpan
from lexora_gql.documents.models import DocumentText
from lexora_gql.ports.text_extractor import PageSpan
from lexora_gql.retrieval.service import Hit
from lexora_gql.storage.database import Database


@dataclass(frozen=True, slots=True)
class Citing:
    """Verifies answers."""

    database: Database

    async def rows(
        self, viewer: Viewer, content: str, markers: Sequence[MarkerSpan], hits: Sequence[Hit]
    ) -> list[dict[str, object]]:
        """Return a row for each marker, in the order of the text.

        Args:
            viewer: Who asked.
            content: The answer's whole text.
            markers: Where its markers stand.
            hits: The sources; the first is number 1.
        """
        used = {span.marker for span in markers}
        by_marker = {marker: hit for marker, hit in enumerate(hits, 1) if marker in used}
        pages = await self._pages(viewer, {hit.chunk.document_id for hit in by_marker.values()})
        sources = {
            marker: SourceText(hit.chunk.text, hit.chunk.char_start, pages.get(hit.chunk.document_id, ()))
            for marker, hit in by_marker.items()
        }
        return [
            {
                "ordinal": ordinal,
                "marker": citation.marker,
                "answer_start": citation.span.start,
                "answer_end": citation.span.end,
                "quote": citation.quote,
                "char_start": citation.char_start,
                "char_end": citation.char_end,
                "page": citation.page,
                "verification": citation.verification,
                "filename": by_marker[citation.marker].filename,
                "document_id": by_marker[citation.marker].chunk.document_id,
                "chunk_id": by_marker[citation.marker].chunk.id,
            }
            for ordinal, citation in enumerate(cite(content, markers, sources))
        ]

    async def _pages(self, viewer: Viewer, document_ids: set[UUID]) -> dict[UUID, list[PageSpan]]:
        query = select(DocumentText.document_id, DocumentText.pages).where(DocumentText.document_id.in_(document_ids))
        async with self.database.transaction(viewer) as session:
            rows = await session.execute(query)
            return {document_id: [PageSpan(*page) for page in pages] for document_id, pages in rows}
