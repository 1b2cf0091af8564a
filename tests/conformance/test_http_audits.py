"""The audits of GraphQL over HTTP that graphql-http publishes, each against a running server."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS, prepared
from tests.transport.api import Api

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)

CLIENTS = Path(__file__).parent / "clients"


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
