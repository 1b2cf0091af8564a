"""Services put together over adapters: all that a server or a worker needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lexora_gql import __version__
from lexora_gql.accounts.models import QuotaKind
from lexora_gql.accounts.quotas import QuotaRules
from lexora_gql.accounts.service import AccountService
from lexora_gql.accounts.usage import UsageService
from lexora_gql.assembly.adapters import Adapters, open_adapters
from lexora_gql.conversations.answering import Answerer, AnswerLimits
from lexora_gql.conversations.citing import Citing
from lexora_gql.conversations.events import AnswerFeed
from lexora_gql.conversations.guarded_model import GuardedModel
from lexora_gql.conversations.producers import Producers
from lexora_gql.conversations.questions import Standalone
from lexora_gql.conversations.reconciliation import AnswerReconciler
from lexora_gql.conversations.references import QuoteReferences
from lexora_gql.conversations.sending import Asking
from lexora_gql.conversations.service import QUESTION_CHARACTERS_MAX, ConversationService
from lexora_gql.conversations.sweeping import KeySweep
from lexora_gql.conversations.writers import Writer, Writers
from lexora_gql.documents.auditing import FileAudit
from lexora_gql.documents.collections import CollectionService
from lexora_gql.documents.feed import DocumentFeed
from lexora_gql.documents.generations.reindexing import ReindexService
from lexora_gql.documents.generations.work import ReembeddingService
from lexora_gql.documents.ingestion import IngestionLimits, IngestionService
from lexora_gql.documents.media_types import media_types_of
from lexora_gql.documents.placing import PlacingService
from lexora_gql.documents.publishing import Publisher
from lexora_gql.documents.purging import Purging
from lexora_gql.documents.reconciliation import DocumentReconciler
from lexora_gql.documents.service import DocumentService
from lexora_gql.documents.vectors import VectorStore
from lexora_gql.housekeeping import Housekeeping
from lexora_gql.persisted_documents import PersistedDocuments
from lexora_gql.retrieval.service import RetrievalService
from lexora_gql.retrieval.tidying import IndexTidying
from lexora_gql.services import Services, Upkeep
from lexora_gql.settings import Settings
from lexora_gql.storage.migrations import missing_migrations
from lexora_gql.system import ServerFacts, SystemService
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.throttling import Limits, Throttling


@dataclass(frozen=True, slots=True)
class Process:
    """All that a server or a worker needs."""

    settings: Settings
    adapters: Adapters
    services: Services
    upkeep: Upkeep
    producers: Producers
    metrics: Metrics


def build(settings: Settings, adapters: Adapters) -> Process:
    """Put services together; nothing is started.

    Raises:
        WrongSettings: SECRET_KEY is not set.
    """
    metrics = Metrics.create()
    database, bus, queue = adapters.database, adapters.bus, adapters.queue
    retrieval = build_retrieval(settings, adapters, metrics)
    producers = Producers(build_answerer(settings, adapters, retrieval, metrics))
    usage, reconciler = UsageService(database, quota_rules(settings)), DocumentReconciler(database, queue, bus)
    purging = Purging(database, adapters.blobs, metrics)
    media_types = media_types_of(settings.allowed_extensions)
    documents = DocumentService(
        database, adapters.blobs, queue, bus, DocumentFeed(database, bus), settings.max_file_size, media_types
    )
    services = Services(
        accounts=AccountService.from_settings(settings, database),
        collections=CollectionService(database, bus),
        documents=documents,
        placing=PlacingService(database, adapters.blobs, adapters.pages),
        retrieval=retrieval,
        conversations=build_conversations(settings, adapters, producers, usage),
        usage=usage,
        reindexing=ReindexService(database, adapters.embedder, queue),
        system=SystemService(
            server_facts(settings, adapters),
            lambda: missing_migrations(database),
            reconciler,
            purging,
            queue,
            bus,
            metrics,
        ),
        throttling=Throttling(adapters.allowances, Limits.from_settings(settings), metrics),
        persisted_documents=PersistedDocuments(adapters.cache),
    )
    upkeep = build_upkeep(settings, adapters, reconciler, purging, metrics)
    return Process(settings, adapters, services, upkeep, producers, metrics)


def build_upkeep(
    settings: Settings, adapters: Adapters, reconciler: DocumentReconciler, purging: Purging, metrics: Metrics
) -> Upkeep:
    """Return what workers do, and what every process looks after."""
    database, bus, queue = adapters.database, adapters.bus, adapters.queue
    vectors = VectorStore(database, adapters.embedder, settings.embedding_batch_size, metrics, adapters.former)
    return Upkeep(
        ingestion=build_ingestion(settings, adapters, vectors, metrics),
        reembedding=ReembeddingService(vectors, bus, queue, settings.lease_seconds, settings.lease_renewal_seconds),
        documents=reconciler,
        answers=AnswerReconciler(database, bus),
        housekeeping=Housekeeping(
            purging,
            FileAudit(database, adapters.blobs, metrics),
            KeySweep(database),
            IndexTidying(database, adapters.index, adapters.embedder.name),
        ),
    )


def quota_rules(settings: Settings) -> QuotaRules:
    """Return the limits that the settings give everybody."""
    limits = {
        QuotaKind.QUESTIONS_PER_DAY: settings.questions_per_day,
        QuotaKind.TOKENS_PER_MONTH: settings.tokens_per_month,
    }
    return QuotaRules({kind: limit for kind, limit in limits.items() if limit is not None})


def build_conversations(
    settings: Settings, adapters: Adapters, producers: Producers, usage: UsageService
) -> ConversationService:
    """Return what keeps conversations and asks."""
    database, bus = adapters.database, adapters.bus
    asking = Asking(database, usage, settings.rate_limit_per_minute, tuple(adapters.model.models))
    return ConversationService(database, bus, AnswerFeed(database, bus), asking, producers)


def server_facts(settings: Settings, adapters: Adapters) -> ServerFacts:
    """Return what clients may know before they sign in."""
    return ServerFacts(
        name="Lexora",
        version=__version__,
        embedder=adapters.embedder.name,
        chat_models=tuple(adapters.model.models),
        accepted_media_types=media_types_of(settings.allowed_extensions),
        max_file_bytes=settings.max_file_size,
        max_question_characters=QUESTION_CHARACTERS_MAX,
        registration=settings.registration,
    )


def build_retrieval(settings: Settings, adapters: Adapters, metrics: Metrics) -> RetrievalService:
    """Return what finds passages."""
    return RetrievalService(
        database=adapters.database,
        embedder=adapters.embedder,
        index=adapters.index,
        cache=adapters.cache,
        metrics=metrics,
        former=adapters.former,
        cache_seconds=settings.search_cache_seconds,
        reranker=adapters.reranker,
        rerank_candidates=settings.rerank_candidates,
    )


def build_answerer(settings: Settings, adapters: Adapters, retrieval: RetrievalService, metrics: Metrics) -> Answerer:
    """Return what writes answers."""
    writers = build_writers(settings, adapters, metrics)
    return Answerer(
        database=adapters.database,
        bus=adapters.bus,
        retrieval=retrieval,
        writers=writers,
        standalone=Standalone(writers.main),
        citing=Citing(adapters.database),
        metrics=metrics,
        limits=AnswerLimits(
            sources=settings.retrieval_k,
            context_tokens=settings.openai_context_tokens,
            max_tokens=settings.openai_max_tokens,
            temperature=settings.openai_temperature,
        ),
    )


def build_writers(settings: Settings, adapters: Adapters, metrics: Metrics) -> Writers:
    """Return who may write answers."""
    main = GuardedModel(adapters.model, "main", metrics)
    other = GuardedModel(adapters.fallback, "fallback", metrics) if adapters.fallback is not None else main
    name = settings.openai_fallback_model
    return Writers(main, Writer(other, name) if name is not None else None, adapters.quotes)


def build_ingestion(settings: Settings, adapters: Adapters, vectors: VectorStore, metrics: Metrics) -> IngestionService:
    """Return what reads documents."""
    return IngestionService(
        database=adapters.database,
        blobs=adapters.blobs,
        extractor=adapters.extractor,
        vectors=vectors,
        publisher=Publisher(adapters.database, adapters.bus, QuoteReferences()),
        bus=adapters.bus,
        metrics=metrics,
        limits=IngestionLimits(
            chunk_characters=settings.chunk_characters,
            chunk_overlap_characters=settings.chunk_overlap_characters,
            lease_seconds=settings.lease_seconds,
            renewal_seconds=settings.lease_renewal_seconds,
        ),
    )


@asynccontextmanager
async def open_process(settings: Settings) -> AsyncIterator[Process]:
    """Give everything a process needs, and close it again."""
    async with open_adapters(settings) as adapters:
        process = build(settings, adapters)
        try:
            yield process
        finally:
            process.services.accounts.close()
