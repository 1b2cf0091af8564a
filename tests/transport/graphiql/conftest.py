"""The bundle, built; a browser, driven."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from lexora_gql.transport.graphiql.build import build
from tests.transport.graphiql.sample import served
from tests.transport.graphiql.visit import Visit

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def bundle() -> None:
    """Build the bundle where that has not been done: from a cold cache it takes half a minute."""
    build()


@pytest.fixture(scope="session")
def address(bundle: None) -> Iterator[str]:
    """The address of a server with the playground."""
    with served() as address:
        yield address


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser that asks for nothing by itself."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    async with async_playwright() as playwright:
        # The sandbox needs rights that containers do not have; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=executable, args=flags, chromium_sandbox=False)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser, address: str) -> AsyncIterator[Visit]:
    """A new visitor of the playground, with an empty profile."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900})
    visit = Visit(await context.new_page(), address)
    await visit.open()
    yield visit
    await context.close()
