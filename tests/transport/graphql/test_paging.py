"""Walking through lists while others write."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from lexora_gql.conversations.models import MessageRole as Role
from lexora_gql.storage.database import Database
from tests.transport.api import Api
from tests.transport.graphql.lists import LISTS, Reader
from tests.transport.graphql.talks import EPOCH, message, store

STAYING, PASSING, GOING, COMING = 17, 10, 2, 3
DIRECTIONS = pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])


@pytest.fixture
async def reader(api: Api, database: Database) -> Reader:
    return await Reader.of(api, database)


class TestAWalk:
    @DIRECTIONS
    @pytest.mark.parametrize("name", [name for name in LISTS if name != "messages"])
    async def test_meets_what_stays_once_and_in_order_while_rows_come_and_go(
        self, reader: Reader, name: str, *, backward: bool
    ) -> None:
        listed = reader.list(name)
        rows = [await listed.make() for _ in range(STAYING + PASSING)]
        await store(reader.database, *rows)
        reader.chance.shuffle(rows)
        staying, passing = {listed.id_of(row) for row in rows[:STAYING]}, rows[STAYING:]

        async def write() -> None:
            async with reader.database.engine.begin() as connection:
                for row in [passing.pop() for _ in range(GOING)]:
                    await connection.execute(delete(type(row)).where(type(row).id == row.id))
            coming = [await listed.make() for _ in range(COMING)]
            await store(reader.database, *coming)
            passing.extend(coming)
            reader.chance.shuffle(passing)

        seen = await listed.walk(backward=backward, write=write)

        whole = await listed.page({"first": 100})
        order = [edge["node"]["id"] for edge in whole["edges"]]
        assert len(order) < 100
        assert [each for each in seen if each in staying] == [each for each in order if each in staying]
        assert len(staying) == STAYING
        assert len(set(seen)) == len(seen)

    @DIRECTIONS
    async def test_through_a_branch_meets_what_was_there_once_while_it_grows_and_is_asked_again(
        self, reader: Reader, *, backward: bool
    ) -> None:
        listed, talk, path = reader.list("messages"), reader.talk, reader.branch
        branch = list(path)

        async def write() -> None:
            last = branch[-1].created_at
            question = message(talk, branch[-1], Role.USER, last + timedelta(seconds=1))
            answer = message(talk, question, Role.ASSISTANT, last + timedelta(seconds=2))
            another = message(talk, reader.chance.choice(path[::2]), Role.ASSISTANT, EPOCH)
            await store(reader.database, another, question)
            await store(reader.database, answer)
            branch.extend([question, answer])

        seen = await listed.walk(backward=backward, write=write)

        there = [listed.id_of(each) for each in path]
        assert [each for each in seen if each in there] == there
        assert len(set(seen)) == len(seen)
