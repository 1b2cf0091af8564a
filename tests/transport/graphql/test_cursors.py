"""Cursors where they were not given for, and pages that cannot be had: an error there, and there only."""

from typing import Any

import pytest

from lexora_gql.documents.models import CollectionAccess, CollectionMember
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.ids import to_global_id
from tests.transport.api import Api
from tests.transport.graphql.lists import LISTS, Listed, Reader
from tests.transport.graphql.talks import EPOCH, chunks_of, conversation, exchange, store


@pytest.fixture
async def reader(api: Api, database: Database) -> Reader:
    reader = await Reader.of(api, database)
    await store(database, *await chunks_of(reader.paper, range(3)))
    return reader


async def refusal(listed: Listed, part: dict[str, object]) -> dict[str, Any]:
    """Return the one error of asking for part of a list."""
    [error] = (await listed.client.send(listed.query, {**listed.variables, **part})).json()["errors"]
    assert isinstance(error, dict)
    return error


class TestACursor:
    @pytest.mark.parametrize("name", LISTS)
    async def test_of_another_list_is_refused(self, reader: Reader, name: str) -> None:
        cursor = (await reader.list(name).page({"first": 1}))["pageInfo"]["endCursor"]

        accepted = set()
        for other in LISTS:
            listed = reader.list(other)
            answer = (await listed.client.send(listed.query, {**listed.variables, "first": 1, "after": cursor})).json()
            if "errors" not in answer:
                accepted.add(other)
            else:
                assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_CURSOR"]

        assert accepted == {name}

    @pytest.mark.parametrize("name", LISTS)
    async def test_of_another_reader_is_refused_even_where_both_may_read(
        self, api: Api, database: Database, reader: Reader, name: str
    ) -> None:
        other = await Reader.of(api, database)
        await store(
            database,
            CollectionMember(collection_id=reader.shelf.id, user_id=other.viewer_id, access=CollectionAccess.VIEWER),
        )
        given = reader.list(name)
        cursor = (await given.page({"first": 1}))["pageInfo"]["endCursor"]
        # A conversation is its owner's alone: there the reader's cursor meets a list of one's own.
        variables = other.list(name).variables if name == "messages" else given.variables
        theirs = Listed(other.client, given.query, given.kind, given.make, variables)

        assert (await theirs.page({"first": 1}))["edges"] != []
        for part in ({"first": 1, "after": cursor}, {"last": 1, "before": cursor}):
            assert (await refusal(theirs, part))["extensions"]["code"] == "BAD_CURSOR"

    @pytest.mark.parametrize("name", LISTS)
    async def test_that_was_forged_is_refused(self, reader: Reader, name: str) -> None:
        listed = reader.list(name)
        cursor = (await listed.page({"first": 1}))["pageInfo"]["endCursor"]

        for forged in (
            "",
            "0",
            cursor[:-1],
            cursor[1:],
            cursor.swapcase(),
            f"{cursor}A",
            listed.variables.get("id", "x"),
        ):
            assert (await refusal(listed, {"first": 1, "after": forged}))["extensions"]["code"] == "BAD_CURSOR"


TWO = """query($one: ID!, $other: ID!, $part: Int, $after: String, $search: String) {
  one: node(id: $one) { ... on Conversation { messages(first: $part, after: $after) { edges { node { id } } } }
                        ... on Collection { documents(first: $part, filter: {search: $search}) { totalCount } } }
  other: node(id: $other) { ... on Conversation { messages(first: $part, after: $after) { edges { node { id } } } }
                            ... on Collection { documents(first: 1) { totalCount } } }
}"""


class TestAMistake:
    async def test_in_the_cursor_of_one_list_leaves_the_other_alone(self, database: Database, reader: Reader) -> None:
        another = conversation(reader.viewer_id, EPOCH)
        await store(database, another)
        await store(database, *exchange(another, pairs=2))
        cursor = (await reader.list("messages").page({"first": 16}))["pageInfo"]["endCursor"]
        ids = {"one": to_global_id("Conversation", another.id), "other": to_global_id("Conversation", reader.talk.id)}

        answer = (await reader.client.send(TWO, {**ids, "part": 5, "after": cursor})).json()

        left = [{"node": {"id": to_global_id("Message", each.id)}} for each in reader.branch[16:]]
        assert answer["data"] == {"one": None, "other": {"messages": {"edges": left}}}
        assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
            (["one", "messages"], "BAD_CURSOR")
        ]

    @pytest.mark.parametrize(("part", "search"), [(0, None), (101, None), (-1, None), (1, "x" * 301)])
    async def test_in_the_arguments_of_one_list_leaves_the_other_alone(
        self, reader: Reader, part: int, search: str | None
    ) -> None:
        shelf = to_global_id("Collection", reader.shelf.id)

        answer = (await reader.client.send(TWO, {"one": shelf, "other": shelf, "part": part, "search": search})).json()

        assert answer["data"] == {"one": None, "other": {"documents": {"totalCount": 1}}}
        assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
            (["one", "documents"], "INVALID_INPUT")
        ]
