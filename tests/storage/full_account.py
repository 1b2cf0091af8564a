"""An account with a row in every table that people may see something of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from lexora_gql.accounts.models import ApiKey, Password, QuotaKind, QuotaLimit, RefreshToken, Usage
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.models import (
    AnswerSource,
    Citation,
    Conversation,
    IdempotencyKey,
    Message,
    MessageRole,
    MessageStatus,
)
from lexora_gql.documents.models import (
    CachedVector,
    Chunk,
    ChunkVector,
    CollectionAccess,
    CollectionMember,
    Document,
    DocumentText,
    FeedEntry,
    Invitation,
    Removal,
)
from tests.factories import Library

LATER = datetime.now(UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FullAccount:
    """Somebody with one of everything, none of it shared with anyone but a guest."""

    viewer: Viewer
    collection_id: UUID
    document_id: UUID
    conversation_id: UUID


async def full_account(library: Library) -> FullAccount:
    """Return a new account with one of everything."""
    viewer = await library.reader()
    collection_id = await library.personal_collection(viewer)
    account = FullAccount(viewer, collection_id, uuid4(), uuid4())
    await _add_secrets(library, account)
    await _add_document(library, account)
    await _add_conversation(library, account)
    return account


async def _add_secrets(library: Library, account: FullAccount) -> None:
    me = account.viewer.user_id
    guest = await library.user()
    await library.add(
        Password(user_id=me, hash="$argon2id$…"),
        RefreshToken(hash=uuid4().bytes, session_id=account.viewer.session_id),
        ApiKey(id=uuid4(), user_id=me, name="key", prefix=uuid4().hex[:8], hash=b"h", scopes=["READ"]),
        QuotaLimit(user_id=me, kind=QuotaKind.DOCUMENTS, maximum=7),
        Usage(user_id=me, day=date(2031, 5, 1), questions=3),
        CollectionMember(collection_id=account.collection_id, user_id=guest.id, access=CollectionAccess.VIEWER),
        Invitation(
            id=uuid4(),
            email="new@example.org",
            email_key="new@example.org",
            collection_id=account.collection_id,
            access=CollectionAccess.VIEWER,
            expires_at=LATER,
        ),
    )


async def _add_document(library: Library, account: FullAccount) -> None:
    me, collection, document = account.viewer.user_id, account.collection_id, account.document_id
    await library.add(
        Document(
            id=document,
            owner_id=me,
            collection_id=collection,
            filename="letter.txt",
            title="Letter",
            media_type="text/plain",
            byte_size=6,
            sha256=uuid4().bytes,
            blob_key=uuid4().hex,
        )
    )
    chunk = uuid4()
    await library.add(
        DocumentText(document_id=document, collection_id=collection, text="Secret", pages=[]),
        CachedVector(document_id=document, embedder="e", content_sha256=b"c", vector=b"v"),
        Removal(collection_id=collection, revision=1, document_id=uuid4(), up_to_number=1),
        FeedEntry(user_id=me, document_id=document, number=1),
        Chunk(
            id=chunk,
            document_id=document,
            collection_id=collection,
            ordinal=0,
            text="Secret",
            context="Letter",
            headings=[],
            char_start=0,
            char_end=6,
            token_count=1,
            content_sha256=b"c",
            embedder="e",
            vector=b"v",
        ),
    )
    await library.add(ChunkVector(chunk_id=chunk, embedder="f", collection_id=collection, vector=b"v"))


async def _add_conversation(library: Library, account: FullAccount) -> None:
    me, conversation = account.viewer.user_id, account.conversation_id
    question, answer = uuid4(), uuid4()
    await library.add(Conversation(id=conversation, owner_id=me, title="Talk"))
    for identity, role in ((question, MessageRole.USER), (answer, MessageRole.ASSISTANT)):
        await library.add(
            Message(id=identity, conversation_id=conversation, owner_id=me, role=role, status=MessageStatus.COMPLETED)
        )
    await library.add(
        AnswerSource(message_id=answer, marker=1, owner_id=me, filename="letter.txt", score=1.0),
        Citation(
            message_id=answer,
            ordinal=0,
            owner_id=me,
            marker=1,
            answer_start=0,
            answer_end=6,
            quote="Secret",
            char_start=0,
            char_end=6,
            verification=CitationVerification.EXACT,
            filename="letter.txt",
        ),
        IdempotencyKey(owner_id=me, key="k", fingerprint="f", question_id=question, answer_id=answer),
    )
