"""The one fenced transaction that makes what was read the document's text."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Integer, Uuid, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.usage import UsageRepository
from lexora_gql.documents.changes import Publication, next_revision, raised_revision, telling
from lexora_gql.documents.errors import EmbedderChanged
from lexora_gql.documents.generations.serving import GENERATION, Serving, serving_or_none, still_serves
from lexora_gql.documents.leases import NO_FAILURE, NO_LEASE, NOW, Claim, LeaseRepository
from lexora_gql.documents.models import (
    DOCUMENTS,
    TEXTS,
    CachedVector,
    Chunk,
    ChunkVector,
    Document,
    DocumentStatus,
    IngestionStage,
)
from lexora_gql.documents.repository import DocumentRepository
from lexora_gql.documents.splitting import Passage
from lexora_gql.documents.vectors import content_hash
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.storage.database import WORKER, Database, DatabaseAway
from lexora_gql.storage.writing import insert_rows

# Made once, as each document goes through them: to put a statement together takes longer than to run it.
_TEXT = upsert(TEXTS).values(
    document_id=bindparam("document"),
    collection_id=bindparam("collection"),
    text=bindparam("text"),
    pages=bindparam("pages"),
)
_WRITE_TEXT = (
    _TEXT.on_conflict_do_update(
        index_elements=[TEXTS.c.document_id], set_={"text": _TEXT.excluded.text, "pages": _TEXT.excluded.pages}
    )
    .add_cte(
        # What was paid for on the way stands with the chunks now.
        delete(CachedVector).where(CachedVector.document_id == bindparam("document")).cte("paid")
    )
    .returning(
        select(GENERATION.c.number).scalar_subquery().label("number"),
        select(GENERATION.c.embedder).scalar_subquery().label("embedder"),
    )
)
_MAKE_READY = (
    update(DOCUMENTS)
    .where(DOCUMENTS.c.id == bindparam("document"))
    .values(
        **NO_LEASE,
        **NO_FAILURE,
        outage_since=None,
        status=DocumentStatus.READY,
        stage=IngestionStage.DONE,
        units_done=bindparam("chunks", type_=Integer),
        units_total=bindparam("chunks", type_=Integer),
        fraction=1.0,
        eta_seconds=None,
        progress_at=NOW,
        warnings=bindparam("now_warnings"),
        page_count=bindparam("pages"),
        chunk_count=bindparam("chunks", type_=Integer),
        language=bindparam("now_language"),
        revision=func.coalesce(
            bindparam("given_revision", type_=BigInteger), raised_revision(bindparam("collection", type_=Uuid))
        ),
        ready_at=NOW,
    )
    # The feeds' counters come last of all: their rows stay locked until the commit.
    .returning(telling(DOCUMENTS.c.collection_id, DOCUMENTS.c.id))
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read out of a file.

    Attributes:
        passages: One per chunk, in order.
        contexts: What goes in front of each where it is embedded and indexed.
        vectors: One per passage, as stored.
        embedder: Whose vectors they are.
        planned: The generation that served when they were made; None: `embedder`'s, whatever serves.
        next_vectors: Those of the generation that is being built; empty where they are left to it.
    """

    extracted: ExtractedText
    passages: Sequence[Passage]
    contexts: Sequence[str]
    vectors: Sequence[bytes]
    embedder: str
    planned: Serving | None = None
    next_vectors: Sequence[bytes] = ()
    next_embedder: str = ""


@dataclass(frozen=True, slots=True)
class PlacedChunk:
    """A chunk's id and its stretch of the document's text."""

    id: UUID
    start: int
    end: int


class References(Protocol):
    """Those who quote documents: they find their words again when a document is read anew."""

    async def detach(self, session: AsyncSession, document_id: UUID) -> object:
        """Return what refers to the document's chunks, which are about to go."""
        ...

    async def attach(
        self, session: AsyncSession, kept: object, extracted: ExtractedText, chunks: Sequence[PlacedChunk]
    ) -> None:
        """Point to the new chunks what `detach` returned."""
        ...


