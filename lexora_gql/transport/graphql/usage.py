"""What somebody uses and may use, as they see it."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from lexora_gql.accounts import quotas, usage
from lexora_gql.transport.graphql.enums import QuotaKind
from lexora_gql.transport.graphql.scalars import Long

Days = Annotated[int, strawberry.argument(description="So many, today in UTC included; 1 to 366.")]


@strawberry.type(description="A limit of an account, and how much of it is used.")
class Quota:
    """A limit of an account."""

    kind: QuotaKind = strawberry.field(description="What is counted.")
    limit: Long = strawberry.field(description="The most that is allowed.")
    used: Long = strawberry.field(
        description="So far; tokens of answers that are being written come with their end, and may exceed the limit."
    )
    resets_at: datetime | None = strawberry.field(description="When counting begins anew; null where it never does.")

    @classmethod
    def of(cls, quota: quotas.Quota) -> Self:
        """Return what its owner sees."""
        return cls(kind=quota.kind, limit=Long(quota.limit), used=Long(quota.used), resets_at=quota.resets_at)


@strawberry.type(description="What an account used in some days, and what it has stored now.")
class UsageSummary:
    """What an account used."""

    questions: int = strawberry.field(description="Answers asked for: new questions, edited ones and regenerations.")
    prompt_tokens: Long = strawberry.field(description="Tokens that models read for answers.")
    completion_tokens: Long = strawberry.field(description="Tokens that models wrote.")
    embedding_tokens: Long = strawberry.field(
        description="Tokens of uploaded documents that were turned into vectors; an estimate."
    )
    documents: int = strawberry.field(description="How many are stored now.")
    stored_bytes: Long = strawberry.field(description="Size of their files now.")

    @classmethod
    def of(cls, summary: usage.UsageSummary) -> Self:
        """Return what its owner sees."""
        return cls(
            questions=summary.questions,
            prompt_tokens=Long(summary.prompt_tokens),
            completion_tokens=Long(summary.completion_tokens),
            embedding_tokens=Long(summary.embedding_tokens),
            documents=summary.documents,
            stored_bytes=Long(summary.stored_bytes),
        )
