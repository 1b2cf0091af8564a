"""The server itself: what it needs, and how much waits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lexora_gql.documents.purging import Purging
from lexora_gql.documents.reconciliation import DocumentReconciler
from lexora_gql.errors import Unavailable
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether requests can be served.

    Attributes:
        reasons: Why not; empty when they can.
        degraded: What is away that can be done without.
    """

    reasons: tuple[str, ...]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What clients may want to know before they sign in."""

    name: str
    version: str
    embedder: str
    chat_models: tuple[str, ...]
    accepted_media_types: tuple[str, ...]
    max_file_bytes: int
    max_question_characters: int
    registration: str


@dataclass(frozen=True, slots=True)
class SystemService:
    """Use cases of those who run the server."""

    facts: ServerFacts
    migrations_missing: Callable[[], Awaitable[tuple[str, ...]]]
    documents: DocumentReconciler
    purging: Purging
    queue: JobQueue
    bus: EventBus
    metrics: Metrics

    async def ready(self) -> Readiness:
        """Ask PostgreSQL and Redis whether they answer."""
        reasons: tuple[str, ...] = ()
        try:
            missing = await self.migrations_missing()
            if missing:
                reasons = (f"Migrations are missing: {', '.join(missing)}; run `lexora migrate`.",)
        except Unavailable:
            reasons = ("PostgreSQL does not answer.",)
        degraded = ("Redis does not answer: streams fall back to checkpoints.",) if await self.bus.is_away() else ()
        return Readiness(reasons, degraded)

    async def gauges(self) -> None:
        """Bring the gauges up to date; those that cannot be known keep their last value."""
        depth = await self.queue.depth()
        if depth is not None:
            self.metrics.queue_depth.set(depth)
        try:
            backlog, purges = await self.documents.backlog(), await self.purging.waiting()
        except Unavailable:
            return
        self.metrics.documents_pending.set(backlog.pending)
        self.metrics.documents_oldest_pending_seconds.set(backlog.oldest_pending_seconds or 0.0)
        self.metrics.purges_pending.set(purges.count)
        self.metrics.purges_oldest_pending_seconds.set(purges.oldest_seconds)
