"""Work on a document as a row: claimed, renewed, given back, ended, each only by who holds the lease.

All moments are the database's: clocks of different machines never meet.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Interval, Uuid, bindparam, delete, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lexora_gql.documents.errors import LeaseLost
from lexora_gql.documents.generations.serving import GENERATION, HOLD_GENERATION, NEXT_EMBEDDER, Plan, serving_or_none
from lexora_gql.documents.models import (
    DOCUMENTS,
    CachedVector,
    Document,
    DocumentStatus,
    IngestionFailureCode,
    IngestionStage,
    Turn,
)
from lexora_gql.documents.turns import NEXT_IN_TURN

NOW = func.clock_timestamp()
NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_until": None, "heartbeat_at": None}
NO_FAILURE: dict[str, Any] = {
    "failure_code": None,
    "failure_message": None,
    "failure_is_retryable": None,
    "failure_stage": None,
    "failed_at": None,
}
IN_LINE: dict[str, Any] = {
    "stage": IngestionStage.QUEUED,
    "units_done": 0,
    "units_total": None,
    "eta_seconds": None,
    "progress_at": NOW,
}
AT_THE_START: dict[str, Any] = {**IN_LINE, "fraction": 0.0}
# How a warning begins that is true only while something is away.
WAITING = "Waiting: "


# Made once, as each document goes through them: to put a statement together takes longer than to run it.
_TAKEN = (
    update(Document)
    # The row that it finds is locked until the commit, and nobody else finds it meanwhile.
    .where(Document.id == NEXT_IN_TURN.scalar_subquery())
    .values(
        {
            **IN_LINE,
            **NO_FAILURE,
            "status": DocumentStatus.PROCESSING,
            "stage": IngestionStage.PARSING,
            "attempt": Document.attempt + 1,
            "lease_token": bindparam("token", type_=Uuid),
            "lease_until": NOW + bindparam("lease", type_=Interval),
            "heartbeat_at": NOW,
        }
    )
    .returning(*DOCUMENTS.columns)
    .cte("taken")
)
_TURN = insert(Turn).from_select(["owner_id", "taken_at"], select(_TAKEN.c.owner_id, NOW))
_TAKE_TURN = _TURN.on_conflict_do_update(index_elements=[Turn.owner_id], set_={"taken_at": _TURN.excluded.taken_at})
# One statement, for a small document does not take much longer to be read than a few of them. Telling the readers is
# another: what a foreign key refers to is locked at a statement's end, and their counters must be locked after it.
_TAKE_UP = (
    select(
        aliased(Document, _TAKEN, adapt_on_names=True),
        GENERATION.c.number,
        GENERATION.c.embedder,
        NEXT_EMBEDDER,
    )
    .select_from(_TAKEN.outerjoin(GENERATION, true()))
    .add_cte(_TAKE_TURN.cte("turn"))
)
_HOLD = (
    select(Document, HOLD_GENERATION)
    .where(
        Document.id == bindparam("document", type_=Uuid),
        Document.lease_token == bindparam("token", type_=Uuid),
    )
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A document that is ours to work on, as long as the lease is renewed.

    Attributes:
        plan: Whose vectors it was to get at that moment.
    """

    document: Document
    token: UUID
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on a document is.

    Attributes:
        done: Units of the stage: pages while PARSING, chunks afterwards.
        fraction: 0 to 1 over all stages.
    """

    stage: IngestionStage
    done: int
    total: int | None
    fraction: float
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a document could not be read."""

    code: IngestionFailureCode
    message: str
    is_retryable: bool
    stage: IngestionStage


