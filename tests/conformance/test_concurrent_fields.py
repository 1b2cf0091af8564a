"""Twenty root fields run at the same time; none of them meets another one's transaction."""

import asyncio

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.ids import to_global_id
from tests.factories import Library
from tests.transport.api import Api, Client
from tests.transport.graphql.talks import Talks

COUNT = 3
ROOT_FIELDS = 20
# No more than fifteen may have an alias.
OPERATION = """query($collection: ID!, $document: ID!, $conversation: ID!, $message: ID!, $chunk: ID!) {
  me { email collections { totalCount } conversations { totalCount } }
  collections { totalCount edges { node { name documentCount } } }
  documents { totalCount }
  conversations { totalCount edges { node { messages { totalCount } } } }
  search(query: "the boiler on floor") { hits { chunk { document { title } } } }
  collection(id: $collection) { name documents { totalCount } }
  document(id: $document) { title chunks { totalCount } }
  conversation(id: $conversation) { title messages { totalCount } }
  message(id: $message) { content siblings { id } }
  nodes(ids: [$collection, $document, $conversation, $message, $chunk]) { id }
  node(id: $chunk) { id ... on Chunk { document { chunks(first: 1) { totalCount } } } }
  documentFeedCursor
  a: documents(orderBy: TITLE_ASC, first: 1) { totalCount }
  b: documents(orderBy: BYTE_SIZE_DESC, last: 1) { totalCount }
  c: documents(filter: { status: [FAILED] }) { totalCount }
  d: conversations(first: 1) { edges { node { messages(last: 1) { totalCount edges { node { content } } } } } }
  e: conversations(last: 1) { edges { node { messages(first: 1) { totalCount edges { node { content } } } } } }
  f: search(query: "paragraph 2") { hits { chunk { text } } }
  g: collections(first: 1) { edges { node { owner { email } members { person { email } } } } }
  h: me { documents(first: 1) { edges { node { owner { email } } } } }
}"""


@pytest.fixture
async def client(api: Api) -> Client:
    return await api.somebody()


@pytest.fixture
async def talks(api: Api, client: Client, database: Database) -> Talks:
    viewer: Viewer = await api.process.services.accounts.authenticate(client.token or "")
    return await Talks.of(Library(database), viewer, count=COUNT)


def variables(talks: Talks) -> dict[str, str]:
    """Return the ids of one of each."""
    return {
        "collection": to_global_id("Collection", talks.collections[0].id),
        "document": to_global_id("Document", talks.documents[0].id),
        "conversation": to_global_id("Conversation", talks.conversations[0].id),
        "message": to_global_id("Message", talks.messages[0].id),
        "chunk": to_global_id("Chunk", talks.chunks[0].id),
    }


class TestTwentyRootFields:
    async def test_all_give_what_each_gives_alone(self, client: Client, talks: Talks) -> None:
        ids = variables(talks)

        answer = (await client.send(OPERATION, ids)).json()

        assert "errors" not in answer, answer["errors"]
        data = answer["data"]
        assert len(data) == ROOT_FIELDS
        assert [node["id"] for node in data["nodes"]] == list(ids.values())
        assert data["me"]["collections"]["totalCount"] == data["collections"]["totalCount"] == COUNT + 1
        totals = [data[name]["totalCount"] for name in ("documents", "a", "b", "c", "conversations")]
        assert totals == [COUNT, COUNT, COUNT, 0, COUNT]
        lengths = [edge["node"]["messages"]["totalCount"] for edge in data["conversations"]["edges"]]
        assert lengths == [4] * COUNT
        newest, oldest = talks.conversations[-1], talks.conversations[0]
        ends = [data[name]["edges"][0]["node"]["messages"]["edges"][0]["node"]["content"] for name in "de"]
        assert ends == [
            next(each.content for each in reversed(talks.messages[:-1]) if each.conversation_id == newest.id),
            next(each.content for each in talks.messages if each.conversation_id == oldest.id),
        ]

    async def test_do_so_in_many_operations_of_many_people_at_once(
        self, api: Api, client: Client, talks: Talks
    ) -> None:
        stranger = await api.somebody()
        ids = variables(talks)

        answers = await asyncio.gather(*(who.send(OPERATION, ids) for _ in range(3) for who in (client, stranger)))

        mine, theirs = [each.json() for each in answers[::2]], [each.json() for each in answers[1::2]]
        assert [each.get("errors") for each in mine + theirs] == [None] * 6
        assert {each["data"]["documents"]["totalCount"] for each in mine} == {COUNT}
        assert {each["data"]["documents"]["totalCount"] for each in theirs} == {0}
        assert [each["data"]["nodes"] for each in theirs] == [[None] * len(ids)] * 3
