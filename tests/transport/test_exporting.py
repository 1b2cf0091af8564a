"""Conversations exported over HTTP: one's own, in both formats."""

import json

from tests.transport.api import Api


class TestExport:
    async def test_one_gets_what_was_said_and_nobody_else_does(self, api: Api) -> None:
        reader, stranger = await api.somebody(), await api.somebody()
        sent = await reader.run("SendMessage", input={"content": "When does the *canteen* open?", "waitSeconds": 20})
        conversation = sent["conversation"]["id"]

        written = await reader.run("ExportConversation", id=conversation)
        packed = json.loads(await reader.run("ExportConversation", id=conversation, format="JSON"))

        assert written.startswith("# When does the \\*canteen\\* open?\n")
        assert "\n> When does the *canteen* open?\n" in written
        assert packed["conversation"]["id"] == conversation
        assert [message["id"] for message in packed["messages"]] == [sent["question"]["id"], sent["answer"]["id"]]
        assert await stranger.run("ExportConversation", id=conversation) is None
        assert await reader.run("ExportConversation", id=sent["answer"]["id"]) is None
