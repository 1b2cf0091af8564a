"""Where there is no playground."""

from pathlib import Path

import pytest

from lexora_gql.storage.database import Database
from tests.transport.api import serving, settings_for

HTML = {"Accept": "text/html,*/*;q=0.8"}


class TestProduction:
    @pytest.mark.parametrize(("environment", "statuses"), [("production", (400, 404)), ("development", (200, 200))])
    async def test_it_is_off_in_production_alone(
        self, session_database: Database, tmp_path: Path, bundle: None, environment: str, statuses: tuple[int, int]
    ) -> None:
        async with serving(session_database, settings_for(tmp_path, environment=environment)) as api:
            page = await api.http.get("/graphql", headers=HTML)
            file = await api.http.get("/graphiql/static/licences.txt")

        assert (page.status_code, file.status_code) == statuses
        assert ("Lexora playground" in page.text) == (environment == "development")
