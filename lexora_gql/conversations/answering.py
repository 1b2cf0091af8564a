"""The way of a question: made standalone, searched, prompted, streamed, cited, committed."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from sqlalchemy.exc import IntegrityError

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.answers import LiveAnswer, answer_topic
from lexora_gql.conversations.citing import Citing
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.leases import (
    AnswerEnd,
    AnswerLease,
    AnswerLeaseRepository,
    end_answer,
    tell_sources,
)
from lexora_gql.conversations.models import (
    AnswerFailureCode,
    AnswerMode,
    MessageStatus,
)
from lexora_gql.conversations.outcomes import Draft, Evidence, Outcome, failed_outcome
from lexora_gql.conversations.pacing import Doorway, Pace
from lexora_gql.conversations.prompts.no_evidence import no_evidence
from lexora_gql.conversations.prompts.prompting import Turn, build, fit
from lexora_gql.conversations.questions import Standalone
from lexora_gql.conversations.shown import ShownText
from lexora_gql.conversations.writers import Writer, Writers
from lexora_gql.errors import IndexLoading
from lexora_gql.ports.chat_model import ChatModelError, ChatRequest, PromptSource, TextPiece, Usage
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.retrieval.scope import Scope
from lexora_gql.retrieval.service import Found, Hit, RetrievalService
from lexora_gql.storage.database import Database, DatabaseAway
from lexora_gql.telemetry.metrics import Metrics

# How long a question waits for a large index that is being loaded.
LOADING_SECONDS = 60.0
# As long as the lease may hold, a commit is worth trying.
COMMIT_TRIES_SECONDS = 6.0
COMMIT_PAUSE_SECONDS = 0.25

Done = TypeVar("Done")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AnswerJob:
    """One answer to be written.

    Attributes:
        history: The turns before the question, oldest first.
    """

    viewer: Viewer
    lease: AnswerLease
    question: str
    history: Sequence[Turn]
    scope: Scope
    model: str


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Bounds of a prompt and its completion."""

    sources: int
    context_tokens: int
    max_tokens: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Answerer:
    """Writes answers; stateless, each answer has a task of its own."""

    database: Database
    bus: EventBus
    retrieval: RetrievalService
    writers: Writers
    standalone: Standalone
    citing: Citing
    metrics: Metrics
    limits: AnswerLimits
    pace: Pace = field(default_factory=Pace)
    doorway: Doorway = field(default_factory=Doorway)

    async def answer(self, job: AnswerJob) -> None:
        """Write an answer to its end; whatever goes wrong ends in its row.

        A cancellation (the server shuts down) ends it as INTERRUPTED, with what was there.
        """
        live, draft = LiveAnswer(self.database, self.bus, job.viewer, job.lease, self.pace), Draft()
        beside = [asyncio.ensure_future(step()) for step in (live.tell, live.checkpoint, live.listen_for_stop)]
        work = asyncio.ensure_future(self._write(job, live, draft))
        waits = [asyncio.ensure_future(flag.wait()) for flag in (live.is_stopped, live.is_lost)]
        try:
            await asyncio.wait({work, *waits}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            if not live.is_lost.is_set():
                await self._settle(job, live, draft, work)
        except asyncio.CancelledError:
            # What was written to its end only waits to be committed.
            end = self._settle(job, live, draft, work) if work.done() else self._interrupt(job, live, draft)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.shield(end)
            raise
        finally:
            for task in (*beside, *waits):
                task.cancel()
            await asyncio.gather(*beside, *waits, return_exceptions=True)

    async def _settle(self, job: AnswerJob, live: LiveAnswer, draft: Draft, work: asyncio.Future[Outcome]) -> None:
        """Commit how the writing ended."""
        if work.cancelled():
            outcome = Outcome(MessageStatus.STOPPED)
        elif isinstance(error := work.exception(), ProducerLost):
            return
        elif error is not None:
            outcome = failed_outcome(error)
            if outcome.failure is not None and outcome.failure[0] is AnswerFailureCode.INTERNAL:
                log.error("answer_failed", message_id=str(job.lease.answer_id), exc_info=error)
        else:
            outcome = work.result()
        await self._commit(job, live, draft, outcome)

    async def _write(self, job: AnswerJob, live: LiveAnswer, draft: Draft) -> Outcome:
        standalone = await self.standalone.query(job.question, job.history, model=job.model)
        query, draft.aside = standalone.text, standalone.usage
        async with self.doorway.passing():
            found = await self._search(job, query)
            evidence, request = self._prompt(job, query, found)
        if not evidence.hits:
            return await self._without_evidence(job, live, evidence)
        asked = Writer(self.writers.main, job.model)
        draft.hits, draft.prompt = evidence.hits, request.messages
        # Beside the model, which takes longer to begin; nobody sees a word before it is done.
        telling = asyncio.ensure_future(self._tell_sources(job, live, evidence, asked.mode))
        try:
            await self._stream(job, request, live, draft, telling)
        except ChatModelError:
            # What the answer is based on stays with it, whatever the model says.
            await telling
            raise
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        if not live.text.strip():
            return await self._without_evidence(job, live, evidence)
        return Outcome(MessageStatus.COMPLETED, draft.writer.mode if draft.writer else asked.mode)

    async def _without_evidence(self, job: AnswerJob, live: LiveAnswer, evidence: Evidence) -> Outcome:
        if not evidence.hits:
            await self._tell_sources(job, live, evidence, AnswerMode.NO_EVIDENCE)
        live.add(no_evidence(job.question))
        return Outcome(MessageStatus.COMPLETED, AnswerMode.NO_EVIDENCE)

    async def _search(self, job: AnswerJob, query: str) -> Found:
        deadline = time.monotonic() + LOADING_SECONDS
        while True:
            try:
                return await self.retrieval.search(job.viewer, query, first=self.limits.sources, scope=job.scope)
            except IndexLoading as error:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(error.retry_after_seconds)

    async def _tell_sources(self, job: AnswerJob, live: LiveAnswer, evidence: Evidence, mode: AnswerMode) -> None:
        """Commit what the answer is based on, and let watchers see it."""
        values = {
            "query": evidence.query,
            "candidates": evidence.found.candidates,
            "took_milliseconds": evidence.found.took_milliseconds,
            "mode": mode,
        }
        rows = [_source_row(marker, hit) for marker, hit in enumerate(evidence.hits, 1)]

        async def tell() -> None:
            begun_at = time.monotonic()
            is_stop_wanted = await tell_sources(self.database, job.viewer, job.lease, values, rows)
            live.look(begun_at, is_stop_wanted=is_stop_wanted)

        await self._patiently(tell)
        await self.bus.ring(answer_topic(job.lease.answer_id))

    def _prompt(self, job: AnswerJob, query: str, found: Found) -> tuple[Evidence, ChatRequest]:
        """Return what fits into the model's context: only what the model reads may be cited."""
        sources = [
            PromptSource(marker, hit.chunk.text, hit.chunk.context.strip(), hit.likeness)
            for marker, hit in enumerate(found.hits, 1)
        ]
        budget = self.limits.context_tokens
        fitted = fit(job.question, sources, job.history, budget_tokens=budget)
        request = ChatRequest(
            model=job.model,
            messages=build(job.question, fitted.sources, fitted.history, budget_tokens=budget),
            question=query,
            sources=fitted.sources,
            max_tokens=self.limits.max_tokens,
            temperature=self.limits.temperature,
        )
        return Evidence(query, found, found.hits[: len(fitted.sources)]), request

    async def _stream(
        self, job: AnswerJob, request: ChatRequest, live: LiveAnswer, draft: Draft, sources_told: asyncio.Future[None]
    ) -> None:
        asked = Writer(self.writers.main, job.model)
        draft.shown = shown = ShownText(f"{job.question}\n{request.question}", request.sources)
        started = time.perf_counter()
        async with aclosing(self.writers.write(request)) as pieces:
            async for piece in pieces:
                match piece:
                    case TextPiece():
                        live.add(shown.feed(piece.text))
                        if draft.writer and not draft.writer.model.is_extractive:
                            # Tokens that come meanwhile are then read in one piece, which takes less.
                            await self.pace.pause_where_late()
                    case Usage():
                        draft.told = piece
                    case Writer():
                        draft.writer = piece
                        self.metrics.answer_first_token_seconds.observe(time.perf_counter() - started)
                        await sources_told
                        if piece != asked:
                            await self._tell_writer(job, piece)
        await sources_told
        live.add(shown.flush())

    async def _tell_writer(self, job: AnswerJob, writer: Writer) -> None:
        """Commit who writes, before anybody sees a word of theirs."""
        kind = "quotes" if writer.model.is_extractive else "model"
        self.metrics.answer_fallbacks_total.labels(to=kind).inc()
        log.info("answer_taken_over", message_id=str(job.lease.answer_id), model=writer.name)
        values = {"mode": writer.mode, "model": writer.name}

        async def tell() -> None:
            async with self.database.transaction(job.viewer) as session:
                await AnswerLeaseRepository(session).write(job.lease, values)

        await self._patiently(tell)

    async def _interrupt(self, job: AnswerJob, live: LiveAnswer, draft: Draft) -> None:
        message = "The server was shut down while it wrote this answer. Ask again."
        failure = (AnswerFailureCode.INTERRUPTED, message, True)
        await self._commit(job, live, draft, Outcome(MessageStatus.INTERRUPTED, failure=failure))

    async def _commit(self, job: AnswerJob, live: LiveAnswer, draft: Draft, outcome: Outcome) -> None:
        """Write the end once; while PostgreSQL is away for a moment, try again as long as the lease may hold."""
        await live.tell_the_rest()
        usage = draft.usage(live.text)
        end = AnswerEnd(
            outcome.status,
            live.text,
            outcome.mode,
            usage.prompt_tokens if usage else None,
            usage.completion_tokens if usage else None,
            outcome.failure,
        )

        is_ours = True
        try:
            citations = await self._patiently(lambda: self._citations(job, live.text, draft))
            await self._patiently(lambda: end_answer(self.database, job.viewer, job.lease, end, citations))
        except DatabaseAway:
            return
        except ProducerLost:
            # Ended by somebody else, or by a commit of ours that nobody has heard of.
            is_ours = False
        await self.bus.finish_text(job.viewer.user_id, job.lease.answer_id, job.lease.token)
        if is_ours:
            self._count(job, outcome)

    async def _patiently(self, step: Callable[[], Awaitable[Done]]) -> Done:
        """Try again while PostgreSQL is away for a moment, or when a source went in the middle."""
        deadline = time.monotonic() + COMMIT_TRIES_SECONDS
        while True:
            try:
                return await step()
            except (DatabaseAway, IntegrityError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(COMMIT_PAUSE_SECONDS)

    async def _citations(self, job: AnswerJob, text: str, draft: Draft) -> list[dict[str, object]]:
        spans = draft.shown.spans if draft.shown else ()
        return await self.citing.rows(job.viewer, text, spans, draft.hits) if spans else []

    def _count(self, job: AnswerJob, outcome: Outcome) -> None:
        mode = outcome.mode.value if outcome.mode else "NONE"
        self.metrics.answers_finished_total.labels(status=outcome.status.value, mode=mode).inc()
        log.info("answer_finished", message_id=str(job.lease.answer_id), status=outcome.status.value, mode=mode)


def _source_row(marker: int, hit: Hit) -> dict[str, object]:
    return {
        "marker": marker,
        "filename": hit.filename,
        "chunk_id": hit.chunk.id,
        "score": hit.score,
        "semantic_rank": hit.semantic_rank,
        "lexical_rank": hit.lexical_rank,
        "fused_rank": hit.fused_rank,
        "rerank_score": hit.rerank_score,
    }
