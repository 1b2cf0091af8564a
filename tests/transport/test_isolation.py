"""Somebody else's object does not exist, whichever way one asks for it."""

from typing import Any

import pytest

from tests.transport.api import Api, Client

TEXT = b"# Invoices\n\nInvoices are paid within 30 days.\n"


async def belongings(api: Api, owner: Client) -> dict[str, str]:
    """Return the id of one object of each kind."""
    [uploaded] = await owner.upload(("invoices.md", TEXT))
    await api.ingest()
    document = uploaded["document"]["id"]
    chunks = await owner.run("DocumentChunks", id=document)
    sent = await owner.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
    return {
        "User": (await owner.run("Me"))["id"],
        "Collection": (await owner.run("Collections"))["edges"][0]["node"]["id"],
        "Document": document,
        "Chunk": chunks["chunks"]["edges"][0]["node"]["id"],
        "Conversation": sent["conversation"]["id"],
        "Message": sent["answer"]["id"],
    }


class TestNode:
    async def test_the_owner_finds_everything_by_its_id(self, api: Api) -> None:
        owner = await api.somebody()
        ids = await belongings(api, owner)
        nodes = await owner.run("Nodes", ids=[*ids.values(), "nonsense"])

        assert nodes == [*({"__typename": kind, "id": found} for kind, found in ids.items()), None]

    async def test_a_stranger_finds_nothing(self, api: Api) -> None:
        ids = await belongings(api, await api.somebody())
        stranger = await api.somebody()

        assert await stranger.run("Nodes", ids=[*ids.values()]) == [None] * 6
        assert await stranger.run("Document", id=ids["Document"]) is None
        assert await stranger.run("Collection", id=ids["Collection"]) is None
        assert await stranger.run("Conversation", id=ids["Conversation"]) is None
        assert await stranger.run("Message", id=ids["Message"]) is None

    @pytest.mark.parametrize("wrong", ["User", "Collection", "Chunk", "Conversation", "Message"])
    async def test_an_id_of_another_type_is_none(self, api: Api, wrong: str) -> None:
        owner = await api.somebody()
        ids = await belongings(api, owner)

        assert await owner.run("Document", id=ids[wrong]) is None
        assert (await owner.run("DeleteDocument", id=ids[wrong]))["code"] == "NOT_FOUND"


class TestLists:
    async def test_a_strangers_lists_and_searches_are_empty(self, api: Api) -> None:
        ids = await belongings(api, await api.somebody())
        stranger = await api.somebody()
        scope = {"documentIds": [ids["Document"]], "collectionIds": [ids["Collection"]]}

        assert (await stranger.run("Documents"))["totalCount"] == 0
        assert (await stranger.run("Documents", filter={"collectionId": ids["Collection"]}))["totalCount"] == 0
        assert (await stranger.run("Conversations"))["totalCount"] == 0
        assert (await stranger.run("Search", query="invoices"))["hits"] == []
        assert (await stranger.run("Search", query="invoices", scope=scope))["hits"] == []

    async def test_what_cannot_exist_narrows_to_nothing(self, api: Api) -> None:
        owner = await api.somebody()
        await belongings(api, owner)

        assert (await owner.run("Documents", filter={"collectionId": "nonsense"}))["totalCount"] == 0
        assert (await owner.run("Search", query="invoices", scope={"documentIds": ["nonsense"]}))["hits"] == []


class TestMutations:
    @pytest.mark.parametrize(
        ("name", "kind", "more"),
        [
            ("RenameCollection", "Collection", {"name": "Mine"}),
            ("DeleteCollection", "Collection", {}),
            ("ReprocessDocument", "Document", {}),
            ("DeleteDocument", "Document", {}),
            ("RenameConversation", "Conversation", {"title": "Mine"}),
            ("DeleteConversation", "Conversation", {}),
            ("StopAnswer", "Message", {}),
            ("RegenerateAnswer", "Message", {}),
            ("RateMessage", "Message", {"rating": "DOWN"}),
        ],
    )
    async def test_a_stranger_changes_nothing(self, api: Api, name: str, kind: str, more: dict[str, Any]) -> None:
        owner = await api.somebody()
        ids = await belongings(api, owner)
        stranger = await api.somebody()

        assert (await stranger.run(name, id=ids[kind], **more))["code"] == "NOT_FOUND"
        assert await owner.run("Node", id=ids[kind]) == {"__typename": kind, "id": ids[kind]}

    async def test_nobody_asks_in_somebody_elses_conversation(self, api: Api) -> None:
        ids = await belongings(api, await api.somebody())
        stranger = await api.somebody()
        own = (await stranger.run("CreateConversation", title="Mine"))["conversation"]["id"]
        places = (
            {"conversationId": ids["Conversation"]},
            {"conversationId": own, "parentId": ids["Message"]},
            {"conversationId": "nonsense"},
        )
        for place in places:
            result = await stranger.run("SendMessage", input={"content": "What?", **place})
            assert result["code"] == "NOT_FOUND"

    async def test_nobody_edits_somebody_elses_question(self, api: Api) -> None:
        owner = await api.somebody()
        question = (await owner.run("SendMessage", input={"content": "What?", "waitSeconds": 20}))["question"]["id"]
        result = await (await api.somebody()).run("EditMessage", input={"id": question, "content": "Mine?"})

        assert result["code"] == "NOT_FOUND"
        assert (await owner.run("Message", id=question))["siblings"] == []

    async def test_nobody_uploads_into_somebody_elses_collection(self, api: Api) -> None:
        owner = await api.somebody()
        ids = await belongings(api, owner)
        [result] = await (await api.somebody()).upload(("a.md", b"# Mine"), collectionId=ids["Collection"])

        assert result["code"] == "NOT_FOUND"
        assert (await owner.run("Documents"))["totalCount"] == 1
