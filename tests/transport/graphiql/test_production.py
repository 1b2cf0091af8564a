"""Where there is no playground."""

from pathlib import Path

import pytest

from lexora_gql.storage.database import Database
from tests.transport.api import serving, settings_for

HTML = {"Accept": "text/html,*/*;q=0.8"}


class TestProduction:
    @pytest.mark.usefixtures("bundle")
    @pytest.mark.parametrize(
        ("environment", "playground", "is_there"),
        [("production", None, False), ("production", True, True), ("development", None, True)],
    )
    async def test_it_is_off_unless_it_was_asked_for(
        self,
        session_database: Database,
        tmp_path: Path,
        environment: str,
        playground: bool | None,
        is_there: bool,
    ) -> None:
        settings = settings_for(tmp_path, environment=environment, playground=playground)
        async with serving(session_database, settings) as api:
            page = await api.http.get("/graphql", headers=HTML)
            file = await api.http.get("/graphiql/static/licences.txt")

        assert ("Lexora playground" in page.text, file.status_code) == (is_there, 200 if is_there else 404)
        assert page.is_success == is_there
