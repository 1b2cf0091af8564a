"""Documents and collections as stored."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lexora_gql.storage.base import Base, Identified, text_enum


class CollectionAccess(StrEnum):
    """What someone may do in a collection."""

    OWNER = "OWNER"
    EDITOR = "EDITOR"
    VIEWER = "VIEWER"


class DocumentStatus(StrEnum):
    """Where a document stands; READY and FAILED are the ends."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    READY = "READY"
    FAILED = "FAILED"


class IngestionStage(StrEnum):
    """What is being done with a document."""

    QUEUED = "QUEUED"
    PARSING = "PARSING"
    CHUNKING = "CHUNKING"
    EMBEDDING = "EMBEDDING"
    INDEXING = "INDEXING"
    DONE = "DONE"


class IngestionFailureCode(StrEnum):
    """Why a document FAILED."""

    ENCRYPTED = "ENCRYPTED"
    CORRUPT = "CORRUPT"
    NO_TEXT = "NO_TEXT"
    TOO_MANY_PAGES = "TOO_MANY_PAGES"
    TOO_LARGE_TO_PARSE = "TOO_LARGE_TO_PARSE"
    PARSER_TIMEOUT = "PARSER_TIMEOUT"
    PARSER_CRASHED = "PARSER_CRASHED"
    EMBEDDER_UNAVAILABLE = "EMBEDDER_UNAVAILABLE"
    EMBEDDER_REJECTED = "EMBEDDER_REJECTED"
    WORKER_LOST = "WORKER_LOST"
    INTERNAL = "INTERNAL"


