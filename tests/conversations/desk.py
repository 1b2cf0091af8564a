"""A whole process over offline twins and a real PostgreSQL: documents READY at once, questions asked and watched."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.adapters.offline.blob_store import InMemoryBlobs
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.offline.job_queue import InMemoryJobQueue
from lexora_gql.adapters.offline.page_reader import OfflinePageReader
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.assembly.adapters import Adapters
from lexora_gql.assembly.process import Process, build
from lexora_gql.conversations.events import (
    AnswerEvent,
    AnswerFinishedEvent,
    AnswerPosition,
    AnswerTextEvent,
)
from lexora_gql.conversations.models import Citation, Message
from lexora_gql.conversations.references import QuoteReferences
from lexora_gql.conversations.requests import SendMessage
from lexora_gql.conversations.sending import Sent
from lexora_gql.documents.leases import Claim
from lexora_gql.documents.models import Document, DocumentStatus
from lexora_gql.documents.publishing import Publisher, Reading
from lexora_gql.documents.splitting import Passage
from lexora_gql.documents.vectors import to_bytes
from lexora_gql.ports.chat_model import ChatModel
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.ports.passage_index import PassageIndex
from lexora_gql.ports.reranker import Reranker
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.settings import load_settings
from lexora_gql.storage.database import Database
from tests.factories import Library

Row = TypeVar("Row", Document, Message)


@dataclass(frozen=True, slots=True)
class Desk:
    """A process and what is needed to fill it."""

    process: Process
    library: Library

    @classmethod
    def over(
        cls, database: Database, *, model: ChatModel | None = None, bus: EventBus | None = None,
        index: PassageIndex | None = None, reranker: Reranker | None = None, **settings: Any,
    ) -> "Desk":  # fmt: skip
        """Put a process together; its answers are ended by `closing`."""
        adapters = Adapters(
            database=database,
            bus=bus or InMemoryEvents(),
            queue=InMemoryJobQueue(),
            blobs=InMemoryBlobs(),
            embedder=HashingEmbedder(),
            model=model or ScriptedChatModel(),
            index=index or BruteForceIndex(),
            extractor=OfflineTextExtractor(),
            pages=OfflinePageReader(),
            allowances=InMemoryAllowances(),
            cache=InMemorySharedCache(),
            reranker=reranker,
        )
        given = {
            "rate_limit_per_minute": 1_000_000,
            "secret_key": secrets.token_urlsafe(48),
            # What the index says is what most tests are about; those of the cache ask for it.
            "search_cache_seconds": 0,
            **settings,
        }
        return cls(build(load_settings(**given), adapters), Library(database))

    @asynccontextmanager
    async def closing(self) -> AsyncIterator["Desk"]:
        """End what is still being written, and let go of threads."""
        try:
            yield self
        finally:
            await self.process.producers.drain(0)
            self.process.services.accounts.close()

    async def document(
        self, viewer: Viewer, *paragraphs: str, filename: str = "guide.txt", collection_id: UUID | None = None,
        tags: Sequence[str] = (),
    ) -> Document:  # fmt: skip
        """Return a READY document with a chunk for each paragraph."""
        document = Document(
            id=uuid4(),
            owner_id=viewer.user_id,
            collection_id=collection_id or await self.library.personal_collection(viewer),
            filename=filename,
            title=filename,
            media_type="text/plain",
            byte_size=1,
            sha256=hashlib.sha256(secrets.token_bytes(8)).digest(),
            blob_key=secrets.token_hex(8),
            tags=list(tags),
            status=DocumentStatus.PROCESSING,
            lease_token=uuid4(),
        )
        await self.library.add(document)
        await self._publish(document, paragraphs)
        return await self.stored(document)

    async def read_anew(self, document: Document, *paragraphs: str) -> None:
        """Give a document another text, as processing it again does."""
        async with self.library.database.engine.begin() as connection:
            await connection.execute(
                update(Document)
                .where(Document.id == document.id)
                .values(lease_token=document.lease_token or uuid4(), status="PROCESSING")
            )
        await self._publish(await self.stored(document), paragraphs)

    async def stored(self, document: Document) -> Document:
        """Return a document as it stands in the database."""
        return await self._one(select(Document).where(Document.id == document.id))

    async def message(self, message_id: UUID) -> Message:
        """Return a message as it stands in the database, whoever's it is."""
        return await self._one(select(Message).where(Message.id == message_id))

    async def ask(self, viewer: Viewer, content: str, *, wait_seconds: float = 0.0, **fields: Any) -> Sent:
        """Ask a question."""
        request = SendMessage(content, **fields)
        return await self.process.services.conversations.send(viewer, request, wait_seconds=wait_seconds)

    async def answered(self, viewer: Viewer, content: str, **fields: Any) -> Message:
        """Ask, and return the answer once it has ended."""
        return (await self.ask(viewer, content, wait_seconds=20.0, **fields)).answer

    async def events(
        self, viewer: Viewer, answer_id: UUID, *, after: AnswerPosition | None = None
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Watch an answer."""
        stream = self.process.services.conversations.events(viewer, answer_id, after=after)
        async with aclosing(stream) as events:
            async for event in events:
                yield event

    async def citations(self, viewer: Viewer, answer: Message) -> list[Citation]:
        """Return an answer's citations."""
        return (await self.process.services.conversations.citations(viewer, [answer.id]))[answer.id]

    async def _publish(self, document: Document, paragraphs: Sequence[str]) -> None:
        passages, start = [], 0
        for ordinal, paragraph in enumerate(paragraphs):
            passages.append(Passage(ordinal, start, start + len(paragraph), paragraph, (), None, None, 1))
            start += len(paragraph) + 2
        embedder = self.process.adapters.embedder
        vectors = await embedder.embed(paragraphs)
        extracted = ExtractedText("\n\n".join(paragraphs))
        reading = Reading(extracted, passages, [""] * len(passages), to_bytes(vectors), embedder.name)
        publisher = Publisher(self.library.database, self.process.adapters.bus, QuoteReferences())
        token = document.lease_token
        assert token is not None
        await publisher.publish(Claim(document, token), reading)

    async def _one(self, query: Select[Row]) -> Row:
        # As the owner of the tables: what is true, whoever may see it.
        async with AsyncSession(self.library.database.engine, expire_on_commit=False) as session:
            return (await session.scalars(query)).one()


def text_of(events: Sequence[AnswerEvent]) -> str:
    """Return what a watcher has read, checking that each piece begins where the last one ended."""
    text = ""
    for event in events:
        if isinstance(event, AnswerTextEvent):
            assert event.offset == len(text), (event.offset, len(text))
            text += event.text
    return text


def ends(events: Sequence[AnswerEvent]) -> list[AnswerFinishedEvent]:
    """Return the terminal events."""
    return [event for event in events if isinstance(event, AnswerFinishedEvent)]


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, at most 10 seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)
