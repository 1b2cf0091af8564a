"""Ending answers whose producer died."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lexora_gql.conversations.answers import answer_topic
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.leases import AnswerEnd, AnswerLease, AnswerLeaseRepository
from lexora_gql.conversations.models import AnswerFailureCode, Message, MessageStatus
from lexora_gql.ports.event_bus import BusAway, EventBus
from lexora_gql.storage.database import SWEEPER, Database

BATCH = 50
FAILURE = (AnswerFailureCode.INTERRUPTED, "The server that wrote this answer was lost. Ask again.", True)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Lost:
    """An answer taken away from its producer.

    Attributes:
        seen_under: The producer's lease, which the text on the bus is keyed by.
    """

    answer: Message
    lease: AnswerLease
    seen_under: UUID


@dataclass(frozen=True, slots=True)
class AnswerReconciler:
    """What runs every few seconds in every process."""

    database: Database
    bus: EventBus

    async def reconcile(self) -> None:
        """Mark answers INTERRUPTED whose lease ran out, with what was there of them."""
        for lost in await self._taken_away():
            try:
                await self._end(lost)
            except (ProducerLost, SQLAlchemyError):
                # Deleted meanwhile, or not to be stored; the others must not wait for it.
                log.warning("answer_not_interrupted", message_id=str(lost.answer.id))

    async def _taken_away(self) -> list[_Lost]:
        """Take the leases over, so that a producer that was only frozen can store nothing any more."""
        taken: list[_Lost] = []
        async with self.database.transaction(SWEEPER) as session:
            leases = AnswerLeaseRepository(session)
            for answer in await leases.lapsed(limit=BATCH):
                if (token := answer.lease_token) is not None:
                    lease = await leases.take_over(AnswerLease(answer.id, token))
                    taken.append(_Lost(answer, lease, token))
        return taken

    async def _end(self, lost: _Lost) -> None:
        answer = lost.answer
        # Sealed before it is read: what is kept is all that anybody will ever have seen.
        await self.bus.finish_text(answer.owner_id, answer.id, lost.seen_under)
        content = await self._seen(lost)
        async with self.database.transaction(SWEEPER) as session:
            end = AnswerEnd(MessageStatus.INTERRUPTED, content, failure=FAILURE)
            await AnswerLeaseRepository(session).end(lost.lease, end)
        log.warning("answer_interrupted", message_id=str(answer.id))
        await self.bus.ring(answer_topic(answer.id))

    async def _seen(self, lost: _Lost) -> str:
        """Return what watchers have seen last: on the bus it may be a second ahead of the checkpoint."""
        answer = lost.answer
        try:
            live = await self.bus.read_text(answer.owner_id, answer.id, lost.seen_under, offset=0)
        except BusAway:
            live = None
        return live.text if live is not None and len(live.text) > len(answer.content) else answer.content
