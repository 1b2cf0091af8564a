"""What a person does in the playground, and what the browser has to say about it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    TimeoutError,  # noqa: A004  # Playwright's own
    WebSocket,
    expect,
)

# Machines may be busy: what takes long is no mistake, what never comes is.
PATIENCE_MILLISECONDS = 60_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)

# The page's own words for its editors' contents; what Monaco draws has other spaces, and only the lines in sight.
_CONTENT = """(name) => globalThis.__MONACO.editor.getModels()
    .find((model) => model.uri.path.endsWith(name)).getValue()"""

_LISTEN = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", (event) => {
    violations.push(event.effectiveDirective);
    console.error("violation of", event.effectiveDirective, event.blockedURI);
});
"""

# Everywhere that a page can keep something, but for its own variables.
_KEPT = """async () => ({
    address: location.href,
    name: window.name,
    history: JSON.stringify(history.state),
    document: document.documentElement.outerHTML,
    databases: JSON.stringify(await indexedDB.databases()),
    caches: JSON.stringify(await caches.keys()),
    ...Object.fromEntries(["localStorage", "sessionStorage"].flatMap((place) =>
        Object.entries(globalThis[place]).map(([name, text]) => [`${place} ${name}`, text]))),
    ...Object.fromEntries(globalThis.__MONACO.editor.getModels().map((model) => [model.uri.path, model.getValue()])),
})"""


@dataclass
class Visit:
    """A page that is watched from its first request on.

    Attributes:
        requests: What the page, its workers and sockets asked for, in order.
        complaints: Errors and warnings of the console, uncaught errors, and what the Content-Security-Policy stopped.
    """

    page: Page
    address: str
    requests: list[Request | WebSocket] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def open(self) -> None:
        """Go there, and wait until the schema is known and the editors can be used."""
        self.page.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_error)
        await self.page.add_init_script(_LISTEN)
        await self.load()

    async def load(self) -> None:
        """Load the page, or load it again."""
        await self.page.goto(f"{self.address}/graphql")
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await expect(self.page.locator(".graphiql-spinner")).to_have_count(0)

    def origins(self) -> set[str]:
        """Return where the page went, but for what it carries inside itself."""
        urls = [request.url for request in self.requests]
        return {re.sub(r"^(\w+://[^/]*).*$", r"\1", url) for url in urls if not url.startswith("data:")}

    def sent(self, operation: str) -> list[Request]:
        """Return the requests with an operation, in order."""
        return [each for each in self._posts() if f'"operationName":"{operation}"' in (each.post_data or "")]

    def uploads(self) -> list[Request]:
        """Return the requests with files, in order; browsers do not tell what is in them."""
        return [each for each in self._posts() if each.headers["content-type"].startswith("multipart/form-data")]

    def _posts(self) -> list[Request]:
        return [each for each in self.requests if isinstance(each, Request) and each.method == "POST"]

    def panel(self, name: str) -> Locator:
        """Return a panel."""
        return self.page.get_by_role("region", name=name, exact=True)

    async def show(self, name: str) -> Locator:
        """Open a panel and return it."""
        await self.page.get_by_role("button", name=f"Show {name}").click()
        return self.panel(name)

    async def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """Sign in through the panel and return what the server has given."""
        panel = self.panel("Account")
        await panel.get_by_label("E-mail").fill(email)
        await panel.get_by_label("Password").fill(password)
        async with self.page.expect_response(lambda response: '"Login"' in (response.request.post_data or "")) as said:
            await panel.get_by_role("button", name="Sign in", exact=True).click()
        outcome: dict[str, Any] = (await (await said.value).json())["data"]["outcome"]
        return outcome

    async def go(self, tab: str) -> None:
        """Change to a tab."""
        await self.page.get_by_role("tab").get_by_role("button", name=tab, exact=True).click()

    async def write_operation(self, name: str, text: str) -> None:
        """Replace the operation, and wait until the tab bears its name: GraphiQL reads it a moment later."""
        await self._paste(".graphiql-query-editor", text)
        await expect(self.page.get_by_role("tab", selected=True).get_by_role("button", name=name)).to_be_visible()

    async def write_variables(self, variables: object) -> None:
        """Replace the variables."""
        await self._paste(".graphiql-editor-tool", json.dumps(variables))

    async def write_headers(self, headers: dict[str, str]) -> None:
        """Replace the headers."""
        await self.page.get_by_role("button", name="Headers").click()
        await self._paste(".graphiql-editor-tool", json.dumps(headers))

    async def _paste(self, editor: str, text: str) -> None:
        await self.page.locator(f"{editor} .view-lines:visible").first.click()
        await self.page.keyboard.press("Control+A")
        # Pasted, because the editor closes braces for those who type.
        await self.page.evaluate(
            "(text) => globalThis.__MONACO.editor.getEditors()"
            ".find((editor) => editor.hasTextFocus()).trigger('test', 'paste', {text})",
            text,
        )

    async def start(self) -> None:
        """Run the operation."""
        await self.page.get_by_label("Execute query (Ctrl-Enter)").click()

    async def run(self, words: str) -> Any:
        """Run the operation; returns the response once it holds the words."""
        await self.start()
        return await self.response(words)

    async def response(self, words: str) -> Any:
        """Return the response once it holds the words."""
        await self.until("response.json", words)
        return json.loads(await self.content("response.json"))

    async def until(self, name: str, words: str) -> None:
        """Wait until an editor holds certain words."""
        try:
            await self.page.wait_for_function(
                f"([name, words]) => ({_CONTENT})(name).includes(words)", arg=[name, words]
            )
        except TimeoutError:
            raise AssertionError(f"{words!r} is not in {await self.content(name)!r}") from None

    async def stored(self, words: str) -> None:
        """Wait until GraphiQL has stored the tabs with certain words in them, half a second after the last change."""
        kept = "sessionStorage.getItem('graphiql:tabState')"
        await self.page.wait_for_function(f"(words) => {kept}?.includes(words)", arg=words)

    async def content(self, name: str) -> str:
        """Return what is in an editor: operation.graphql, variables.json, request-headers.json or response.json."""
        text: str = await self.page.evaluate(_CONTENT, name)
        return text

    async def kept(self) -> dict[str, str]:
        """Return all that the page has left anywhere in the browser, by place and name."""
        found: dict[str, str] = await self.page.evaluate(_KEPT)
        cookies = {f"cookie {each['name']}": each["value"] for each in await self.page.context.cookies()}
        return found | cookies

    async def places_of(self, secret: str) -> list[str]:
        """Return where a secret is kept."""
        assert len(secret) > 0
        return [place for place, text in (await self.kept()).items() if secret in text]

    def _on_request(self, request: Request | WebSocket) -> None:
        self.requests.append(request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _on_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@asynccontextmanager
async def visiting(profile: BrowserContext, address: str) -> AsyncIterator[Visit]:
    """Visit the playground at an address, in a new tab; what it leaves in the profile is cleared away."""
    page = await profile.new_page()
    try:
        visit = Visit(page, address)
        await visit.open()
        yield visit
    finally:
        await page.close()
        await profile.clear_cookies()
