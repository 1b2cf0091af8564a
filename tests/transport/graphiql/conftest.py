"""The bundle, built; a browser without a network, driven."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from lexora_gql.transport.graphiql.build import build
from tests.transport.api import Api
from tests.transport.graphiql.visit import Visit, visiting

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The network, cut off: no name leads anywhere, and no other machine answers.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="session")
def bundle() -> None:
    """Build the bundle where that has not been done: from a cold cache it takes half a minute."""
    build()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser that asks for nothing by itself, and reaches this machine only."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"needs a browser: none of {', '.join(BROWSERS)} is installed")
    async with async_playwright() as playwright:
        # The sandbox needs rights that containers do not have; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS, chromium_sandbox=False)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def profile(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A profile for all visits, so that the scripts need to be fetched and compiled once."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield context
    await context.close()


@pytest.fixture
async def visit(bundle: None, profile: BrowserContext, api: Api) -> AsyncIterator[Visit]:
    """A new visitor of the playground, with a tab of their own."""
    async with visiting(profile, f"http://127.0.0.1:{api.port}") as visit:
        yield visit
