"""What a person does in the playground, and what the browser has to say about it."""

import json

from playwright.async_api import ConsoleMessage, Error, Page, Request, WebSocket, expect

# The page's own words for its editors' contents; what Monaco draws has other spaces, and only the lines in sight.
_CONTENT = """(name) => globalThis.__MONACO.editor.getModels()
    .find((model) => model.uri.path.endsWith(name)).getValue()"""


class Visit:
    """A page that is watched from its first request on.

    Attributes:
        requests: Addresses of all that the page, its workers and sockets asked for.
        complaints: Errors and warnings of the console, uncaught errors, and what the Content-Security-Policy stopped.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._on_request)
        page.on("websocket", self._on_socket)
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    async def open(self) -> None:
        """Go there, and wait until the schema is known and the editors can be used."""
        await self.page.add_init_script(
            """
            globalThis.violations = [];
            addEventListener("securitypolicyviolation", (event) => {
                violations.push(event);
                console.error("violation of", event.effectiveDirective, event.blockedURI);
            });
            """
        )
        await self.page.goto(f"{self.address}/graphql")
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        await self.page.wait_for_function("document.querySelector('.graphiql-spinner') === null")

    async def write_operation(self, name: str, text: str) -> None:
        """Replace the operation, and wait until the tab bears its name: GraphiQL reads it a moment later."""
        await self._paste(".graphiql-query-editor", text)
        await expect(self.page.get_by_role("tab", selected=True).get_by_role("button", name=name)).to_be_visible()

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

    async def run(self, answer: str, *, operation: str | None = None) -> str:
        """Run the operation, the one of this name where there are several; returns the answer once it has the words."""
        await self.page.get_by_label("Execute query (Ctrl-Enter)").click()
        if operation is not None:
            await self.page.get_by_role("menuitem", name=operation).click()
        await self.until("response.json", answer)
        return await self.content("response.json")

    async def until(self, name: str, words: str) -> None:
        """Wait until an editor holds certain words."""
        await self.page.wait_for_function(f"([name, words]) => ({_CONTENT})(name).includes(words)", arg=[name, words])

    async def content(self, name: str) -> str:
        """Return what is in an editor: operation.graphql, variables.json, request-headers.json or response.json."""
        text: str = await self.page.evaluate(_CONTENT, name)
        return text

    async def stored(self) -> dict[str, str]:
        """Return all that the page has stored in the browser, by place and name."""
        found: dict[str, str] = await self.page.evaluate(
            "Object.fromEntries(['localStorage', 'sessionStorage'].flatMap((place) =>"
            "Object.entries(globalThis[place]).map(([name, text]) => [`${place} ${name}`, text])))"
        )
        return found

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_socket(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _on_error(self, error: Error) -> None:
        self.complaints.append(str(error))
