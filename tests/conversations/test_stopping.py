"""Hearing that an answer is to be stopped, also where nobody has heard the ring."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.conversations import answers
from lexora_gql.conversations.answers import FIRST_LOOK_SECONDS, LiveAnswer
from lexora_gql.conversations.leases import NOW, AnswerLease, renew
from lexora_gql.conversations.models import Message
from lexora_gql.conversations.requests import SendMessage
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


async def begun(desk: Desk) -> LiveAnswer:
    """Return an answer that has a row and a lease, and nobody yet who writes it."""
    viewer = await desk.library.reader()
    asked = await desk.process.services.conversations.asking.ask(viewer, SendMessage("When?"))
    assert asked.lease is not None
    return LiveAnswer(desk.library.database, InMemoryEvents(), viewer, asked.lease)


async def want_stopped(desk: Desk, live: LiveAnswer) -> None:
    """Want an answer stopped, with a ring that nobody hears."""
    async with desk.library.database.engine.begin() as connection:
        wanted = update(Message).where(Message.id == live.lease.answer_id).values(stop_requested_at=NOW)
        await connection.execute(wanted)


class TestListenForStop:
    async def test_what_was_wanted_before_anybody_listened_is_found(self, desk: Desk) -> None:
        live = await begun(desk)
        await want_stopped(desk, live)
        listening = asyncio.ensure_future(live.listen_for_stop())
        async with asyncio.timeout(FIRST_LOOK_SECONDS + 0.5):
            await live.is_stopped.wait()
        listening.cancel()

    @pytest.mark.parametrize(("has_looked", "looks"), [(False, 1), (True, 0)])
    async def test_the_row_is_asked_once_by_whoever_is_first(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, has_looked: bool, looks: int
    ) -> None:
        live = await begun(desk)
        asked: list[AnswerLease] = []

        async def noted(database: Database, viewer: Viewer, lease: AnswerLease, text: str | None = None) -> bool:
            asked.append(lease)
            return await renew(database, viewer, lease, text)

        monkeypatch.setattr(answers, "renew", noted)
        listening = asyncio.ensure_future(live.listen_for_stop())
        await asyncio.sleep(FIRST_LOOK_SECONDS / 3)
        assert asked == []
        if has_looked:
            live.look(time.monotonic(), is_stop_wanted=False)
        await asyncio.sleep(FIRST_LOOK_SECONDS * 2)
        listening.cancel()
        assert len(asked) == looks
        assert not live.is_stopped.is_set()

    async def test_a_look_from_before_anybody_listened_does_not_count(self, desk: Desk) -> None:
        live = await begun(desk)
        live.look(time.monotonic(), is_stop_wanted=False)
        await want_stopped(desk, live)
        listening = asyncio.ensure_future(live.listen_for_stop())
        async with asyncio.timeout(FIRST_LOOK_SECONDS + 0.5):
            await live.is_stopped.wait()
        listening.cancel()
