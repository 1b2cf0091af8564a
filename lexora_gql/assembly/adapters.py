"""The vendors that the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from lexora_gql.adapters.arq_queue import ArqQueue
from lexora_gql.adapters.extraction.page_reader import SandboxedPages
from lexora_gql.adapters.extraction.scan_reader import open_extractor
from lexora_gql.adapters.extractive_chat import ExtractiveChat
from lexora_gql.adapters.http_reranker import HttpReranker
from lexora_gql.adapters.local_index import LocalIndex
from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.adapters.openai_chat.patience import Patience
from lexora_gql.adapters.openai_embedder import OpenAIEmbedder
from lexora_gql.adapters.redis_allowances import RedisAllowances
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.adapters.redis_shared_cache import RedisSharedCache
from lexora_gql.adapters.sentence_embedder import SentenceEmbedder
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.assembly.former import FormerShelf
from lexora_gql.ports.allowances import Allowances
from lexora_gql.ports.blob_store import BlobStore
from lexora_gql.ports.chat_model import ChatModel
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, FormerEmbedders, no_other
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.ports.page_reader import PageReader
from lexora_gql.ports.passage_index import PassageIndex
from lexora_gql.ports.reranker import Reranker
from lexora_gql.ports.shared_cache import SharedCache
from lexora_gql.ports.text_extractor import TextExtractor
from lexora_gql.settings import MEBIBYTE, Settings, WrongSettings
from lexora_gql.storage.database import Database


@dataclass(frozen=True, slots=True)
class Adapters:
    """What a process reaches the outside by; tests put others in their place.

    Attributes:
        fallback: Where the fallback model is asked, if that is elsewhere than where the others are.
        quotes: Answers where no model does.
    """

    database: Database
    bus: EventBus
    queue: JobQueue
    blobs: BlobStore
    embedder: Embedder
    model: ChatModel
    index: PassageIndex
    extractor: TextExtractor
    pages: PageReader
    allowances: Allowances
    cache: SharedCache
    fallback: ChatModel | None = None
    quotes: ChatModel = field(default_factory=ExtractiveChat)
    former: FormerEmbedders = no_other
    reranker: Reranker | None = None


@asynccontextmanager
async def open_adapters(settings: Settings) -> AsyncIterator[Adapters]:
    """Give the adapters that the settings ask for; nothing is connected before it is needed.

    Raises:
        WrongSettings: Something that is needed is not set.
    """
    database = connect_database(settings)
    redis_url = settings.require_redis_url()
    bus, queue = RedisEvents(redis_url), ArqQueue(redis_url)
    allowances, cache = RedisAllowances(redis_url), RedisSharedCache(redis_url)
    embedder, shelf = choose_embedder(settings), FormerShelf(settings)
    quotes = ExtractiveChat(None if embedder.is_costly else embedder)
    model, fallback, reranker = choose_chat_model(settings), choose_fallback(settings), choose_reranker(settings)
    index = LocalIndex(settings.index_folder, settings.index_memory_mib * MEBIBYTE)
    extractor, pages = choose_extractor(settings), SandboxedPages()
    async with AsyncExitStack() as stack:
        for opened in (bus, queue, embedder, shelf, index, extractor, pages, allowances, cache):
            stack.push_async_callback(opened.aclose)
        for remote in (model, fallback, reranker):
            if remote is not None:
                stack.push_async_callback(remote.aclose)
        stack.push_async_callback(database.dispose)
        await _prepare(embedder)
        yield Adapters(
            database=database,
            bus=bus,
            queue=queue,
            blobs=choose_blobs(settings),
            embedder=embedder,
            model=model or quotes,
            fallback=fallback,
            quotes=quotes,
            index=index,
            extractor=extractor,
            pages=pages,
            allowances=allowances,
            cache=cache,
            former=shelf.named,
            reranker=reranker,
        )


def choose_extractor(settings: Settings) -> TextExtractor:
    """Return what reads files."""
    return open_extractor(recognises=settings.ocr == "auto", pages_max=settings.ocr_pages_max)


def connect_database(settings: Settings) -> Database:
    """Return the database, not connected yet."""
    return Database.connect(
        settings.require_database_url(),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        echo=settings.database_echo,
    )


async def _prepare(embedder: Embedder) -> None:
    if isinstance(embedder, SentenceEmbedder | WordLlamaEmbedder):
        # Reading its vocabulary holds the event loop up, once: better now than under the first search.
        try:
            await embedder.prepare()
        except EmbedderRejected as error:
            raise WrongSettings([f"EMBEDDING_MODEL: {error}"]) from error


def choose_embedder(settings: Settings) -> OpenAIEmbedder | SentenceEmbedder | WordLlamaEmbedder:
    """Return the provider's embedder or the local model where one is named, WordLlama otherwise."""
    if settings.embedding_model is not None:
        return SentenceEmbedder(settings.embedding_model)
    if settings.openai_embedding_model is None:
        return WordLlamaEmbedder()
    key = settings.openai_api_key
    return OpenAIEmbedder(
        settings.openai_embedding_model,
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        dimensions=settings.openai_embedding_dimensions,
        batch_size=settings.embedding_batch_size,
    )


def choose_blobs(settings: Settings) -> ObjectStoreBlobs:
    """Return the bucket where one is set, a local folder otherwise."""
    bucket = settings.bucket_url.get_secret_value() if settings.bucket_url else None
    return ObjectStoreBlobs(bucket or settings.blobs_folder)


def choose_reranker(settings: Settings) -> HttpReranker | None:
    """Return what puts the best passages in a better order, where one is set."""
    if settings.rerank_url is None:
        return None
    key = settings.rerank_api_key
    return HttpReranker(
        settings.rerank_url,
        api_key=key.get_secret_value() if key else None,
        model=settings.rerank_model,
        timeout_seconds=settings.rerank_timeout_seconds,
    )


def choose_chat_model(settings: Settings) -> OpenAIChat | None:
    """Return the provider's models where any is named."""
    if not settings.chat_models:
        return None
    return OpenAIChat(
        settings.chat_models,
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        patience=patience(settings),
    )


def choose_fallback(settings: Settings) -> OpenAIChat | None:
    """Return where the fallback model is asked, if that has an address of its own.

    No key but its own goes there.
    """
    if settings.openai_fallback_model is None or settings.openai_fallback_base_url is None:
        return None
    return OpenAIChat(
        [settings.openai_fallback_model],
        api_key=settings.openai_fallback_api_key,
        base_url=settings.openai_fallback_base_url,
        patience=patience(settings),
    )


def patience(settings: Settings) -> Patience:
    """Return how long models are waited for."""
    return Patience(
        connect_seconds=settings.openai_connect_seconds,
        first_seconds=settings.openai_first_token_seconds,
        next_seconds=settings.openai_next_token_seconds,
    )