@dataclass(frozen=True, slots=True)
class Outage:
    """Something is away that a document waits for.

    Attributes:
        note: What, for its reader; begins with WAITING.
        is_new: It has only begun to be away.
    """

    note: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class LeaseRepository:
    """Leases inside one open transaction of the worker or the sweeper."""

    session: AsyncSession

    async def claim(self, *, seconds: float) -> Claim | None:
        """Take up the document whose owner has waited longest for a turn."""
        given = {"token": (token := uuid4()), "lease": timedelta(seconds=seconds)}
        row = (await self.session.execute(_TAKE_UP, given)).first()
        if row is None:
            return None
        document, number, embedder, following = row
        return Claim(document, token, Plan(serving_or_none(number, embedder), following))

    async def renew(self, claim: Claim, progress: Progress | None, *, seconds: float) -> None:
        """Keep the lease, and say how far the work is.

        Raises:
            LeaseLost: It ran out and was given to somebody else, or the document is gone.
        """
        values: dict[str, Any] = {"lease_until": NOW + timedelta(seconds=seconds), "heartbeat_at": NOW}
        if progress is not None:
            values |= {
                "stage": progress.stage,
                "units_done": progress.done,
                "units_total": progress.total,
                "fraction": progress.fraction,
                "eta_seconds": progress.eta_seconds,
                "progress_at": NOW,
            }
        await self._write(claim, values)

    async def give_back(self, claim: Claim) -> None:
        """Put the document back into the queue as if it had never been taken: a deploy costs no attempt.

        How far it came is kept: the attempt goes on, and what is told of it never falls.
        """
        await self._write(claim, given_back())

    async def put_off(self, claim: Claim, outage: Outage, *, after_seconds: float, fraction: float) -> None:
        """Give the document back for later, with a word on what it waits for, and how far it came."""
        values = {
            "not_before": NOW + timedelta(seconds=after_seconds),
            "outage_since": NOW if outage.is_new else func.coalesce(Document.outage_since, NOW),
            "warnings": [*lasting(claim.document.warnings), outage.note],
            "fraction": fraction,
        }
        await self._write(claim, {**given_back(), **values})

    async def try_again(self, claim: Claim, *, after_seconds: float, is_crash: bool = False) -> None:
        """Put the document back into the queue for later."""
        values = {**_queued(), "not_before": NOW + timedelta(seconds=after_seconds)}
        if is_crash:
            values["crashes"] = Document.crashes + 1
        await self._write(claim, values)

    async def fail(self, claim: Claim, failure: Failure) -> None:
        """End the work with a reason; what was READY before stays so, with its old text."""
        document = claim.document
        await self._write(claim, failed(failure, was_ready_at=document.ready_at, warnings=document.warnings))
        await self.forget(document)

    async def forget(self, document: Document) -> None:
        """Drop what was paid for on the way to a text that does not come."""
        await self.session.execute(delete(CachedVector).where(CachedVector.document_id == document.id))

    async def hold(self, claim: Claim) -> Document:
        """Lock the document's row for the final commit, and the generation that serves.

        Raises:
            LeaseLost: It is somebody else's, or gone.
        """
        given = {"document": claim.document.id, "token": claim.token}
        document: Document | None = await self.session.scalar(_HOLD, given)
        if document is None:
            raise LeaseLost
        return document

    async def lapsed(self, *, limit: int) -> list[Document]:
        """Lock documents whose worker has not been heard of for the length of a lease."""
        query = (
            select(Document)
            .where(Document.status == DocumentStatus.PROCESSING, Document.lease_until < NOW)
            .order_by(Document.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return list((await self.session.scalars(query)).all())

    async def is_anything_due(self) -> bool:
        """Return whether a document waits to be taken up."""
        query = select(Document.id).where(
            Document.status == DocumentStatus.PENDING, or_(Document.not_before.is_(None), Document.not_before <= NOW)
        )
        return await self.session.scalar(query.limit(1)) is not None

    async def _write(self, claim: Claim, values: dict[str, Any]) -> None:
        written = await self.session.execute(
            update(Document)
            .where(Document.id == claim.document.id, Document.lease_token == claim.token)
            .values(values)
            .returning(Document.id)
        )
        if written.first() is None:
            raise LeaseLost


def _queued() -> dict[str, Any]:
    return {**NO_LEASE, **AT_THE_START, "status": DocumentStatus.PENDING, "not_before": None}


def given_back() -> dict[str, Any]:
    """Return what the row says when its worker lets go of it without having done anything wrong."""
    waiting = {"status": DocumentStatus.PENDING, "not_before": None}
    return {**NO_LEASE, **IN_LINE, **waiting, "attempt": Document.attempt - 1}


def lasting(warnings: list[str]) -> list[str]:
    """Return the warnings that outlive what a document waited for."""
    return [warning for warning in warnings if not warning.startswith(WAITING)]


def queued_anew() -> dict[str, Any]:
    """Return what a document's row says when it is to be read from the beginning, nothing held against it."""
    return {**_queued(), **NO_FAILURE, "attempt": 0, "crashes": 0, "losses": 0, "outage_since": None, "queued_at": NOW}


def queued_after_loss() -> dict[str, Any]:
    """Return what the row says when its worker was lost."""
    return {**_queued(), "losses": Document.losses + 1}


def failed(failure: Failure, *, was_ready_at: datetime | None, warnings: list[str]) -> dict[str, Any]:
    """Return what the row says when the work failed for good."""
    if was_ready_at is not None:
        # The old text still answers; that the new reading failed is worth knowing, not worth losing it.
        note = f"Reading it again failed ({failure.code}): {failure.message}"
        kept = [warning for warning in lasting(warnings) if not warning.startswith("Reading it again failed")]
        return {
            **NO_LEASE,
            "outage_since": None,
            "status": DocumentStatus.READY,
            "stage": IngestionStage.DONE,
            "fraction": 1.0,
            "eta_seconds": None,
            "progress_at": NOW,
            "warnings": [*kept, note],
        }
    return {
        **NO_LEASE,
        "outage_since": None,
        "warnings": lasting(warnings),
        "status": DocumentStatus.FAILED,
        "eta_seconds": None,
        "progress_at": NOW,
        "failure_code": failure.code,
        "failure_message": failure.message,
        "failure_is_retryable": failure.is_retryable,
        "failure_stage": failure.stage,
        "failed_at": NOW,
    }
