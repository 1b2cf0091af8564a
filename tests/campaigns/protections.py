"""Protections that a process can be started without: the campaign must then go red, or it shows nothing."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations import answering
from lexora_gql.conversations.leases import AnswerEnd, AnswerLease, AnswerLeaseRepository, Rows
from lexora_gql.conversations.models import Message
from lexora_gql.documents.leases import Claim, LeaseRepository
from lexora_gql.documents.models import Document
from lexora_gql.services import Upkeep
from lexora_gql.storage.database import Database


def _fence() -> None:
    """A worker writes what it has read whoever holds the lease by now."""

    async def hold(self: LeaseRepository, claim: Claim) -> Document:
        found = await self.session.scalar(select(Document).where(Document.id == claim.document.id).with_for_update())
        return found or claim.document

    async def write(self: LeaseRepository, claim: Claim, values: dict[str, object]) -> None:
        await self.session.execute(update(Document).where(Document.id == claim.document.id).values(values))

    LeaseRepository.hold = hold  # type: ignore[method-assign]  # that is the point
    LeaseRepository._write = write  # type: ignore[method-assign]  # as above


def _reconciler() -> None:
    """Nobody looks for documents of lost workers, nor rings again for what waits."""

    async def reconcile(self: Upkeep) -> None:
        pass

    Upkeep.reconcile = reconcile  # type: ignore[method-assign]  # as above


def _answer_fence() -> None:
    """A writer of an answer ends it whoever has taken it over by now."""

    async def write(self: AnswerLeaseRepository, lease: AnswerLease, values: dict[str, Any]) -> bool:
        await self.session.execute(update(Message).where(Message.id == lease.answer_id).values(values))
        return False

    async def end(database: Database, viewer: Viewer, lease: AnswerLease, end: AnswerEnd, citations: Rows) -> None:
        async with database.transaction(viewer) as session:
            await AnswerLeaseRepository(session).end(lease, end)

    AnswerLeaseRepository.write = write  # type: ignore[method-assign]  # as above
    answering.end_answer = end  # type: ignore[attr-defined]  # as above


PROTECTIONS: dict[str, Callable[[], None]] = {
    "fence": _fence,
    "reconciler": _reconciler,
    "answer-fence": _answer_fence,
}
OF_ANSWERS = ("answer-fence", "reconciler")
OF_INGESTION = ("fence", "reconciler")


def take_out(name: str) -> None:
    """Take a protection out of this process; none where the name is empty."""
    if name:
        PROTECTIONS[name]()
