"""The panel "Account": signing in, staying so, and signing out."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import Browser, Route, WebSocketRoute, expect

from tests.transport.api import PASSWORD, Api
from tests.transport.graphiql.visit import Visit, visiting

EMAIL = "reader1@example.org"
WHO = "query Who { me { email } }"
WATCH = """subscription Watch($after: String) {
    documentEvents(after: $after) { ... on DocumentChanged { cursor document { status } } }
}"""
UNUSABLE = "Bearer unusable"


class TestSigningIn:
    async def test_everything_is_sent_in_that_name_from_then_on(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        await expect(visit.panel("Account").get_by_text(f"Signed in as {EMAIL}")).to_be_focused()
        await visit.write_operation("Who", WHO)

        assert (await visit.run("me"))["data"] == {"me": {"email": EMAIL}}
        assert visit.complaints == []

    async def test_the_tokens_are_kept_nowhere(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        given = await visit.sign_in(EMAIL, PASSWORD)
        await visit.write_operation("Who", WHO)
        await visit.run(EMAIL)
        await visit.show("History")
        await visit.stored("query Who")

        for secret in (given["accessToken"], given["refreshToken"], PASSWORD):
            assert await visit.places_of(secret) == []
        # The control: what is kept is found.
        await visit.page.evaluate("(text) => { sessionStorage.setItem('x', text); document.cookie = text; }", PASSWORD)
        assert await visit.places_of(PASSWORD) == ["sessionStorage x", "cookie "]

    async def test_after_a_reload_nobody_is_signed_in(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        await visit.load()

        await expect(visit.panel("Account").get_by_label("Password")).to_have_value("")

    async def test_secrets_in_variables_are_not_stored_with_them(self, visit: Visit) -> None:
        await visit.go("Register")
        await visit.write_variables({"input": {"email": "new@example.org", "password": PASSWORD}})

        answer = await visit.run("new@example.org")
        await visit.stored("new@example.org")

        assert answer["data"]["register"]["user"] == {"email": "new@example.org"}
        assert [place for place in await visit.places_of(PASSWORD) if "Storage" in place] == []

    async def test_the_keyboard_suffices_and_what_is_wrong_is_said_in_words(self, visit: Visit) -> None:
        panel, keys = visit.panel("Account"), visit.page.keyboard
        await panel.get_by_label("E-mail").focus()
        await keys.type("nobody@example.org")
        await keys.press("Tab")
        await keys.type(PASSWORD)
        await keys.press("Enter")
        alert = panel.get_by_role("alert")

        await expect(alert).to_have_text("Address and password do not belong together, or the account is not active.")
        for key in ("Tab", "Tab", "Enter"):
            await keys.press(key)
        await expect(panel.get_by_label("Full name")).to_be_visible()
        await panel.get_by_label("Password").fill("short")
        await keys.press("Enter")
        await expect(alert).to_contain_text("15")
        await panel.get_by_label("Password").fill(PASSWORD)
        await keys.press("Enter")
        await expect(panel.get_by_text("Signed in as nobody@example.org")).to_be_focused()

    async def test_too_many_attempts_are_told_with_the_time_to_wait(self, visit: Visit, api: Api) -> None:
        for _ in range(10):
            await api.nobody().run("Login", input={"email": EMAIL, "password": "wrong"})

        await visit.sign_in(EMAIL, PASSWORD)

        await expect(visit.panel("Account").get_by_role("alert")).to_contain_text("Try again in ")


class TestSigningOut:
    async def test_the_server_takes_the_token_no_more(self, visit: Visit, api: Api) -> None:
        reader = await api.somebody()
        reader.token = (await visit.sign_in(EMAIL, PASSWORD))["accessToken"]
        async with visit.page.expect_response(lambda response: '"Logout"' in (response.request.post_data or "")):
            await visit.panel("Account").get_by_role("button", name="Sign out").click()

        await expect(visit.panel("Account").get_by_role("status")).to_have_text("You are signed out.")
        assert (await reader.error(WHO))["extensions"]["code"] == "UNAUTHENTICATED"
        await visit.write_operation("Who", WHO)
        assert (await visit.run("errors"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


class TestRenewing:
    async def test_the_token_is_renewed_before_it_expires(self, bundle: None, browser: Browser, api: Api) -> None:
        await api.somebody()
        # A profile of its own: once installed, the clock is that of all its pages.
        profile = await browser.new_context()
        async with visiting(profile, f"http://127.0.0.1:{api.port}") as visit:
            await visit.page.clock.install()
            given = await visit.sign_in(EMAIL, PASSWORD)
            async with visit.page.expect_response(
                lambda said: '"RefreshSession"' in (said.request.post_data or "")
            ) as said:
                await visit.page.clock.fast_forward("25:00")
            renewed = (await (await said.value).json())["data"]["outcome"]
            await visit.write_operation("Who", WHO)
            await visit.run(EMAIL)

            assert renewed["accessToken"] != given["accessToken"]
            assert visit.sent("Who")[0].headers["authorization"] == f"Bearer {renewed['accessToken']}"
        await profile.close()

    async def test_one_that_is_refused_is_renewed_once(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)
        refusals: list[Route] = []

        async def spoil(route: Route) -> None:
            if '"Who"' in (route.request.post_data or "") and refusals == []:
                refusals.append(route)
                await route.continue_(headers={**route.request.headers, "authorization": UNUSABLE})
            else:
                await route.continue_()

        await visit.page.route("**/graphql", spoil)
        await visit.write_operation("Who", WHO)

        assert (await visit.run("me"))["data"] == {"me": {"email": EMAIL}}
        assert [len(visit.sent(name)) for name in ("Who", "RefreshSession")] == [2, 1]

    async def test_one_that_is_refused_again_is_told(self, visit: Visit, api: Api) -> None:
        await api.somebody()
        await visit.sign_in(EMAIL, PASSWORD)

        async def spoil(route: Route) -> None:
            spoilt = {**route.request.headers, "authorization": UNUSABLE}
            await route.continue_(headers=spoilt if '"Who"' in (route.request.post_data or "") else None)

        await visit.page.route("**/graphql", spoil)
        await visit.write_operation("Who", WHO)

        assert (await visit.run("errors"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert [len(visit.sent(name)) for name in ("Who", "RefreshSession")] == [2, 1]

    @pytest.mark.parametrize(("code", "renewals"), [(4403, 1), (1012, 0)])
    async def test_a_socket_that_is_closed_comes_back_and_misses_nothing(
        self, visit: Visit, api: Api, code: int, renewals: int
    ) -> None:
        reader = await api.somebody()
        await reader.upload(("notes.txt", b"Invoices are paid within 30 days."))
        relay = Relay()
        await visit.page.route_web_socket("**/graphql", relay)
        await visit.load()
        given = await visit.sign_in(EMAIL, PASSWORD)
        await visit.write_operation("Watch", WATCH)
        seen = await visit.run("PENDING")

        await relay.sockets[0].close(code=code, reason="Closed")
        before, _, after, subscribed = [await relay.said.get() for _ in range(4)]
        await api.ingest()
        await visit.response("READY")

        assert before["payload"] == {"Authorization": f"Bearer {given['accessToken']}"}
        assert (after["type"], subscribed["type"]) == ("connection_init", "subscribe")
        assert (after["payload"] != before["payload"], len(visit.sent("RefreshSession"))) == (renewals == 1, renewals)
        assert after["payload"] != {}
        assert subscribed["payload"]["variables"] == {"after": seen["data"]["documentEvents"]["cursor"]}

    async def test_a_socket_that_is_closed_for_good_says_why(self, visit: Visit) -> None:
        relay = Relay()
        await visit.page.route_web_socket("**/graphql", relay)
        await visit.load()
        await visit.write_operation("Watch", WATCH)
        await visit.start()
        await relay.said.get()
        await relay.sockets[0].close(code=4429, reason="Too many")

        assert await visit.response("closed") == {"errors": [{"message": "The socket was closed: 4429 Too many"}]}


class Relay:
    """Stands between the page and the server's sockets.

    Attributes:
        said: What the page has said, in order, over all sockets.
    """

    def __init__(self) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def __call__(self, socket: WebSocketRoute) -> None:
        """Pass everything on, both ways."""
        self.sockets.append(socket)
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self.said.put_nowait(json.loads(message))
            server.send(message)

        socket.on_message(pass_on)
