"""The first tabs, one after the other, as somebody does who has never been here."""

import json
from typing import Any

from playwright.async_api import FilePayload

from tests.transport.api import PASSWORD, Api
from tests.transport.graphiql.visit import Visit

TABS = [
    "ServerInfo",
    "Register",
    "SignIn",
    "Upload",
    "WatchDocuments",
    "Documents",
    "Search",
    "Ask",
    "FollowAnswer",
    "Citations",
    "Conversations",
    "Collections",
    "CreateCollection",
    "DeleteCollection",
    "Node",
    "DeleteDocument",
]
EMAIL = "you@example.org"


class TestExamples:
    async def test_each_tab_bears_the_name_of_its_operation(self, visit: Visit) -> None:
        tabs = visit.page.get_by_role("tab").get_by_role("button").and_(visit.page.locator(".graphiql-tab-button"))

        assert await tabs.all_inner_texts() == TABS

    async def test_they_can_be_run_in_their_order(self, visit: Visit, api: Api) -> None:
        somebody = {"input": {"email": EMAIL, "password": PASSWORD}}
        for tab in ("Register", "SignIn"):
            await visit.go(tab)
            await visit.write_variables(somebody)
            answer = await visit.run(EMAIL)
            assert "errors" not in answer
        await visit.sign_in(EMAIL, PASSWORD)
        panel = await visit.show("Files")
        report: FilePayload = {"name": "report.txt", "mimeType": "text/plain", "buffer": b"This is about invoices."}
        await panel.get_by_label("Choose files").set_input_files(report)

        seen = {"Upload": await self._run(visit, "Upload", "PENDING")}
        await api.ingest()
        for tab, words in {
            "WatchDocuments": "READY",
            "Documents": "report.txt",
            "Search": "invoices",
            "Ask": "answer",
            "FollowAnswer": "AnswerFinished",
            "Citations": "quote",
            "Conversations": "ASSISTANT",
            "Collections": "Personal",
            "CreateCollection": "Reports",
            "DeleteCollection": "documentsDeleted",
            "Node": "Message",
            "DeleteDocument": "chunksErased",
        }.items():
            seen[tab] = await self._run(visit, tab, words)

        assert seen["Citations"]["data"]["message"]["citations"][0]["verification"] == "EXACT"
        assert seen["DeleteDocument"]["data"]["deleteDocument"]["chunksErased"] == 1
        assert [tab for tab, answer in seen.items() if "errors" in answer] == []
        assert visit.complaints == []

    async def _run(self, visit: Visit, tab: str, words: str) -> Any:
        await visit.go(tab)
        return await visit.run(words)

    async def test_ids_are_put_in_for_their_names_only(self, visit: Visit, api: Api) -> None:
        reader = await api.somebody()
        [accepted] = await reader.upload(("a.txt", b"Alpha."))
        await visit.sign_in("reader1@example.org", PASSWORD)
        await visit.go("Node")
        nothing = await visit.run("Not sent")
        await visit.go("Documents")
        await visit.write_variables({"first": 1})
        await visit.run("a.txt")
        await visit.go("Node")
        await visit.write_variables({"id": "$document"})
        found = await visit.run("Document")

        assert nothing["errors"] == [{"message": "Not sent. $answer stands for nothing yet: no response has held one."}]
        assert found["data"]["node"]["id"] == accepted["document"]["id"]
        assert json.loads(await visit.content("variables.json")) == {"id": "$document"}
