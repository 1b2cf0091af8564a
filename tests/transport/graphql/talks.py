"""Many of everything for one reader, put straight into the tables: pages of a hundred are full."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as OrmSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.models import AnswerMode, AnswerSource, Citation, Conversation, Message
from lexora_gql.conversations.models import MessageRole as Role
from lexora_gql.conversations.models import MessageStatus as Status
from lexora_gql.documents.models import (
    Chunk,
    Collection,
    CollectionAccess,
    CollectionMember,
    Document,
    DocumentStatus,
    DocumentText,
    IngestionStage,
)
from lexora_gql.documents.vectors import to_bytes
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database
from tests.factories import Library

EPOCH = datetime(2031, 5, 1, tzinfo=UTC)
CHUNKS = 3


async def store(database: Database, *rows: Base) -> None:
    """Store rows as the owner of the tables; nothing is read back."""
    async with database.engine.begin() as connection:

        def write(plain: OrmSession) -> None:
            plain.add_all(rows)
            plain.flush()

        await connection.run_sync(lambda plain: write(OrmSession(plain)))


def conversation(owner: UUID, at: datetime, title: str = "Boilers") -> Conversation:
    """Return a conversation that changed last at a moment."""
    return Conversation(id=uuid4(), owner_id=owner, title=title, created_at=at, updated_at=at)


def message(talk: Conversation, parent: Message | None, role: Role, at: datetime) -> Message:
    """Return a message that has ended."""
    is_answer = role is Role.ASSISTANT
    return Message(
        id=uuid4(),
        conversation_id=talk.id,
        owner_id=talk.owner_id,
        parent_id=parent.id if parent else None,
        role=role,
        status=Status.COMPLETED,
        content=f"{role.value} at {at.isoformat()}",
        created_at=at,
        finished_at=at,
        mode=AnswerMode.EXTRACTIVE if is_answer else None,
        query="boiler" if is_answer else None,
    )


def exchange(talk: Conversation, pairs: int) -> list[Message]:
    """Return a branch of questions and answers, with another version of the first answer beside it."""
    path: list[Message] = []
    for number in range(pairs * 2):
        role = Role.ASSISTANT if number % 2 else Role.USER
        at = talk.created_at + timedelta(seconds=number + 1)
        path.append(message(talk, path[-1] if path else None, role, at))
    return [*path, message(talk, path[0], Role.ASSISTANT, talk.created_at)]


def backing(answer: Message, chunks: list[Chunk]) -> list[Base]:
    """Return an answer's sources, and a citation of each of them."""
    made: list[Base] = []
    for number, chunk in enumerate(chunks, start=1):
        owner, marker = answer.owner_id, {"message_id": answer.id, "marker": number, "filename": "paper.txt"}
        made.append(AnswerSource(owner_id=owner, chunk_id=chunk.id, score=1.0, **marker))
        made.append(
            Citation(
                owner_id=owner,
                ordinal=number,
                answer_start=0,
                answer_end=4,
                quote=chunk.text[:20],
                char_start=chunk.char_start,
                char_end=chunk.char_start + 20,
                verification=CitationVerification.EXACT,
                document_id=chunk.document_id,
                chunk_id=chunk.id,
                **marker,
            )
        )
    return made


def document(owner: UUID, collection_id: UUID, at: datetime, **given: object) -> Document:
    """Return a READY document without text."""
    values: dict[str, object] = {
        "id": uuid4(),
        "filename": "paper.txt",
        "title": f"Paper of {at.isoformat()}",
        "media_type": "text/plain",
        "byte_size": 1_000,
        "sha256": uuid4().bytes,
        "blob_key": f"{owner}/{uuid4()}",
        "status": DocumentStatus.READY,
        "stage": IngestionStage.DONE,
        "revision": 1,
        "chunk_count": CHUNKS,
        "created_at": at,
    }
    return Document(owner_id=owner, collection_id=collection_id, **(values | given))


async def chunks_of(paper: Document, ordinals: Iterable[int]) -> list[Chunk]:
    """Return passages that the offline twins find."""
    embedder = HashingEmbedder()
    texts = {ordinal: f"Paragraph {ordinal}: the boiler is looked after on floor {paper.id}." for ordinal in ordinals}
    vectors = to_bytes(await embedder.embed(list(texts.values())))
    return [
        Chunk(
            id=uuid4(),
            document_id=paper.id,
            collection_id=paper.collection_id,
            ordinal=ordinal,
            text=text,
            context="",
            headings=[],
            char_start=ordinal * 100,
            char_end=ordinal * 100 + len(text),
            token_count=12,
            content_sha256=uuid4().bytes,
            embedder=embedder.name,
            vector=vector,
        )
        for (ordinal, text), vector in zip(texts.items(), vectors, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Talks:
    """What a reader has, and somebody with whom it is shared."""

    viewer: Viewer
    member: Viewer
    conversations: list[Conversation]
    messages: list[Message]
    collections: list[Collection]
    documents: list[Document]
    chunks: list[Chunk]

    @classmethod
    async def of(cls, library: Library, viewer: Viewer, *, count: int, pairs: int = 2) -> "Talks":
        """Fill a reader's shelves.

        Args:
            library: Over the database.
            viewer: Whose everything is.
            count: Of collections with a document each, and of conversations.
            pairs: Questions with their answers in each conversation.
        """
        owner, member = viewer.user_id, await library.viewer(await library.user(email="member@example.org"))
        moments = [EPOCH + timedelta(hours=n) for n in range(count)]
        collections = [
            Collection(id=uuid4(), owner_id=owner, name=f"From {at}", created_at=at, revision=1) for at in moments
        ]
        members = [_member(each, member) for each in collections]
        documents = [document(owner, each.id, each.created_at) for each in collections]
        texts = [_text(each) for each in documents]
        chunks = [chunk for paper in documents for chunk in await chunks_of(paper, range(CHUNKS))]
        talks = [conversation(owner, at) for at in moments]
        messages = [each for talk in talks for each in exchange(talk, pairs)]
        answers = [each for each in messages if each.role is Role.ASSISTANT]
        backed = [row for n, each in enumerate(answers) for row in backing(each, chunks[n % count :][:2])]
        everything: tuple[Sequence[Base], ...] = (
            collections,
            members,
            documents,
            texts,
            chunks,
            talks,
            messages,
            backed,
        )
        for rows in everything:
            await store(library.database, *rows)
        return cls(viewer, member, talks, messages, collections, documents, chunks)


def _member(collection: Collection, viewer: Viewer) -> CollectionMember:
    return CollectionMember(collection_id=collection.id, user_id=viewer.user_id, access=CollectionAccess.EDITOR)


def _text(paper: Document) -> DocumentText:
    return DocumentText(document_id=paper.id, collection_id=paper.collection_id, text="As they say.", pages=[])
