"""A server with real use cases for the tests of transport."""

from collections.abc import AsyncIterator

import pytest

from lexora_gql.storage.database import Database
from tests.transport.api import Api, serving, settings_for


@pytest.fixture(scope="session")
async def shared_api(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """A server that serves all tests; use `api`."""
    async with serving(session_database, settings_for(tmp_path_factory.mktemp("api"))) as running:
        yield running


@pytest.fixture
async def api(shared_api: Api, database: Database) -> Api:
    """A running server over an empty database."""
    shared_api.people = 0
    return shared_api
