"""The playground in a real browser."""

import json
import re

from tests.transport.graphiql.visit import Visit

TOKEN = "Bearer a-token-that-nobody-keeps"


def origins(visit: Visit) -> set[str]:
    """Where the page went, but for what it carries inside itself."""
    return {re.sub(r"^(\w+://[^/]*).*$", r"\1", url) for url in visit.requests if not url.startswith("data:")}


class TestPlayground:
    async def test_the_first_tabs_show_how_to_begin(self, visit: Visit) -> None:
        tabs = await visit.page.get_by_role("tab").all_inner_texts()

        assert tabs == ["ServerInfo", "Register", "Documents"]
        assert "Lexora answers questions from your documents" in await visit.content("operation.graphql")

    async def test_the_first_operation_runs_as_it_stands(self, visit: Visit) -> None:
        answer = await visit.run("Sample")

        assert json.loads(answer)["data"]["serverInfo"]["maxFileBytes"] == 1_000
        assert visit.complaints == []

    async def test_a_query_carries_the_headers(self, visit: Visit) -> None:
        await visit.write_operation("Mine", "query Mine { authorization }")
        await visit.write_headers({"Authorization": TOKEN})

        assert json.loads(await visit.run("data")) == {"data": {"authorization": TOKEN}}

    async def test_a_subscription_carries_the_token_in_the_payload_and_nothing_else(self, visit: Visit) -> None:
        await visit.write_operation("Count", "subscription Count { count(to: 3) }")
        await visit.write_headers({"authorization": TOKEN, "X-Other": "1"})

        answer = json.loads(await visit.run('"3 '))

        assert answer == {"data": {"count": f"3 { {'Authorization': TOKEN} }"}}
        assert f"{visit.address.replace('http', 'ws', 1)}/graphql" in visit.requests
        assert visit.complaints == []

    async def test_one_of_several_operations_is_chosen_by_name(self, visit: Visit) -> None:
        await visit.write_operation("Mine", "query Mine { authorization }\nsubscription Count { count(to: 2) }")

        assert json.loads(await visit.run('"2 ', operation="Count")) == {"data": {"count": "2 {}"}}

    async def test_what_is_loaded_later_works_too(self, visit: Visit) -> None:
        await visit.write_operation("Mine", "query Mine{authorization}")
        await visit.write_headers({"Authorization": TOKEN})
        await visit.page.get_by_label("Prettify query").click()
        await visit.until("operation.graphql", "{\n")

        assert await visit.content("operation.graphql") == "query Mine {\n  authorization\n}\n"
        assert await visit.content("request-headers.json") == f'{{\n  "Authorization": "{TOKEN}"\n}}\n'
        assert visit.complaints == []

    async def test_the_token_is_stored_nowhere(self, visit: Visit) -> None:
        await visit.write_operation("Mine", "query Mine { authorization }")
        await visit.write_headers({"Authorization": TOKEN})
        await visit.run(TOKEN)

        stored = await visit.stored()

        assert [TOKEN in text for text in stored.values()] == [False] * len(stored)
        assert json.loads(stored["sessionStorage graphiql:queries"]) == {
            "queries": [{"query": "query Mine { authorization }", "operationName": "Mine"}]
        }
        assert not [name for name in stored if name.startswith("localStorage")]

    async def test_the_page_talks_to_its_own_server_only(self, visit: Visit) -> None:
        await visit.run("Sample")

        assert origins(visit) == {visit.address}
        assert visit.complaints == []

    async def test_what_breaks_the_policy_is_stopped_and_seen(self, visit: Visit) -> None:
        """The control of the others: had the page asked for this by itself, they would have noticed."""
        await visit.page.evaluate(
            "document.head.append(Object.assign(document.createElement('script'), {text: 'globalThis.ran = true'}));"
            "new Image().src = 'http://elsewhere.invalid/'"
        )
        await visit.page.wait_for_function("globalThis.violations.length === 2")

        assert await visit.page.evaluate("globalThis.ran") is None
        assert "violation of script-src-elem inline" in visit.complaints
        assert "violation of img-src http://elsewhere.invalid/" in visit.complaints
