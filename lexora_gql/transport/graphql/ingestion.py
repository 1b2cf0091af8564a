"""How far a document has been read, and why it could not be."""

from datetime import datetime
from typing import Self

import strawberry

from lexora_gql.documents import models
from lexora_gql.transport.graphql.enums import IngestionFailureCode, IngestionStage


@strawberry.type(description="How far a document has been read.")
class IngestionProgress:
    """How far a document has been read."""

    stage: IngestionStage = strawberry.field(description="What is being done.")
    done: int = strawberry.field(description="Units of the stage done so far: pages, chunks.")
    total: int | None = strawberry.field(description="Units of the stage, where they are known.")
    fraction: float = strawberry.field(description="0 to 1 over all stages; never falls within an attempt.")
    attempt: int = strawberry.field(description="1 for the first; 0 while no worker has taken it up.")
    eta_seconds: float | None = strawberry.field(description="How long it may still take, where that can be said.")
    updated_at: datetime = strawberry.field(description="When this was last true.")

    @classmethod
    def of(cls, row: models.Document) -> Self:
        """Return a document's progress."""
        return cls(
            stage=row.stage,
            done=row.units_done,
            total=row.units_total,
            fraction=row.fraction,
            attempt=row.attempt,
            eta_seconds=row.eta_seconds,
            updated_at=row.progress_at,
        )


@strawberry.type(description="Why a document could not be read.")
class IngestionFailure:
    """Why a document could not be read."""

    code: IngestionFailureCode = strawberry.field(description="For programs; stable.")
    message: str = strawberry.field(description="What a person can do about it.")
    is_retryable: bool = strawberry.field(description="Whether `reprocessDocument` may succeed with the same file.")
    stage: IngestionStage = strawberry.field(description="What was being done.")
    at: datetime = strawberry.field(description="When it failed.")

    @classmethod
    def of(cls, row: models.Document) -> Self | None:
        """Return a document's failure; None where it has none."""
        if row.failure_code is None:
            return None
        return cls(
            code=row.failure_code,
            message=row.failure_message or "",
            is_retryable=bool(row.failure_is_retryable),
            stage=row.failure_stage or row.stage,
            at=row.failed_at or row.updated_at,
        )