@dataclass(frozen=True, slots=True)
class Publisher:
    """Commits readings."""

    database: Database
    bus: EventBus
    references: References

    async def publish(self, claim: Claim, reading: Reading) -> None:
        """Write text, chunks, vectors and READY, and raise the collection's revision: all or nothing.

        Raises:
            LeaseLost: The document is somebody else's, or gone; nothing was written.
            EmbedderChanged: Other vectors serve by now; nothing was written.
        """
        publication = Publication()
        rows = _chunk_rows(claim.document, reading)
        async with self.database.transaction(WORKER) as session:
            document = await LeaseRepository(session).hold(claim)
            repository = DocumentRepository(session)
            # Only a document that was READY before has chunks that somebody may quote, and that indexes may hold.
            last_number = await repository.last_chunk_number(document.id) if document.ready_at is not None else None
            kept = await self.references.detach(session, document.id) if last_number is not None else None
            if last_number is not None:
                await session.execute(delete(Chunk).where(Chunk.document_id == document.id))
            await insert_rows(session, Chunk, rows)
            if reading.next_vectors:
                await insert_rows(session, ChunkVector, _next_vector_rows(rows, reading))
            now = await _write_text(session, document, reading.extracted)
            if kept is not None:
                placed = [PlacedChunk(row["id"], row["char_start"], row["char_end"]) for row in rows]
                await self.references.attach(session, kept, reading.extracted, placed)
            if not await still_serves(session, reading.planned or now or Serving(0, reading.embedder), now):
                raise EmbedderChanged
            revision = None
            if last_number is not None:
                revision = await next_revision(session, document.collection_id)
                await repository.bury(document, revision=revision, up_to_number=last_number)
            readers = await session.scalars(_MAKE_READY, _made_ready(document, reading, revision))
            publication.recorded(readers.one())
        await publication.ring(self.bus)
        await self._count(document.owner_id, sum(passage.token_count for passage in reading.passages))

    async def _count(self, owner_id: UUID, tokens: int) -> None:
        """Count what was embedded, by itself: its row is not to be locked as long as a document takes to be written.

        What is lost where this process dies right now counts against no limit.
        """
        with suppress(DatabaseAway):
            async with self.database.transaction(WORKER) as session:
                await UsageRepository(session).add_embedding(owner_id, tokens)


def _chunk_rows(document: Document, reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            "id": uuid4(),
            "document_id": document.id,
            "collection_id": document.collection_id,
            "ordinal": passage.ordinal,
            "text": passage.text,
            "context": context,
            "headings": list(passage.headings),
            "page_start": passage.page_start,
            "page_end": passage.page_end,
            "char_start": passage.start,
            "char_end": passage.end,
            "token_count": passage.token_count,
            "content_sha256": content_hash(context + passage.text),
            "embedder": reading.embedder,
            "vector": vector,
        }
        for passage, context, vector in zip(reading.passages, reading.contexts, reading.vectors, strict=True)
    ]


def _next_vector_rows(chunks: Sequence[dict[str, Any]], reading: Reading) -> list[dict[str, Any]]:
    return [
        {
            "chunk_id": chunk["id"],
            "embedder": reading.next_embedder,
            "collection_id": chunk["collection_id"],
            "vector": vector,
        }
        for chunk, vector in zip(chunks, reading.next_vectors, strict=True)
    ]


async def _write_text(session: AsyncSession, document: Document, extracted: ExtractedText) -> Serving | None:
    """Write the text; return which generation serves, as this statement sees it."""
    given = {
        "document": document.id,
        "collection": document.collection_id,
        "text": extracted.text,
        "pages": [[page.number, page.start, page.end, page.label] for page in extracted.pages],
    }
    return serving_or_none(*(await session.execute(_WRITE_TEXT, given)).one())


def _made_ready(document: Document, reading: Reading, revision: int | None) -> dict[str, Any]:
    return {
        "document": document.id,
        "collection": document.collection_id,
        "given_revision": revision,
        "now_warnings": list(reading.extracted.warnings),
        "pages": reading.extracted.page_count,
        "chunks": len(reading.passages),
        "now_language": reading.extracted.language,
    }