class Collection(Identified):
    """A set of documents with an index of its own; `revision` numbers the changes to its chunks."""

    __tablename__ = "collections"
    __table_args__ = (
        Index("ix_collections_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("uq_collections_personal", "owner_id", unique=True, postgresql_where=text("is_personal")),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    is_personal: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(server_default="0")


class CollectionMember(Base):
    """Someone with whom a collection is shared."""

    __tablename__ = "collection_members"

    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    access: Mapped[CollectionAccess] = mapped_column(text_enum(CollectionAccess))
    since: Mapped[datetime] = mapped_column(server_default=func.now())


class Invitation(Identified):
    """For an address that has not verified an account yet."""

    __tablename__ = "invitations"
    __table_args__ = (Index("uq_invitations_email_collection", "email_key", "collection_id", unique=True),)

    email: Mapped[str]
    email_key: Mapped[str]
    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    access: Mapped[CollectionAccess] = mapped_column(text_enum(CollectionAccess))
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]


class Document(Identified):
    """A file and how far it has been read; the row is also the work to be done on it.

    `revision` is the collection's at which the present chunks came: an index that stands below it lacks them.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("uq_documents_collection_id_sha256", "collection_id", "sha256", unique=True),
        Index("ix_documents_collection_id_created_at_id", "collection_id", "created_at", "id"),
        Index("ix_documents_collection_id_title_id", "collection_id", "title", "id"),
        Index("ix_documents_collection_id_revision", "collection_id", "revision"),
        Index("ix_documents_owner_id", "owner_id"),
        Index("ix_documents_tags", "tags", postgresql_using="gin"),
        Index("ix_documents_turns", "owner_id", "queued_at", "id", postgresql_where=text("status = 'PENDING'")),
        Index("ix_documents_leases", "lease_until", postgresql_where=text("status = 'PROCESSING'")),
        CheckConstraint("(status = 'PROCESSING') = (lease_token IS NOT NULL)", name="leased_while_processing"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    filename: Mapped[str]
    title: Mapped[str]
    media_type: Mapped[str]
    byte_size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    blob_key: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    status: Mapped[DocumentStatus] = mapped_column(text_enum(DocumentStatus), default=DocumentStatus.PENDING)
    stage: Mapped[IngestionStage] = mapped_column(text_enum(IngestionStage), default=IngestionStage.QUEUED)
    units_done: Mapped[int] = mapped_column(Integer, server_default="0")
    units_total: Mapped[int | None] = mapped_column(Integer)
    fraction: Mapped[float] = mapped_column(server_default="0")
    eta_seconds: Mapped[float | None]
    progress_at: Mapped[datetime] = mapped_column(server_default=func.now())

    failure_code: Mapped[IngestionFailureCode | None] = mapped_column(text_enum(IngestionFailureCode))
    failure_message: Mapped[str | None]
    failure_is_retryable: Mapped[bool | None]
    failure_stage: Mapped[IngestionStage | None] = mapped_column(text_enum(IngestionStage, "failurestage"))
    failed_at: Mapped[datetime | None]

    warnings: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    page_count: Mapped[int | None] = mapped_column(Integer)
    chunk_count: Mapped[int] = mapped_column(Integer, server_default="0")
    language: Mapped[str | None]
    revision: Mapped[int] = mapped_column(server_default="0")
    ready_at: Mapped[datetime | None]

    attempt: Mapped[int] = mapped_column(Integer, server_default="0")
    crashes: Mapped[int] = mapped_column(Integer, server_default="0")
    losses: Mapped[int] = mapped_column(Integer, server_default="0")
    queued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    request_id: Mapped[str | None]
    not_before: Mapped[datetime | None]
    outage_since: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]


class DocumentText(Base):
    """The extracted text that offsets count in, apart from the row that changes with every step of progress."""

    __tablename__ = "document_texts"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    pages: Mapped[list[Any]]


class Chunk(Base):
    """A passage with its vector; `context` goes in front where it is embedded and indexed, never where it is quoted."""

    __tablename__ = "chunks"
    __table_args__ = (
        Index("uq_chunks_document_id_ordinal", "document_id", "ordinal", unique=True),
        Index("ix_chunks_collection_id", "collection_id"),
        Index("uq_chunks_number", "number", unique=True),
        Index("ix_chunks_content", "content_sha256", postgresql_using="hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity())
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    ordinal: Mapped[int] = mapped_column(Integer)
    text: Mapped[str]
    context: Mapped[str]
    headings: Mapped[list[str]]
    page_start: Mapped[int | None] = mapped_column(Integer)
    page_end: Mapped[int | None] = mapped_column(Integer)
    char_start: Mapped[int] = mapped_column(Integer)
    char_end: Mapped[int] = mapped_column(Integer)
    token_count: Mapped[int] = mapped_column(Integer)
    # Whoever wants them names them: a page of chunks is read far more often than its vectors.
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    embedder: Mapped[str]
    vector: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)


class CachedVector(Base):
    """A vector paid for by an ingestion that has not ended yet; it goes when the chunks come, or with the document."""

    __tablename__ = "cached_vectors"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    embedder: Mapped[str] = mapped_column(primary_key=True)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class Removal(Base):
    """A tombstone for the indexes: chunks of a document up to a number are gone."""

    __tablename__ = "removals"

    collection_id: Mapped[UUID] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    up_to_number: Mapped[int]


class Feed(Base):
    """The counter of one user's feed of changes; its row lock makes commit order and number order the same."""

    __tablename__ = "feeds"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(server_default="0")


class FeedEntry(Base):
    """A document's newest change in one user's feed; a deleted one is a tombstone without text."""

    __tablename__ = "feed_entries"
    __table_args__ = (Index("uq_feed_entries_user_id_number", "user_id", "number", unique=True),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int]
    is_deleted: Mapped[bool] = mapped_column(default=False)


class Purge(Identified):
    """A blob that nothing refers to any more; the row goes when the bytes are gone."""

    __tablename__ = "purges"

    blob_key: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")


class Turn(Base):
    """When an owner's document was last taken up: the one who has waited longest is next."""

    __tablename__ = "turns"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Generation(Base):
    """Whose vectors serve: those of the highest number. Without a row they are the configured embedder's.

    `folded_at` tells when its vectors stood with their chunks again, and those of other embedders were gone.
    """

    __tablename__ = "generations"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    embedder: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    folded_at: Mapped[datetime | None]


class ChunkVector(Base):
    """A vector of another embedder than the one beside its chunk: of a generation that is being built, or not folded.

    `collection_id` is the chunk's, for row-level security.
    """

    __tablename__ = "chunk_vectors"

    chunk_id: Mapped[UUID] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
    embedder: Mapped[str] = mapped_column(primary_key=True)
    collection_id: Mapped[UUID]
    vector: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)


class Reindex(Base):
    """Re-embedding of everything with another embedder; `done` counts passages of documents that are through.

    `outages` counts failures of the embedder since it last answered; nothing is tried before `not_before`.
    """

    __tablename__ = "reindexes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    embedder: Mapped[str]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    outages: Mapped[int] = mapped_column(Integer, server_default="0")
    not_before: Mapped[datetime | None]
    moved_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Reembedding(Base):
    """A document that a reindex has not done yet; the row is also the work to be done on it.

    There is no foreign key: its check would wait for publishers, who wait for the lock under which rows are made.
    """

    __tablename__ = "reembeddings"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    passages: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]


# For statements below the unit of work, which looks at each of a document's hundred rows twice.
DOCUMENTS, TEXTS = (cast("Table", model.__table__) for model in (Document, DocumentText))
