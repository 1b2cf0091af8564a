"""Branches of many conversations at once."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.branches import Branch, Stretch
from lexora_gql.conversations.models import Conversation, Message, MessageRole, MessageStatus
from lexora_gql.services import PageRequest, Position
from tests.conversations.desk import Desk
from tests.factories import Library

EPOCH = datetime(2031, 5, 1, tzinfo=UTC)
SEED = 20310501
IDS = [UUID(int=number) for number in range(1, 6)]
ELSEWHERE = Position(EPOCH, UUID(int=99))


def at(number: int) -> Position:
    return Position(EPOCH, IDS[number])


def message(talk: Conversation, parent: Message | None, *, seconds: int, identity: UUID | None = None) -> Message:
    """Return a message; who speaks does not matter here."""
    return Message(
        id=identity or uuid4(),
        conversation_id=talk.id,
        owner_id=talk.owner_id,
        parent_id=parent.id if parent else None,
        role=MessageRole.USER,
        status=MessageStatus.COMPLETED,
        content="",
        created_at=EPOCH + timedelta(seconds=seconds),
    )


def tree(talk: Conversation, chance: random.Random, size: int) -> list[Message]:
    """Return messages that follow one another as chance has it, many of the same moment."""
    made: list[Message] = []
    for number in range(size):
        made.append(message(talk, chance.choice(made) if made else None, seconds=number // 3))
    return made


def walked(messages: Sequence[Message], leaf: Message | None) -> list[UUID]:
    """Return the way from the first message to a leaf, step by step; to the newest one where none is named."""
    by_id = {each.id: each for each in messages}
    parents = {each.parent_id for each in messages}
    here = leaf or max(
        (each for each in messages if each.id not in parents), key=lambda each: (each.created_at, each.id)
    )
    path = [here.id]
    while here.parent_id is not None:
        here = by_id[here.parent_id]
        path.append(here.id)
    return path[::-1]


@pytest.fixture
def desk(library: Library) -> Desk:
    return Desk.over(library.database)


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


async def talk_of(library: Library, viewer: Viewer) -> Conversation:
    talk = Conversation(id=uuid4(), owner_id=viewer.user_id, title="Boilers")
    await library.add(talk)
    return talk


class TestBranches:
    async def test_of_many_conversations_are_those_that_one_walks_by_hand(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        chance = random.Random(SEED)
        expected: dict[Branch, list[UUID]] = {}
        for size in (1, 2, 3, 5, 8, 13):
            talk = await talk_of(library, viewer)
            messages = tree(talk, chance, size)
            await library.add(*messages)
            expected[Branch(talk.id)] = walked(messages, None)
            for leaf in chance.sample(messages, min(3, size)):
                expected[Branch(talk.id, leaf.id)] = walked(messages, leaf)

        found = await desk.process.services.conversations.messages_of(viewer, list(expected), PageRequest(first=100))

        assert {branch: [each.id for each in page.items] for branch, page in found.items()} == expected
        assert {branch: page.total for branch, page in found.items()} == {
            branch: len(path) for branch, path in expected.items()
        }

    async def test_end_in_the_newest_that_nothing_follows_and_among_equals_in_the_highest_id(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        talk = await talk_of(library, viewer)
        first = message(talk, None, seconds=9)
        leaves = [message(talk, first, seconds=5, identity=identity) for identity in IDS[:3]]
        await library.add(first)
        await library.add(*leaves)

        page = await desk.process.services.conversations.messages(viewer, talk.id, PageRequest(), leaf_id=None)

        assert [each.id for each in page.items] == [first.id, IDS[2]]

    async def test_that_are_not_there_or_not_the_viewers_are_empty(
        self, desk: Desk, library: Library, viewer: Viewer
    ) -> None:
        talk, other, empty = [await talk_of(library, viewer) for _ in range(3)]
        mine, others = message(talk, None, seconds=1), message(other, None, seconds=1)
        await library.add(mine, others)
        wanted = [Branch(talk.id, others.id), Branch(talk.id, uuid4()), Branch(empty.id), Branch(uuid4())]
        conversations = desk.process.services.conversations

        found = await conversations.messages_of(viewer, wanted, PageRequest(last=3))
        seen = await conversations.messages_of(await library.reader(), [Branch(talk.id, mine.id)], PageRequest())

        assert [(list(page.items), page.total, page.has_next) for page in found.values()] == [([], 0, False)] * 4
        assert [(list(page.items), page.total) for page in seen.values()] == [([], 0)]

    async def test_asked_for_twice_come_once(self, desk: Desk, library: Library, viewer: Viewer) -> None:
        talk = await talk_of(library, viewer)
        only = message(talk, None, seconds=1)
        await library.add(only)
        branches = [Branch(talk.id), Branch(talk.id)]

        found = await desk.process.services.conversations.messages_of(viewer, branches, PageRequest())

        assert [[each.id for each in page.items] for page in found.values()] == [[only.id]]


class TestAStretch:
    @pytest.mark.parametrize(
        ("request_", "ids", "has_next", "has_previous"),
        [
            (PageRequest(), IDS, False, False),
            (PageRequest(first=2), IDS[:2], True, False),
            (PageRequest(first=2, after=at(1)), IDS[2:4], True, True),
            (PageRequest(first=2, after=at(2)), IDS[3:], False, True),
            (PageRequest(first=2, after=at(4)), [], False, True),
            (PageRequest(last=2), IDS[3:], False, True),
            (PageRequest(last=2, before=at(2)), IDS[:2], True, False),
            (PageRequest(last=2, before=at(0)), [], True, False),
            (PageRequest(first=9, after=at(0), before=at(3)), IDS[1:3], False, True),
            (PageRequest(last=9, after=at(0), before=at(3)), IDS[1:3], True, False),
            (PageRequest(first=9, after=at(3), before=at(1)), [], False, True),
            (PageRequest(first=9, after=ELSEWHERE), [], False, True),
            (PageRequest(last=9, before=ELSEWHERE), [], True, False),
        ],
    )
    def test_is_what_was_asked_for(
        self, request_: PageRequest, ids: list[UUID], *, has_next: bool, has_previous: bool
    ) -> None:
        assert Stretch.of(IDS, request_) == Stretch(ids, has_next=has_next, has_previous=has_previous, total=5)

    def test_leaves_out_what_has_gone_meanwhile(self) -> None:
        talk = Conversation(id=uuid4(), owner_id=uuid4(), title="Boilers")
        left = message(talk, None, seconds=1, identity=IDS[1])

        page = Stretch.of(IDS[:2], PageRequest()).page({IDS[1]: left})

        assert (page.items, page.positions) == ([left], [Position(left.created_at, left.id)])
