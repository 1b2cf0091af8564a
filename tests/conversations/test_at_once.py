"""What is asked again and again of an answer that is being written, past the ORM: the same, and only its owner's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.errors import ProducerLost
from lexora_gql.conversations.events import AnswerFeed, looked_up
from lexora_gql.conversations.leases import AnswerLease, renew
from lexora_gql.conversations.models import Message
from lexora_gql.conversations.requests import SendMessage
from lexora_gql.errors import NotFound
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


async def begun(desk: Desk) -> tuple[Viewer, AnswerLease]:
    """Return an answer that has a row and a lease, and nobody yet who writes it."""
    viewer = await desk.library.reader()
    asked = await desk.process.services.conversations.asking.ask(viewer, SendMessage("When?"))
    assert asked.lease is not None
    return viewer, asked.lease


async def row(database: Database, viewer: Viewer, lease: AnswerLease) -> Message:
    async with database.transaction(viewer) as session:
        return (await session.scalars(select(Message).where(Message.id == lease.answer_id))).one()


class TestLooking:
    async def test_gives_what_a_session_would_have_read(self, desk: Desk, database: Database) -> None:
        viewer = await desk.library.reader()
        scope = Scope(tags=("food", "it's"))
        asked = await desk.process.services.conversations.asking.ask(viewer, SendMessage("When?", scope=scope))
        for message_id in (asked.sent.question.id, asked.sent.answer.id):
            async with database.transaction(viewer) as session:
                loaded = (await session.scalars(select(Message).where(Message.id == message_id))).one()
            made = await looked_up(database, viewer, message_id)

            for name, value in vars(loaded).items():
                if name != "_sa_instance_state":
                    assert (getattr(made, name), type(getattr(made, name))) == (value, type(value)), name

    async def test_a_strangers_answer_is_none(self, desk: Desk, database: Database) -> None:
        _, lease = await begun(desk)
        stranger = await desk.library.reader()

        with pytest.raises(NotFound):
            await anext(AnswerFeed(database, desk.process.adapters.bus).events(stranger, lease.answer_id, after=None))


class TestRenewing:
    async def test_keeps_the_lease_and_the_text(self, desk: Desk, database: Database) -> None:
        viewer, lease = await begun(desk)
        before = await row(database, viewer, lease)

        assert not await renew(database, viewer, lease, "The canteen")
        written = await row(database, viewer, lease)
        assert not await renew(database, viewer, lease)
        kept = await row(database, viewer, lease)

        assert (written.content, kept.content) == ("The canteen", "The canteen")
        assert before.lease_until is not None
        assert written.lease_until is not None
        assert kept.lease_until is not None
        assert before.lease_until < written.lease_until < kept.lease_until

    async def test_says_whether_it_is_to_be_stopped(self, desk: Desk, database: Database) -> None:
        viewer, lease = await begun(desk)
        await desk.process.services.conversations.stop(viewer, lease.answer_id)

        assert await renew(database, viewer, lease)

    async def test_whose_lease_is_over_writes_nothing(self, desk: Desk, database: Database) -> None:
        viewer, lease = await begun(desk)

        with pytest.raises(ProducerLost):
            await renew(database, viewer, replace(lease, token=uuid4()), "spoilt")
        assert (await row(database, viewer, lease)).content == ""

    async def test_nobody_writes_a_strangers_answer(self, desk: Desk, database: Database) -> None:
        viewer, lease = await begun(desk)

        with pytest.raises(ProducerLost):
            await renew(database, await desk.library.reader(), lease, "spoilt")
        assert (await row(database, viewer, lease)).content == ""
