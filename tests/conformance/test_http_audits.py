"""The audits of GraphQL over HTTP that graphql-http publishes, each against a running server."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lexora_gql.storage.database import Database
from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS, prepared
from tests.transport.api import Api, serving, settings_for

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)

CLIENTS = Path(__file__).parent / "clients"
# Those who have no wish are answered with application/graphql-response+json.
NEW_TYPE = ("47DE", "80D8")
# JSON that is no request, and requests that cannot be executed, are answered with 422: `query` is missing; it, the
# operation's name, variables or extensions are of the wrong type; variables do not fit.
UNPROCESSABLE = (
    *("423L", "3E3A", "86EE"),
    *(f"{audit}{number}" for audit in ("LKJ", "6C0", "476", "58B") for number in range(4)),
)


async def audited(api: Api) -> list[dict[str, Any]]:
    """Return what came of each audit."""
    project = await asyncio.to_thread(prepared, CLIENTS)
    url = f"http://127.0.0.1:{api.port}/graphql"
    done = await asyncio.to_thread(project.run, "server-audits.mjs", url)
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


class TestStableStatusCodes:
    async def test_all_audits_pass(self, api: Api) -> None:
        results = await audited(api)

        assert [result for result in results if result["status"] != "ok"] == []
        assert Counter(result["status"] for result in results) == {"ok": 61}


class TestDraftStatusCodes:
    async def test_only_what_the_draft_has_changed_since_is_noticed(self, database: Database, tmp_path: Path) -> None:
        async with serving(database, settings_for(tmp_path, graphql_status_codes="draft")) as api:
            results = await audited(api)

        noticed = {each["id"]: (each["reason"], each["answered"]) for each in results if each["status"] != "ok"}
        # The audits are of 2024; that they notice this shows that they look.
        assert noticed == {
            **dict.fromkeys(NEW_TYPE, ("Response header content-type does not contain application/json", 200)),
            **dict.fromkeys(UNPROCESSABLE, ("Response status code is not 400", 422)),
        }
        # None of them is a MUST.
        assert Counter(result["status"] for result in results) == {"ok": 40, "warn": 3, "notice": 18}
