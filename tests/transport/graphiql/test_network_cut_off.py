"""The main job in the playground, against real processes, by somebody whose network is cut off."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from tests.end_to_end.stack import Stack
from tests.shared_data import require_shared_data
from tests.transport.graphiql.visit import Visit, visiting

EMAIL, PASSWORD = "reader@example.org", "correct horse battery staple"
QUESTION = "What is a global HFC phasedown expected to avoid?"


class TestNetworkCutOff:
    @pytest.fixture
    async def stack(self, postgres_url: str) -> AsyncIterator[Stack]:
        async with Stack.open(postgres_url) as stack:
            yield stack

    async def test_a_report_is_uploaded_watched_and_asked_about(
        self, bundle: None, stack: Stack, profile: BrowserContext
    ) -> None:
        report = require_shared_data("docs", "pdf", "good", "kgrag-us", "EPA2022.pdf")
        api = await stack.start_api()
        async with visiting(profile, api.address) as visit:
            tokens = await self._register(visit)
            panel = await visit.show("Files")
            await panel.get_by_label("Choose files").set_input_files(report)
            await visit.go("Upload")
            await visit.run("PENDING")
            await visit.go("WatchDocuments")
            # Nobody reads the report before it is being watched.
            watched, _ = await asyncio.gather(visit.run("READY"), self._begin_to_read(visit, stack))
            await visit.go("Ask")
            await visit.write_variables({"input": {"content": QUESTION}})
            await visit.run("GENERATING")
            await visit.go("FollowAnswer")
            answer = (await visit.run("AnswerFinished"))["data"]["answer"]["message"]

            assert watched["data"]["documentEvents"]["document"]["pageCount"] == 107
            assert answer["status"] == "COMPLETED"
            cited = answer["citations"][0]
            assert (cited["filename"], cited["page"], cited["verification"]) == ("EPA2022.pdf", 9, "EXACT")
            assert [await visit.places_of(secret) for secret in (*tokens, PASSWORD)] == [[], [], []]
            assert visit.origins() == {api.address, api.address.replace("http", "ws", 1)}
            assert visit.complaints == []

    async def _register(self, visit: Visit) -> list[str]:
        panel = visit.panel("Account")
        await panel.get_by_role("button", name="Make an account").click()
        await panel.get_by_label("E-mail").fill(EMAIL)
        await panel.get_by_label("Password").fill(PASSWORD)
        async with visit.page.expect_response(lambda said: '"Register"' in (said.request.post_data or "")) as said:
            await panel.get_by_role("button", name="Make an account").click()
        await expect(panel.get_by_text(f"Signed in as {EMAIL}")).to_be_visible()
        outcome = (await (await said.value).json())["data"]["outcome"]
        return [outcome["accessToken"], outcome["refreshToken"]]

    async def _begin_to_read(self, visit: Visit, stack: Stack) -> None:
        await visit.until("response.json", "PENDING")
        await stack.start_worker()
