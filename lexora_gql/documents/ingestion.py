"""The way of a document: claimed, parsed, split, embedded, published; or ended with a reason."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from lexora_gql.documents.changes import Publication
from lexora_gql.documents.errors import EmbedderChanged, LeaseLost
from lexora_gql.documents.generations.embedding import embed_passages
from lexora_gql.documents.leases import Claim, LeaseRepository, Outage
from lexora_gql.documents.models import Document, IngestionFailureCode, IngestionStage
from lexora_gql.documents.pace import Estimate, Pace
from lexora_gql.documents.progress import ProgressKeeper
from lexora_gql.documents.publishing import Publisher, Reading
from lexora_gql.documents.splitting import Passage, context, split
from lexora_gql.documents.vectors import VectorStore
from lexora_gql.documents.verdicts import Verdict, judge
from lexora_gql.ports.blob_store import BlobStore
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, TextExtractor
from lexora_gql.storage.database import WORKER, Database, DatabaseAway
from lexora_gql.telemetry.metrics import Metrics

# How long a lease is tried to be given back while PostgreSQL is away; then the reconciler takes it.
GIVE_BACK_SECONDS = 15.0

# Outcomes after which somebody takes the document up again.
PASSING = {"LEASE_LOST", "DATABASE_AWAY", "EMBEDDER_CHANGED", "TRY_AGAIN"}

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IngestionLimits:
    """How documents are cut and leases kept; lengths in characters, times in seconds."""

    chunk_characters: int
    chunk_overlap_characters: int
    lease_seconds: float
    renewal_seconds: float


@dataclass(frozen=True, slots=True)
class IngestionService:
    """Use cases of workers; all that they remember is how long documents take."""

    database: Database
    blobs: BlobStore
    extractor: TextExtractor
    vectors: VectorStore
    publisher: Publisher
    bus: EventBus
    metrics: Metrics
    limits: IngestionLimits
    pace: Pace = field(default_factory=Pace)

    async def claim(self) -> Claim | None:
        """Take up the document whose owner has waited longest; None where nothing is due.

        A cancellation costs no attempt here either: what was taken up in that moment is given back.
        """
        claiming = asyncio.ensure_future(self._claim())
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await _done(claiming)
            if claiming.exception() is None and (claim := claiming.result()) is not None:
                await _to_the_end(self._give_back(claim))
            raise

    async def _claim(self) -> Claim | None:
        publication = Publication()
        async with self.database.transaction(WORKER) as session:
            claim = await LeaseRepository(session).claim(seconds=self.limits.lease_seconds)
            if claim is not None:
                await publication.record(session, claim.document.collection_id, [claim.document.id])
        await publication.ring(self.bus)
        return claim

    async def ingest(self, claim: Claim) -> None:
        """Read a claimed document to its end.

        Whatever goes wrong ends in the document's row; a cancellation gives the document back.
        """
        document = claim.document
        started = time.monotonic()
        keeper = ProgressKeeper(
            self.database,
            self.bus,
            claim,
            self.limits.lease_seconds,
            self.limits.renewal_seconds,
            Estimate(self.pace, document.media_type),
        )
        outcome = "READY"
        try:
            await self._work(claim, keeper)
        except LeaseLost:
            outcome = "LEASE_LOST"
        except asyncio.CancelledError:
            await _to_the_end(self._give_back(claim))
            raise
        except (DatabaseAway, EmbedderChanged) as error:
            outcome = "DATABASE_AWAY" if isinstance(error, DatabaseAway) else "EMBEDDER_CHANGED"
            await _to_the_end(self._give_back(claim))
        except Exception as error:  # noqa: BLE001  # every failure must end in the row, whatever it is
            outcome = await _to_the_end(self._end(claim, keeper, error))
        seconds = time.monotonic() - started
        self.metrics.document_processing_duration_seconds.labels(
            media_type=document.media_type, outcome=outcome
        ).observe(seconds)
        if outcome not in PASSING:
            self.metrics.documents_finished_total.labels(outcome=outcome).inc()
        log.info("document_processed", document_id=str(document.id), outcome=outcome, seconds=round(seconds, 3))

    async def _work(self, claim: Claim, keeper: ProgressKeeper) -> None:
        reading = await self._read_under_lease(claim, keeper)
        # Nobody keeps the lease from here on. The commit holds the row, so nobody can take it; and a keeper, who would
        # wait for that row and then find the lease spent, would take a document that has just become READY for lost.
        await keeper.tell(IngestionStage.INDEXING, 0, len(reading.passages))
        with self.metrics.stage("INDEXING"):
            await self.publisher.publish(claim, reading)
        keeper.estimate.end()

    async def _read_under_lease(self, claim: Claim, keeper: ProgressKeeper) -> Reading:
        """Read beside the lease's keeper; whichever fails first ends both."""
        work = asyncio.ensure_future(self._read(claim, keeper))
        lease = asyncio.ensure_future(keeper.keep())
        try:
            await asyncio.wait({work, lease}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await lease
            return await work
        finally:
            for task in (work, lease):
                task.cancel()
            await asyncio.gather(work, lease, return_exceptions=True)

    async def _read(self, claim: Claim, keeper: ProgressKeeper) -> Reading:
        document = claim.document
        keeper.report(IngestionStage.PARSING)
        with self.metrics.stage("PARSING"):
            extracted = await self._extract(document, keeper)
        keeper.report(IngestionStage.CHUNKING)
        with self.metrics.stage("CHUNKING"):
            passages = await asyncio.to_thread(self._split, extracted)
        if not passages:
            message = "The file holds no text."
            raise ExtractionFailed(IngestionFailureCode.NO_TEXT, message)
        title = extracted.title or document.title
        contexts = [context(title, document.filename, passage.headings) for passage in passages]
        keeper.report(IngestionStage.EMBEDDING, 0, len(passages))
        with self.metrics.stage("EMBEDDING"):
            made = await embed_passages(
                self.vectors,
                document,
                [before + passage.text for before, passage in zip(contexts, passages, strict=True)],
                lambda done, total: keeper.report(IngestionStage.EMBEDDING, done, total),
                # Of an older plan the commit would say that other vectors serve by now, and all would be read again.
                claim.plan if keeper.is_fresh else None,
            )
        return Reading(
            extracted,
            passages,
            contexts,
            made.vectors,
            made.embedder,
            made.planned,
            made.next_vectors,
            made.next_embedder,
        )

    async def _extract(self, document: Document, keeper: ProgressKeeper) -> ExtractedText:
        async with self.blobs.local_file(document.blob_key) as path:
            return await self.extractor.extract(
                path, document.media_type, lambda done, total: keeper.report(IngestionStage.PARSING, done, total)
            )

    def _split(self, extracted: ExtractedText) -> list[Passage]:
        limits = self.limits
        return split(extracted, characters=limits.chunk_characters, overlap=limits.chunk_overlap_characters)

    async def _end(self, claim: Claim, keeper: ProgressKeeper, error: Exception) -> str:
        """Write down what became of a document that could not be read; return it in a word for the metrics."""
        has_advanced = keeper.fraction > claim.document.fraction
        verdict = judge(error, claim.document, keeper.stage, has_advanced=has_advanced)
        if verdict.failure.code is IngestionFailureCode.INTERNAL:
            log.error("ingestion_failed", document_id=str(claim.document.id), stage=keeper.stage, exc_info=error)
        publication = Publication()
        try:
            async with self.database.transaction(WORKER) as session:
                await _write_down(LeaseRepository(session), claim, verdict, keeper.fraction)
                await publication.record(session, claim.document.collection_id, [claim.document.id])
        except LeaseLost:
            return "LEASE_LOST"
        except DatabaseAway:
            # The lease runs out and the reconciler decides.
            return "DATABASE_AWAY"
        await publication.ring(self.bus)
        return "TRY_AGAIN" if verdict.again_after_seconds is not None else verdict.failure.code.value

    async def _give_back(self, claim: Claim) -> None:
        deadline = time.monotonic() + GIVE_BACK_SECONDS
        while True:
            publication = Publication()
            try:
                async with self.database.transaction(WORKER) as session:
                    await LeaseRepository(session).give_back(claim)
                    await publication.record(session, claim.document.collection_id, [claim.document.id])
            except LeaseLost:
                return
            except DatabaseAway as error:
                if time.monotonic() > deadline:
                    return
                await asyncio.sleep(min(error.retry_after_seconds, 1.0))
            else:
                await publication.ring(self.bus)
                return


async def _write_down(leases: LeaseRepository, claim: Claim, verdict: Verdict, fraction: float) -> None:
    pause = verdict.again_after_seconds
    if pause is None:
        await leases.fail(claim, verdict.failure)
    elif verdict.waits_for is not None:
        outage = Outage(verdict.waits_for, is_new=verdict.is_new_outage)
        await leases.put_off(claim, outage, after_seconds=pause, fraction=fraction)
    else:
        await leases.try_again(claim, after_seconds=pause, is_crash=verdict.is_crash)


async def _to_the_end(step: Coroutine[Any, Any, Result]) -> Result:
    """Run a step to its end even if cancelled meanwhile: a row that says nothing costs the document an attempt."""
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _done(task)
        raise


async def _done(task: asyncio.Future[Any]) -> None:
    """Wait for a task however often that is cancelled: who stops a worker may ask more than once."""
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
