"""What people use, counted in a row a day (UTC), by the database's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.models import QuotaKind
from lexora_gql.accounts.quotas import Quota, QuotaRules, require_room
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import require_range
from lexora_gql.storage.database import Database

DAYS_MAX = 366

_TODAY = "(now() AT TIME ZONE 'UTC')::date"
# PostgreSQL reads what stands in these brackets before it waits for the row.
_STANDING = f"""
    {_TODAY},
    (SELECT coalesce(sum(month.prompt_tokens + month.completion_tokens), 0)::bigint FROM usage month
     WHERE month.user_id = :user_id AND month.day >= date_trunc('month', {_TODAY})::date),
    (SELECT jsonb_object_agg(kind, maximum) FROM quota_limits WHERE user_id = :user_id)
"""  # noqa: S608  # made of constants
_COUNT_QUESTION = text(
    f"""INSERT INTO usage (user_id, day, questions) VALUES (:user_id, {_TODAY}, 1)
    ON CONFLICT (user_id, day) DO UPDATE SET questions = usage.questions + 1
    RETURNING questions, {_STANDING}"""  # noqa: S608  # made of constants
)
_READ = text(
    f"""SELECT coalesce((SELECT questions FROM usage WHERE user_id = :user_id AND day = {_TODAY}), 0),
    {_STANDING}"""  # noqa: S608  # made of constants
)
_ADD = text(
    f"""INSERT INTO usage (user_id, day, embedding_tokens) VALUES (:user_id, {_TODAY}, :tokens)
    ON CONFLICT (user_id, day) DO UPDATE SET embedding_tokens = usage.embedding_tokens + excluded.embedding_tokens
    """  # noqa: S608  # made of constants
)
# What is stored belongs to `documents`, which stands above: here only the columns are named.
_SUMMARY = text(
    f"""SELECT
        coalesce(sum(questions), 0)::bigint, coalesce(sum(prompt_tokens), 0)::bigint,
        coalesce(sum(completion_tokens), 0)::bigint, coalesce(sum(embedding_tokens), 0)::bigint,
        (SELECT count(*) FROM documents WHERE owner_id = :user_id),
        (SELECT coalesce(sum(byte_size), 0)::bigint FROM documents WHERE owner_id = :user_id)
    FROM usage WHERE user_id = :user_id AND day > {_TODAY} - CAST(:days AS integer)"""  # noqa: S608  # made of constants
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How much somebody has used, and limits of their own.

    Attributes:
        questions: Today.
        tokens: This month.
    """

    questions: int
    day: date
    tokens: int
    own: Mapping[str, int]

    def quotas(self, rules: QuotaRules) -> list[Quota]:
        """Return the limits that hold, and how much of each is used."""
        used = {QuotaKind.QUESTIONS_PER_DAY: self.questions, QuotaKind.TOKENS_PER_MONTH: self.tokens}
        return rules.quotas(self.own, used, self.day)


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """What somebody used in some days, and what they have stored now."""

    questions: int
    prompt_tokens: int
    completion_tokens: int
    embedding_tokens: int
    documents: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class UsageRepository:
    """Counts inside one open transaction.

    A row of `usage` is locked before a conversation, a message or a document, never after: whoever asks, and whoever
    ends an answer, would otherwise wait for each other.
    """

    session: AsyncSession

    async def count_question(self, user_id: UUID) -> Standing:
        """Count a question, and return what had been used before it.

        From here to the end of the transaction no other question of the same user's is counted; a rollback takes it
        back.
        """
        questions, day, tokens, own = (await self.session.execute(_COUNT_QUESTION, {"user_id": user_id})).one()
        return Standing(questions - 1, day, tokens, own or {})

    async def standing(self, user_id: UUID) -> Standing:
        """Return what is used."""
        questions, day, tokens, own = (await self.session.execute(_READ, {"user_id": user_id})).one()
        return Standing(questions, day, tokens, own or {})

    async def add_embedding(self, user_id: UUID, tokens: int) -> None:
        """Count tokens that were embedded; those of an answer are counted with its end, see `end_answer`."""
        await self.session.execute(_ADD, {"user_id": user_id, "tokens": tokens})

    async def summary(self, user_id: UUID, *, days: int) -> UsageSummary:
        """Return what was used in the last days, today included."""
        row = (await self.session.execute(_SUMMARY, {"user_id": user_id, "days": days})).one()
        return UsageSummary(*row)


@dataclass(frozen=True, slots=True)
class UsageService:
    """Use cases on what people use.

    Attributes:
        rules: The server's limits.
    """

    database: Database
    rules: QuotaRules

    async def quotas(self, viewer: Viewer) -> list[Quota]:
        """Return the limits that hold for the viewer, and how much of each is used."""
        async with self.database.transaction(viewer) as session:
            return (await UsageRepository(session).standing(viewer.user_id)).quotas(self.rules)

    async def summary(self, viewer: Viewer, *, days: int) -> UsageSummary:
        """Return what the viewer used in the last days, today included, and what they have stored now.

        Raises:
            InvalidInput: `days` is not 1 to 366.
        """
        require_range("days", days, low=1, high=DAYS_MAX)
        async with self.database.transaction(viewer) as session:
            return await UsageRepository(session).summary(viewer.user_id, days=days)

    async def take_question(self, session: AsyncSession, viewer: Viewer) -> None:
        """Count a question of the viewer's as part of a transaction.

        Tokens are known when an answer has ended: answers that are being written may exceed the month's limit.

        Raises:
            QuotaExceeded: A limit is reached; the transaction must not be committed.
        """
        standing = await UsageRepository(session).count_question(viewer.user_id)
        require_room(standing.quotas(self.rules))
