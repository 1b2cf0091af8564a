"""Accounts as stored."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from lexora_gql.storage.base import Base, Identified, text_enum


class Role(StrEnum):
    """What someone may do on the whole server."""

    USER = "USER"
    ADMIN = "ADMIN"


class EmailTokenKind(StrEnum):
    """What a token sent by mail, or a login code, is good for."""

    VERIFY = "VERIFY"
    RESET = "RESET"
    LOGIN = "LOGIN"


class QuotaKind(StrEnum):
    """What is counted against a limit."""

    STORED_BYTES = "STORED_BYTES"
    DOCUMENTS = "DOCUMENTS"
    QUESTIONS_PER_DAY = "QUESTIONS_PER_DAY"
    TOKENS_PER_MONTH = "TOKENS_PER_MONTH"


class User(Identified):
    """A person; secrets stand in tables of their own, which viewers cannot read."""

    __tablename__ = "users"

    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str | None]
    role: Mapped[Role] = mapped_column(text_enum(Role), default=Role.USER)
    is_active: Mapped[bool] = mapped_column(default=True)
    email_verified_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Password(Base):
    """A password's Argon2id hash."""

    __tablename__ = "passwords"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LinkedIdentity(Identified):
    """An account at an identity provider."""

    __tablename__ = "identities"
    __table_args__ = (Index("uq_identities_issuer_subject", "issuer", "subject", unique=True),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str | None]


class Session(Identified):
    """A signed-in device: one family of refresh tokens."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]


class RefreshToken(Base):
    """One of a family's tokens, by its hash; used ones stay, so that reuse is told from invention."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


class EmailToken(Identified):
    """A one-time secret, by its hash."""

    __tablename__ = "email_tokens"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[EmailTokenKind] = mapped_column(text_enum(EmailTokenKind))
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Identified):
    """A key for programs: READ, UPLOAD, ASK, ADMIN."""

    __tablename__ = "api_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """One try to sign in; counted here, so that the limit holds while Redis is away."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("ix_login_attempts_key_at", "key", "at"), Index("ix_login_attempts_at", "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class AuditEntry(Base):
    """Who did what to whom, without contents."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_at", "at"), Index("ix_audit_entries_actor_id_at", "actor_id", "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    action: Mapped[str]
    target: Mapped[str | None]
    outcome: Mapped[str]
    address: Mapped[str | None]
    user_agent: Mapped[str | None]


class QuotaLimit(Base):
    """A limit that differs from the server's default for one user."""

    __tablename__ = "quota_limits"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[QuotaKind] = mapped_column(text_enum(QuotaKind), primary_key=True)
    maximum: Mapped[int]


class Usage(Base):
    """What someone used on one day (UTC)."""

    __tablename__ = "usage"
    __table_args__ = (CheckConstraint("questions >= 0", name="not_negative"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    questions: Mapped[int] = mapped_column(server_default="0")
    prompt_tokens: Mapped[int] = mapped_column(server_default="0")
    completion_tokens: Mapped[int] = mapped_column(server_default="0")
    embedding_tokens: Mapped[int] = mapped_column(server_default="0")
