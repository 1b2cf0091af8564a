"""Showing where on its pages a stretch of a document stands."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import Document, DocumentText
from lexora_gql.documents.places import PageRect, locate
from lexora_gql.errors import Unavailable
from lexora_gql.ports.blob_store import BlobMissing, BlobStore, BlobStoreAway
from lexora_gql.ports.page_reader import Mark, PageReader, PlacedWord
from lexora_gql.ports.text_extractor import ExtractionFailed, PageSpan
from lexora_gql.storage.database import Database

# Of one stretch: a passage stands on two pages at most, and nothing that is longer is a quotation.
PAGES_MAX = 5
FILES_AWAY = "Files cannot be read at the moment; try again."

_ASKED = (
    func.unnest(
        bindparam("documents", type_=ARRAY(Uuid)),
        bindparam("starts", type_=ARRAY(Integer)),
        bindparam("lengths", type_=ARRAY(Integer)),
    )
    .table_valued("document_id", "start", "length")
    .render_derived()
)
_PAGE_TEXTS = select(
    _ASKED.c.document_id,
    _ASKED.c.start,
    func.substr(DocumentText.text, _ASKED.c.start + 1, _ASKED.c.length).label("text"),
).join(DocumentText, DocumentText.document_id == _ASKED.c.document_id)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of a document's text, from `start` to just before `end`."""

    document_id: UUID
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that stretches of a document stand on, and its text."""

    span: PageSpan
    text: str


@dataclass(frozen=True, slots=True)
class _File:
    """A document whose pages are asked for."""

    blob_key: str
    media_type: str
    pages: dict[int, _Page]


@dataclass(frozen=True, slots=True)
class PlacingService:
    """Use cases on pages; nothing is kept: what a page shows is in its file."""

    database: Database
    blobs: BlobStore
    reader: PageReader

    async def rects(self, viewer: Viewer, stretches: Collection[Stretch]) -> dict[Stretch, list[PageRect]]:
        """Return the rectangles that hold each stretch, in the order of its pages.

        A stretch has none where the viewer may not read its document, where the format has no places, and where the
        words are not drawn as text, as on a scanned page.

        Raises:
            Unavailable: Files cannot be read at the moment.
        """
        files = await self._files(viewer, stretches)
        read = await asyncio.gather(*(self._words(file) for file in files.values()))
        words = dict(zip(files, read, strict=True))
        return await asyncio.to_thread(_located, stretches, files, words)

    async def picture(self, viewer: Viewer, stretch: Stretch, page: int) -> bytes | None:
        """Return a PNG of a page with a stretch marked on it.

        None where the viewer may not read the document, or its format or this page of it cannot be drawn.

        Raises:
            Unavailable: Files cannot be read at the moment.
        """
        rects = (await self.rects(viewer, [stretch]))[stretch]
        marks = [(rect.left, rect.bottom, rect.right, rect.top) for rect in rects if rect.page == page]
        # Looked up again: it may have been deleted while its words were read.
        file = (await self._files(viewer, [stretch])).get(stretch.document_id)
        return await self._drawn(file, page, marks) if file is not None else None

    async def _drawn(self, file: "_File", page: int, marks: Sequence[Mark]) -> bytes | None:
        try:
            async with self.blobs.local_file(file.blob_key) as path:
                return await self.reader.picture(path, file.media_type, page, marks)
        except (BlobMissing, ExtractionFailed):
            return None
        except BlobStoreAway as error:
            raise Unavailable(FILES_AWAY) from error

    async def _words(self, file: _File) -> dict[int, Sequence[PlacedWord]]:
        try:
            async with self.blobs.local_file(file.blob_key) as path:
                return await self.reader.words(path, file.media_type, sorted(file.pages))
        except (BlobMissing, ExtractionFailed):
            # Deleted in this moment; or the file is what it is, and its text was had some other way.
            return {}
        except BlobStoreAway as error:
            raise Unavailable(FILES_AWAY) from error

    async def _files(self, viewer: Viewer, stretches: Iterable[Stretch]) -> dict[UUID, _File]:
        asked: dict[UUID, list[Stretch]] = {}
        for stretch in stretches:
            asked.setdefault(stretch.document_id, []).append(stretch)
        query = (
            select(Document.id, Document.blob_key, Document.media_type, DocumentText.pages)
            .join(DocumentText, DocumentText.document_id == Document.id)
            .where(Document.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        )
        async with self.database.transaction(viewer) as session:
            rows = (await session.execute(query, {"ids": list(asked)})).all()
            spans = {row.id: _touched(row.pages, asked[row.id]) for row in rows}
            texts = await _texts(session, spans)
        return {
            row.id: _File(
                row.blob_key,
                row.media_type,
                {span.number: _Page(span, texts.get((row.id, span.start), "")) for span in spans[row.id]},
            )
            for row in rows
            if spans[row.id]
        }


def _touched(pages: Sequence[Sequence[Any]], stretches: Sequence[Stretch]) -> list[PageSpan]:
    """Return the pages that stretches stand on, at most five of each."""
    spans = [PageSpan(*page) for page in pages]
    touched: dict[int, PageSpan] = {}
    for stretch in stretches:
        on = [span for span in spans if span.start < stretch.end and stretch.start < span.end]
        touched |= {span.number: span for span in on[:PAGES_MAX]}
    return list(touched.values())


async def _texts(session: AsyncSession, spans: dict[UUID, list[PageSpan]]) -> dict[tuple[UUID, int], str]:
    asked = [(document_id, span) for document_id, pages in spans.items() for span in pages]
    given = {
        "documents": [document_id for document_id, _ in asked],
        "starts": [span.start for _, span in asked],
        "lengths": [span.end - span.start for _, span in asked],
    }
    rows = await session.execute(_PAGE_TEXTS, given)
    return {(row.document_id, row.start): row.text for row in rows}


def _located(
    stretches: Collection[Stretch], files: dict[UUID, _File], words: dict[UUID, dict[int, Sequence[PlacedWord]]]
) -> dict[Stretch, list[PageRect]]:
    return {
        stretch: [
            rect
            for number, page in sorted(files[stretch.document_id].pages.items())
            for rect in _on_page(stretch, page, words[stretch.document_id].get(number, ()))
        ]
        if stretch.document_id in files
        else []
        for stretch in stretches
    }


def _on_page(stretch: Stretch, page: _Page, words: Sequence[PlacedWord]) -> list[PageRect]:
    start = max(0, stretch.start - page.span.start)
    end = min(len(page.text), stretch.end - page.span.start)
    return locate(page.text, start, end, words, page.span.number) if start < end and words else []
