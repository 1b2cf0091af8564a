"""The playground in a real browser."""

import json

import pytest
from playwright.async_api import Error, expect

from tests.transport.api import Api
from tests.transport.graphiql.visit import Visit

WHO = "query Who { me { email } }"


class TestPlayground:
    async def test_the_first_operation_runs_as_it_stands(self, visit: Visit) -> None:
        answer = await visit.run("serverInfo")

        assert answer["data"]["serverInfo"]["name"] == "Lexora"
        assert "Lexora answers questions from your" in await visit.content("operation.graphql")
        assert visit.origins() == {visit.address}
        assert visit.complaints == []

    async def test_headers_of_one_s_own_come_first_and_are_stored_nowhere(self, visit: Visit, api: Api) -> None:
        reader = await api.somebody()
        assert reader.token is not None
        await visit.write_operation("Who", WHO)
        await visit.write_headers({"authorization": f"Bearer {reader.token}"})

        answer = await visit.run("me")
        await visit.stored("query Who")

        assert answer["data"] == {"me": {"email": "reader1@example.org"}}
        assert [place.rpartition("-")[2] for place in await visit.places_of(reader.token)] == ["headers.json"]
        assert json.loads((await visit.kept())["sessionStorage graphiql:queries"]) == {
            "queries": [{"query": WHO, "operationName": "Who"}]
        }

    async def test_one_of_several_operations_is_chosen_by_name(self, visit: Visit) -> None:
        await visit.write_operation("Who", f"{WHO}\nquery What {{ serverInfo {{ name }} }}")
        await visit.start()
        await visit.page.get_by_role("menuitem", name="What").click()

        assert (await visit.response("Lexora"))["data"] == {"serverInfo": {"name": "Lexora"}}

    async def test_what_is_loaded_later_works_too(self, visit: Visit) -> None:
        await visit.write_operation("Who", WHO)
        await visit.write_headers({"X-Other": "1"})
        await visit.page.get_by_label("Prettify query").click()
        await visit.until("operation.graphql", "{\n")

        assert await visit.content("operation.graphql") == "query Who {\n  me {\n    email\n  }\n}\n"
        assert await visit.content("request-headers.json") == '{\n  "X-Other": "1"\n}\n'
        assert visit.complaints == []

    async def test_dialogs_hints_and_menus_keep_to_the_policy(self, visit: Visit) -> None:
        page, keys = visit.page, visit.page.keyboard
        await page.get_by_label("Open settings dialog").click()
        await page.get_by_role("button", name="Light").click()
        await keys.press("Escape")
        await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
        await page.get_by_role("link", name="Mutation", exact=True).click()
        await expect(page.get_by_text("Each field's union says what may come of it.")).to_be_visible()
        await page.get_by_text("maxFileBytes").first.hover()
        await expect(page.locator(".monaco-hover", has_text="The largest file that is taken.")).to_be_visible()
        await page.get_by_text("maxFileBytes").first.click()
        for key in ("End", "Enter", "Control+Space"):
            await keys.press(key)
        await expect(page.locator(".suggest-widget", has_text="__typename")).to_be_visible()
        for key in ("Escape", "F1"):
            await keys.press(key)
        await expect(page.locator(".quick-input-widget", has_text="Add Cursor Above")).to_be_visible()

        assert visit.complaints == []


class TestPolicy:
    """The controls of the others: had the page done one of these by itself, they would have noticed."""

    async def test_what_breaks_it_is_stopped_and_seen(self, visit: Visit) -> None:
        await visit.page.evaluate(
            """() => {
                new Image().src = "http://elsewhere.invalid/";
                document.head.append(document.createElementNS("http://www.w3.org/1999/xhtml", "style"));
                document.head.lastChild.textContent = "body { display: none }";
                document.body.setAttribute("style", "display: none");
            }"""
        )
        await visit.page.wait_for_function("() => globalThis.violations.length >= 3")

        assert set(await visit.page.evaluate("globalThis.violations")) == {
            "img-src",
            "style-src-elem",
            "style-src-attr",
        }
        assert await visit.page.evaluate("getComputedStyle(document.body).display") == "block"
        assert "violation of img-src http://elsewhere.invalid/" in visit.complaints

    async def test_texts_become_no_script_and_no_markup_of_strangers(self, visit: Visit) -> None:
        sinks = {
            "inline script": "document.createElement('script').text = '1'",
            "evaluated text": "eval('1')",
            "script of another server": "document.createElement('script').src = 'http://elsewhere.invalid/x.js'",
            "worker of another place": "new Worker('/files/x')",
            "policy of its own": "trustedTypes.createPolicy('mine', {})",
        }

        assert [name for name, script in sinks.items() if not await _throws(visit, script)] == []
        assert (
            await visit.page.evaluate(
                """() => {
                const box = document.createElement("div");
                box.innerHTML = "<b style='color: red' onclick='x()'>bold</b><script>x()</script>";
                return box.innerHTML;
            }"""
            )
            == "<b>bold</b>"
        )

    async def test_no_other_machine_can_be_reached(self, visit: Visit) -> None:
        with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
            await visit.page.goto("http://elsewhere.invalid/")

        assert visit.origins() == {visit.address, "http://elsewhere.invalid"}


async def _throws(visit: Visit, script: str) -> bool:
    # In a task of the page's own: what a debugger calls directly may evaluate texts.
    done = f"() => {{ try {{ {script} }} catch {{ resolve(true) }} resolve(false) }}"
    thrown: bool = await visit.page.evaluate(f"() => new Promise((resolve) => setTimeout({done}))")
    return thrown
