"""Ending answers whose producer died."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lexora_gql.conversations.answers import answer_topic
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.leases import AnswerEnd, AnswerLease, AnswerLeaseRepository
from lexora_gql.conversations.models import AnswerFailureCode, Message, MessageStatus
from lexora_gql.ports.event_bus import BusAway, EventBus
from lexora_gql.storage.database import SWEEPER, Database

BATCH = 50
# How long a sweep waits for a bus that is away, all its answers together; a bus says that it is for a second at a time.
BUS_PATIENCE_SECONDS = 3.0
BUS_PAUSE_SECONDS = 0.3
FAILURE = (AnswerFailureCode.INTERRUPTED, "The server that wrote this answer was lost. Ask again.", True)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AnswerReconciler:
    """What runs every few seconds in every process."""

    database: Database
    bus: EventBus

    async def reconcile(self) -> None:
        """Mark answers INTERRUPTED whose lease ran out, with what was there of them."""
        patient_until = time.monotonic() + BUS_PATIENCE_SECONDS
        for answer, producer in await self._lapsed():
            try:
                await self._end(answer, producer, patient_until)
            except (ProducerLost, SQLAlchemyError):
                # Somebody else ends it, its producer woke, it was deleted, or it cannot be stored; the others must not
                # wait for it.
                log.warning("answer_not_interrupted", message_id=str(answer.id))

    async def _lapsed(self) -> list[tuple[Message, AnswerLease]]:
        async with self.database.transaction(SWEEPER) as session:
            lapsed = await AnswerLeaseRepository(session).lapsed(limit=BATCH)
            return [(answer, AnswerLease(answer.id, token)) for answer in lapsed if (token := answer.lease_token)]

    async def _end(self, answer: Message, producer: AnswerLease, patient_until: float) -> None:
        """Take an answer over and end it; should this process die meanwhile, the next one finds the same text."""
        heir = AnswerLease(answer.id, uuid4())
        seen = await self._seen_patiently(answer, producer, patient_until)
        await self._hand_on(answer, seen, heir)
        # A producer that was only frozen can store nothing any more.
        async with self.database.transaction(SWEEPER) as session:
            await AnswerLeaseRepository(session).take_over(producer, heir)
        # Sealed before it is read: what is kept is all that anybody will ever have seen.
        await self.bus.finish_text(answer.owner_id, answer.id, producer.token)
        try:
            seen = await self._seen(answer, producer)
        except BusAway:
            log.warning("answer_text_not_sealed", message_id=str(answer.id))
        async with self.database.transaction(SWEEPER) as session:
            end = AnswerEnd(MessageStatus.INTERRUPTED, seen, failure=FAILURE)
            await AnswerLeaseRepository(session).end(heir, end)
        log.warning("answer_interrupted", message_id=str(answer.id))
        await self.bus.finish_text(answer.owner_id, answer.id, heir.token)
        await self.bus.ring(answer_topic(answer.id))

    async def _hand_on(self, answer: Message, content: str, heir: AnswerLease) -> None:
        """Keep what was seen under the lease that it is about to be found by."""
        if content:
            with suppress(BusAway):
                await self.bus.append_text(answer.owner_id, answer.id, heir.token, offset=0, text=content)

    async def _seen_patiently(self, answer: Message, lease: AnswerLease, until: float) -> str:
        """Return what watchers have seen; the checkpoint where the bus does not come back in time.

        One call that was too slow is no lost bus, and what watchers have seen must not be lost over it.
        """
        while True:
            try:
                return await self._seen(answer, lease)
            except BusAway:
                if time.monotonic() > until:
                    return answer.content
                await asyncio.sleep(BUS_PAUSE_SECONDS)

    async def _seen(self, answer: Message, lease: AnswerLease) -> str:
        """Return what watchers have seen last: on the bus it may be a second ahead of the checkpoint.

        Raises:
            BusAway: The bus does not say.
        """
        live = await self.bus.read_text(answer.owner_id, answer.id, lease.token, offset=0)
        return live.text if live is not None and len(live.text) > len(answer.content) else answer.content
