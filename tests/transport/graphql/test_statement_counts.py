"""A page of a hundred costs as many statements as a page of one, on every edge."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, event

from lexora_gql.services import PageRequest
from lexora_gql.settings import COST_MAX
from lexora_gql.storage.acting import ActingConnection, DatabaseRole
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.ids import to_global_id
from tests.database import empty
from tests.factories import Library
from tests.transport.api import Api, Client, serving, settings_for
from tests.transport.graphql.talks import Talks

COUNT = 100
PAGES = (1, 10, COUNT)
INFO = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect every statement that is sent to the database on a viewer's behalf.

    Whether a session is still alive is looked up anew every ten seconds, whatever is asked: that is not counted.
    """
    sent: list[str] = []

    def note(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, ActingConnection)
        if driver.actor is not None and driver.actor.database_role is DatabaseRole.VIEWER:
            sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


@dataclass(frozen=True, slots=True)
class Desk:
    """A server, somebody signed in, and what they have."""

    api: Api
    client: Client
    talks: Talks

    async def count(self, query: str, variables: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Return what a query gives, and how many statements it took."""
        with statements(self.api.process.services.documents.database) as sent:
            answer = (await self.client.send(query, variables)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"], len(sent)


@pytest.fixture(scope="module")
async def desk(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    settings = settings_for(tmp_path_factory.mktemp("counts"), query_cost_max=COST_MAX, query_cost_burst=COST_MAX)
    async with serving(session_database, settings) as api:
        client = await api.somebody()
        viewer = await api.process.services.accounts.authenticate(client.token or "")
        yield Desk(api, client, await Talks.of(Library(session_database), viewer, count=COUNT))
    await empty(session_database)


CONVERSATIONS = f"""query($first: Int!) {{
  conversations(first: $first) {{ {INFO} edges {{ cursor node {{
    owner {{ email documents(first: 2) {{ totalCount }} conversations(first: 2) {{ totalCount }}
             collections(first: 2) {{ totalCount }} quotas {{ used }} usage {{ questions }} }}
    messages(first: 10) {{ {INFO} edges {{ node {{
      content
      citations {{ quote document {{ title owner {{ email }} }} chunk {{ text }} }}
    }} }} }}
  }} }} }}
}}"""
MESSAGES = """query($first: Int!) {
  conversations(first: $first) { edges { node { messages(last: 10) { edges { node {
    siblings { id content } parent { content } conversation { title }
    retrieval { sources { marker hit { chunk { document { title } } highlights { start } } } }
  } } } } } }
}"""
COLLECTIONS = f"""query($first: Int!) {{
  collections(last: $first) {{ {INFO} edges {{ node {{
    access documentCount owner {{ email }} members {{ access person {{ email }} }}
    documents(first: 5, filter: {{ status: [READY], tags: [] }}) {{ {INFO} edges {{ node {{
      chunks(first: 2) {{ {INFO} edges {{ node {{ text }} }} }}
    }} }} }}
  }} }} }}
}}"""
DOCUMENTS = f"""query($first: Int!) {{
  documents(first: $first, orderBy: TITLE_ASC) {{ {INFO} edges {{ node {{
    owner {{ email }} collection {{ name access }} text(start: 3, end: 9)
    chunks(last: 2) {{ {INFO} edges {{ node {{ ordinal document {{ title }} }} }} }}
  }} }} }}
}}"""
SEARCH = """query($first: Int!) {
  search(query: "the boiler on floor", first: $first) { hits { score chunk {
    text document { title owner { email } collection { name } chunks(first: 1) { totalCount } }
  } } }
}"""
NODES = """query($ids: [ID!]!) {
  nodes(ids: $ids) { __typename id ... on Conversation { messages(first: 2) { totalCount } }
    ... on Document { chunks(first: 2) { totalCount } } ... on Collection { documents(first: 2) { totalCount } }
    ... on Message { siblings { id } } ... on Chunk { document { title } } ... on User { email } }
}"""


class TestAPage:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            (CONVERSATIONS, "conversations"),
            (MESSAGES, "conversations"),
            (COLLECTIONS, "collections"),
            (DOCUMENTS, "documents"),
        ],
    )
    async def test_of_a_hundred_takes_the_statements_of_a_page_of_one(self, desk: Desk, query: str, field: str) -> None:
        taken = {}
        await desk.count(query, {"first": 1})
        for first in PAGES:
            data, taken[first] = await desk.count(query, {"first": first})
            assert len(data[field]["edges"]) == first

        assert taken == dict.fromkeys(PAGES, taken[1])

    async def test_of_hits_takes_the_statements_of_one_hit(self, desk: Desk) -> None:
        taken = {}
        await desk.count(SEARCH, {"first": 1})
        for first in PAGES:
            data, taken[first] = await desk.count(SEARCH, {"first": first})
            assert len(data["search"]["hits"]) == first

        assert taken == dict.fromkeys(PAGES, taken[1])

    async def test_of_nodes_takes_the_statements_of_one_of_each_kind(self, desk: Desk) -> None:
        talks = desk.talks
        kinds = {
            "Conversation": [each.id for each in talks.conversations],
            "Message": [each.id for each in talks.messages],
            "Collection": [each.id for each in talks.collections],
            "Chunk": [each.id for each in talks.chunks],
            "Document": [each.id for each in talks.documents],
        }
        taken = {}
        for each in (1, 2, 19):
            ids = [to_global_id(kind, identifier) for kind, known in kinds.items() for identifier in known[:each]]
            ids.append(to_global_id("User", talks.viewer.user_id))
            data, taken[each] = await desk.count(NODES, {"ids": ids})
            assert [node["id"] for node in data["nodes"]] == ids

        assert taken == dict.fromkeys(taken, taken[1])


class TestTheCounter:
    async def test_sees_what_is_loaded_one_by_one(self, desk: Desk) -> None:
        documents, viewer = desk.api.process.services.documents, desk.talks.viewer
        ids = [each.id for each in desk.talks.documents]
        taken = {}
        for count in PAGES:
            with statements(documents.database) as sent:
                for document_id in ids[:count]:
                    await documents.chunks(viewer, document_id, PageRequest(first=2))
            taken[count] = len(sent)

        # A page with its total.
        assert taken == {1: 1, 10: 10, 100: 100}

    async def test_sees_one_statement_for_the_lists_of_many(self, desk: Desk) -> None:
        documents, viewer = desk.api.process.services.documents, desk.talks.viewer
        ids = [each.id for each in desk.talks.documents]

        with statements(documents.database) as sent:
            pages = await documents.chunks_of(viewer, ids, PageRequest(first=2))

        assert len(sent) == 1
        assert [(len(page.items), page.total, page.has_next) for page in pages.values()] == [(2, 3, True)] * COUNT
