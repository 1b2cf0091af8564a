"""Ending answers whose producer died."""

from dataclasses import dataclass

import structlog
from sqlalchemy import update

from lexora_gql.conversations.answers import answer_topic
from lexora_gql.conversations.leases import AnswerEnd, AnswerLeaseRepository, ended
from lexora_gql.conversations.models import AnswerFailureCode, Message, MessageStatus
from lexora_gql.ports.event_bus import BusAway, EventBus
from lexora_gql.storage.database import SWEEPER, Database

BATCH = 50
FAILURE = (AnswerFailureCode.INTERRUPTED, "The server that wrote this answer was lost. Ask again.", True)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AnswerReconciler:
    """What runs every few seconds in every process."""

    database: Database
    bus: EventBus

    async def reconcile(self) -> None:
        """Mark answers INTERRUPTED whose lease ran out, with what was there of them."""
        for lost in await self._lapsed():
            # What watchers have seen last is on the bus, and may be a second ahead of the checkpoint.
            content = await self._seen(lost)
            async with self.database.transaction(SWEEPER) as session:
                end = AnswerEnd(MessageStatus.INTERRUPTED, content, failure=FAILURE)
                written = await session.execute(
                    update(Message)
                    .where(Message.id == lost.id, Message.lease_token == lost.lease_token)
                    .where(Message.lease_until == lost.lease_until)
                    .values(ended(end))
                    .returning(Message.id)
                )
                is_ours = written.first() is not None
            if is_ours:
                log.warning("answer_interrupted", message_id=str(lost.id))
                if lost.lease_token is not None:
                    await self.bus.finish_text(lost.owner_id, lost.id, lost.lease_token)
                await self.bus.ring(answer_topic(lost.id))

    async def _lapsed(self) -> list[Message]:
        async with self.database.transaction(SWEEPER) as session:
            return await AnswerLeaseRepository(session).lapsed(limit=BATCH)

    async def _seen(self, lost: Message) -> str:
        if lost.lease_token is None:
            return lost.content
        try:
            live = await self.bus.read_text(lost.owner_id, lost.id, lost.lease_token, offset=0)
        except BusAway:
            live = None
        return live.text if live is not None and len(live.text) > len(lost.content) else lost.content
