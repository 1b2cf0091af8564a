"""What is somebody else's looks as if it did not exist: every field and argument that takes an id is tried."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

from lexora_gql.transport.graphql.ids import to_global_id
from tests.end_to_end.client import Client, Json
from tests.end_to_end.stack import Stack
from tests.shared_data import PROJECT

QUESTION = "When does the canteen open?"
SILENCE_SECONDS = 1.0
REFUSED = "__typename ... on UserError { code message path }"


@dataclass(frozen=True)
class Person:
    """Somebody with one of each.

    Attributes:
        ids: Global ids by type.
    """

    client: Client
    ids: dict[str, str]


@dataclass(frozen=True)
class Case:
    """One way of giving an id.

    Attributes:
        type: Of the object that the id names.
        text: The operation; `$id` is the id.
        more: Variables that are the actor's own.
    """

    type: str
    text: str
    more: Callable[[Person], Json] = lambda _: {}


def query(type_name: str, field: str, selection: str) -> Case:
    return Case(type_name, f"query($id: ID!) {{ {field} {{ {selection} }} }}")


def mutation(type_name: str, field: str) -> Case:
    return Case(type_name, f"mutation($id: ID!) {{ {field} {{ {REFUSED} }} }}")


def sending(type_name: str, argument: str, *, is_in_own: bool = False) -> Case:
    conversation = ", conversationId: $own" if is_in_own else ""
    variables = "$id: ID!, $own: ID!" if is_in_own else "$id: ID!"
    answer = "... on MessageSent { answer { mode content retrieval { candidates } citations { filename } } }"
    content = f'content: "{QUESTION}", waitSeconds: 20, {argument}{conversation}'
    text = f"mutation({variables}) {{ sendMessage(input: {{{content}}}) {{ {REFUSED} {answer} }} }}"
    return Case(type_name, text, (lambda one: {"own": one.ids["Conversation"]}) if is_in_own else lambda _: {})


HITS = "candidates hits { chunk { text document { filename } } }"
COUNTED = "totalCount edges { node { id } } pageInfo { hasNextPage }"
# In this order: what destroys comes last.
CASES: dict[str, list[Case]] = {
    "Query.node(id)": [
        query(name, "node(id: $id)", "__typename id") for name in ("Collection", "Document", "Conversation", "Message")
    ]
    + [query("Chunk", "node(id: $id)", "__typename id ... on Chunk { text }")],
    "Query.nodes(ids)": [query("Document", "nodes(ids: [$id])", "__typename id")],
    "Query.collection(id)": [query("Collection", "collection(id: $id)", "name documentCount members { access }")],
    "Query.document(id)": [query("Document", "document(id: $id)", "filename text chunkCount downloadUrl")],
    "Query.conversation(id)": [query("Conversation", "conversation(id: $id)", f"title messages {{ {COUNTED} }}")],
    "Query.exportConversation(id)": [
        Case("Conversation", f"query($id: ID!) {{ exportConversation(id: $id, format: {name}) }}")
        for name in ("MARKDOWN", "JSON")
    ],
    "Query.message(id)": [query("Message", "message(id: $id)", "content siblings { id } citations { quote }")],
    "Conversation.messages(leafId)": [
        Case(
            "Message",
            f"query($id: ID!, $own: ID!) {{ conversation(id: $own) {{ messages(leafId: $id) {{ {COUNTED} }} }} }}",
            lambda one: {"own": one.ids["Conversation"]},
        )
    ],
    "DocumentFilter.collectionId": [query("Collection", "documents(filter: {collectionId: $id})", COUNTED)],
    "ScopeInput.collectionIds": [
        query("Collection", f'search(query: "{QUESTION}", scope: {{collectionIds: [$id]}})', HITS),
        sending("Collection", "scope: {collectionIds: [$id]}"),
    ],
    "ScopeInput.documentIds": [
        query("Document", f'search(query: "{QUESTION}", scope: {{documentIds: [$id]}})', HITS),
        sending("Document", "scope: {documentIds: [$id]}"),
    ],
    "Subscription.answer(messageId)": [
        Case("Message", "subscription($id: ID!) { answer(messageId: $id) { __typename } }")
    ],
    "Subscription.documentEvents(documentIds)": [
        Case("Document", "subscription($id: ID!) { documentEvents(documentIds: [$id]) { __typename } }")
    ],
    "UploadDocumentInput.collectionId": [Case("Collection", "upload")],
    "SendMessageInput.conversationId": [sending("Conversation", "conversationId: $id")],
    "SendMessageInput.parentId": [sending("Message", "parentId: $id", is_in_own=True)],
    "EditMessageInput.id": [mutation("Message", 'editMessage(input: {id: $id, content: "Mine?"})')],
    "Mutation.regenerateAnswer(id)": [mutation("Message", "regenerateAnswer(id: $id)")],
    "Mutation.rateMessage(id)": [mutation("Message", "rateMessage(id: $id, rating: DOWN)")],
    "Mutation.stopAnswer(id)": [mutation("Message", "stopAnswer(id: $id)")],
    "Mutation.renameCollection(id)": [mutation("Collection", 'renameCollection(id: $id, name: "Mine")')],
    "Mutation.renameConversation(id)": [mutation("Conversation", 'renameConversation(id: $id, title: "Mine")')],
    "Mutation.reprocessDocument(id)": [mutation("Document", "reprocessDocument(id: $id)")],
    "Mutation.reprocessFailedDocuments(collectionId)": [
        Case("Collection", "mutation($id: ID!) { reprocessFailedDocuments(collectionId: $id) }")
    ],
    "Mutation.deleteConversation(id)": [mutation("Conversation", "deleteConversation(id: $id)")],
    "Mutation.deleteDocument(id)": [mutation("Document", "deleteDocument(id: $id)")],
    "Mutation.deleteCollection(id)": [mutation("Collection", "deleteCollection(id: $id)")],
}


def places_of_ids(schema: GraphQLSchema) -> set[str]:
    """Return every argument and input field that takes an id."""
    places: set[str] = set()
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                places |= {f"{kind.name}.{name}({key})" for key, taken in field.args.items() if is_id(taken.type)}
        elif isinstance(kind, GraphQLInputObjectType):
            places |= {f"{kind.name}.{name}" for name, given in kind.fields.items() if is_id(given.type)}
    return places


def is_id(kind: Any) -> bool:
    return str(get_named_type(kind)) == "ID"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("isolation")


@pytest.fixture(scope="module")
async def people(postgres_url: str, folder: Path) -> AsyncIterator[tuple[Person, Person]]:
    """An owner and an intruder, who have the same things."""
    async with Stack.open(postgres_url) as stack:
        api, _ = await asyncio.gather(stack.start_api(), stack.start_worker())
        clients = Client(api.address), Client(api.address)
        try:
            yield await settle(clients[0], folder), await settle(clients[1], folder)
        finally:
            for client in clients:
                await client.close()


async def settle(client: Client, folder: Path) -> Person:
    """Make an account with a collection, a document with a chunk, and a conversation with a message."""
    await client.register()
    collection = (await client.run("CreateCollection", name="Shared by none"))["createCollection"]["collection"]["id"]
    path = folder / "canteen.txt"
    path.write_text(f"The canteen opens at noon. {uuid4()}")
    document = (await client.upload(path, collectionId=collection))["document"]["id"]
    await client.finished(document)
    sent = (await client.run("SendMessage", input={"content": QUESTION, "waitSeconds": 20}))["sendMessage"]
    chunks = (await client.run("DocumentChunks", id=document))["document"]["chunks"]["edges"]
    ids = {
        "Collection": collection, "Document": document, "Chunk": chunks[0]["node"]["id"],
        "Conversation": sent["conversation"]["id"], "Message": sent["answer"]["id"],
    }  # fmt: skip
    return Person(client, ids)


async def seen(person: Person, case: Case, given: str, folder: Path) -> Json:
    """Return what somebody is told who gives an id, without the id itself and what differs from call to call."""
    if case.text == "upload":
        path = folder / "new.txt"
        path.write_text(f"Something new. {uuid4()}")
        told = await person.client.upload(path, collectionId=given)
        # Only whether it was taken in: the document is a new one each time.
        told = {"code": told.get("code"), "message": told.get("message")}
    elif case.text.startswith("subscription"):
        told = await first_frame(person.client, case.text, {"id": given})
    else:
        told = await person.client.post({"query": case.text, "variables": {"id": given, **case.more(person)}})
    told.pop("extensions", None)
    return dict(json.loads(re.sub(re.escape(given), "ID", json.dumps(told))))


async def first_frame(client: Client, text: str, variables: Json) -> Json:
    """Return the first thing that a subscription says; nothing where it is silent."""
    async with client.socket() as socket:
        payload = {"query": text, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                frame = json.loads(await socket.recv())
        except TimeoutError:
            return {}
        return {"type": frame["type"], "payload": without_extensions(frame.get("payload"))}


def without_extensions(payload: Any) -> Any:
    if not isinstance(payload, dict):
        return payload
    return {name: value for name, value in payload.items() if name != "extensions"}


class TestIsolation:
    def test_every_place_that_takes_an_id_has_a_case(self) -> None:
        schema = build_schema((PROJECT / "schema" / "lexora.graphql").read_text())
        assert places_of_ids(schema) == set(CASES)

    def test_a_new_place_would_be_noticed(self) -> None:
        schema = build_schema("type Query { secret(id: ID!, in: Where): ID } input Where { ids: [ID!] name: String }")
        assert places_of_ids(schema) == {"Query.secret(id)", "Where.ids"}

    async def test_what_is_anothers_looks_as_if_it_did_not_exist(
        self, people: tuple[Person, Person], folder: Path
    ) -> None:
        owner, intruder = people
        for place, cases in CASES.items():
            for case in cases:
                nothing = await seen(intruder, case, to_global_id(case.type, uuid4()), folder)
                assert await seen(intruder, case, owner.ids[case.type], folder) == nothing, place
                assert owner.ids[case.type] not in json.dumps(nothing)

        # The control: whose it is sees the difference, and finds all untouched.
        for place, cases in CASES.items():
            for case in cases:
                nothing = await seen(owner, case, to_global_id(case.type, uuid4()), folder)
                assert await seen(owner, case, owner.ids[case.type], folder) != nothing, place

    async def test_lists_and_feeds_hold_nothing_of_others(self, people: tuple[Person, Person]) -> None:
        owner, intruder = people
        text = (
            "{ documents { totalCount edges { node { id owner { id } } } } collections { totalCount } "
            "conversations { totalCount edges { node { id } } } }"
        )
        told = json.dumps((await intruder.client.post({"query": text}))["data"])
        for identifier in owner.ids.values():
            assert identifier not in told
        after = (await owner.client.run("DocumentFeedCursor"))["documentFeedCursor"]
        async with aclosing(intruder.client.subscribe("DocumentEvents", after=after)) as events:
            # A cursor of another's feed is refused, not followed.
            with pytest.raises(AssertionError, match="BAD_CURSOR"):
                await anext(events)
