"""Conversations as stored."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.storage.base import Base, Identified, text_enum


class MessageRole(StrEnum):
    """Who speaks."""

    USER = "USER"
    ASSISTANT = "ASSISTANT"


class MessageStatus(StrEnum):
    """Where a message stands; all but GENERATING are ends."""

    GENERATING = "GENERATING"
    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"


class AnswerMode(StrEnum):
    """How an answer came about."""

    GENERATED = "GENERATED"
    EXTRACTIVE = "EXTRACTIVE"
    NO_EVIDENCE = "NO_EVIDENCE"


class AnswerFailureCode(StrEnum):
    """Why an answer FAILED or was INTERRUPTED."""

    MODEL_UNAVAILABLE = "MODEL_UNAVAILABLE"
    MODEL_REJECTED = "MODEL_REJECTED"
    CONTEXT_TOO_LONG = "CONTEXT_TOO_LONG"
    TIMEOUT = "TIMEOUT"
    INTERRUPTED = "INTERRUPTED"
    INTERNAL = "INTERNAL"


class Rating(StrEnum):
    """What a reader thinks of an answer."""

    UP = "UP"
    DOWN = "DOWN"


class Conversation(Identified):
    """A tree of messages."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_owner_id_updated_at_id", "owner_id", "updated_at", "id"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[str]
    is_title_made: Mapped[bool] = mapped_column(server_default=false())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Message(Identified):
    """A question, or an answer and how far it has been written; the row is also the producer's lease."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation_id_created_at", "conversation_id", "created_at"),
        Index("ix_messages_leases", "lease_until", postgresql_where=text("status = 'GENERATING'")),
        CheckConstraint("(status = 'GENERATING') = (lease_token IS NOT NULL)", name="leased_while_generating"),
        Index("ix_messages_owner_id_created_at", "owner_id", "created_at"),
        Index(
            "ix_messages_grams",
            text("lexora_grams(owner_id, content)"),
            postgresql_using="gin",
            postgresql_where=text("status <> 'GENERATING'"),
        ),
    )

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    role: Mapped[MessageRole] = mapped_column(text_enum(MessageRole))
    status: Mapped[MessageStatus] = mapped_column(text_enum(MessageStatus))
    content: Mapped[str] = mapped_column(server_default="")
    scope: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]

    mode: Mapped[AnswerMode | None] = mapped_column(text_enum(AnswerMode))
    model: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    failure_code: Mapped[AnswerFailureCode | None] = mapped_column(text_enum(AnswerFailureCode))
    failure_message: Mapped[str | None]
    failure_is_retryable: Mapped[bool | None]

    query: Mapped[str | None]
    candidates: Mapped[int | None] = mapped_column(Integer)
    took_milliseconds: Mapped[float | None]

    rating: Mapped[Rating | None] = mapped_column(text_enum(Rating))
    rating_comment: Mapped[str | None]
    rated_at: Mapped[datetime | None]

    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    stop_requested_at: Mapped[datetime | None]


class AnswerSource(Base):
    """A numbered source of an answer; number and file name stay when the document goes."""

    __tablename__ = "answer_sources"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    marker: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str]
    chunk_id: Mapped[UUID | None] = mapped_column(ForeignKey("chunks.id", ondelete="SET NULL"), index=True)
    score: Mapped[float]
    semantic_rank: Mapped[int | None] = mapped_column(Integer)
    lexical_rank: Mapped[int | None] = mapped_column(Integer)
    fused_rank: Mapped[int | None] = mapped_column(Integer)
    rerank_score: Mapped[float | None]


class Citation(Base):
    """A stretch of an answer and the words of a source that back it; the words stay when the document goes."""

    __tablename__ = "citations"

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    marker: Mapped[int] = mapped_column(Integer)
    answer_start: Mapped[int] = mapped_column(Integer)
    answer_end: Mapped[int] = mapped_column(Integer)
    quote: Mapped[str]
    char_start: Mapped[int] = mapped_column(Integer)
    char_end: Mapped[int] = mapped_column(Integer)
    page: Mapped[int | None] = mapped_column(Integer)
    verification: Mapped[CitationVerification] = mapped_column(text_enum(CitationVerification))
    filename: Mapped[str]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"), index=True)
    chunk_id: Mapped[UUID | None] = mapped_column(ForeignKey("chunks.id", ondelete="SET NULL"), index=True)


class IdempotencyKey(Base):
    """What a request with this key did; the same key gives the same objects for 24 hours."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    question_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    answer_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
