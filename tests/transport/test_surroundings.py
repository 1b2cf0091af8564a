"""What is around every request: health, metrics, ids, headers, and what production leaves out."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from lexora_gql.storage.database import Database
from tests.transport.api import Api, Client, assemble, serving, settings_for


class TestHealth:
    async def test_the_server_lives_and_is_ready(self, api: Api) -> None:
        assert (await api.http.get("/health")).json() == {"status": "ok"}
        assert (await api.http.get("/ready")).json() == {"status": "ready", "reasons": [], "degraded": []}

    async def test_the_front_door_says_where_things_are(self, api: Api) -> None:
        said = (await api.http.get("/")).json()

        assert (said["name"], said["graphql"]) == ("Lexora", f"{api.process.settings.address}/graphql")


class TestRequestId:
    @pytest.mark.parametrize("given", ["abcdefgh", "3f2a-1.b_C" * 10])
    async def test_a_sane_one_is_kept(self, api: Api, given: str) -> None:
        response = await api.http.get("/health", headers={"X-Request-ID": given})

        assert response.headers["x-request-id"] == given

    @pytest.mark.parametrize("given", ["", "short", "with blanks in it", "x" * 129, "<script>alert(1)</script>"])
    async def test_any_other_is_replaced(self, api: Api, given: str) -> None:
        response = await api.http.get("/health", headers={"X-Request-ID": given})

        assert len(response.headers["x-request-id"]) == 32


class TestMetrics:
    async def test_labels_come_from_a_short_list(self, api: Api) -> None:
        await api.http.get("/files/a-secret-token")
        await api.http.get("/no/such/page")
        await api.http.request("TRACE", "/graphql")
        text = (await api.http.get("/metrics")).text

        assert 'http_requests_total{method="GET",route="/files/{token}",status="404"}' in text
        assert 'http_requests_total{method="GET",route="other",status="404"}' in text
        assert 'http_requests_total{method="other",route="/graphql",status="405"}' in text
        assert "a-secret-token" not in text


class TestHeaders:
    async def test_every_response_is_protected(self, api: Api) -> None:
        for path in ("/", "/health", "/graphql", "/files/x", "/no/such/page"):
            headers = (await api.http.get(path)).headers
            assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY"), path

    async def test_only_named_origins_may_read(self, database: Database, tmp_path: Path) -> None:
        settings = settings_for(tmp_path, cors_origins="https://app.example.org")
        async with serving(database, settings) as api:
            allowed = await api.http.get("/health", headers={"Origin": "https://app.example.org"})
            other = await api.http.get("/health", headers={"Origin": "https://evil.example.org"})

        assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
        assert "access-control-allow-origin" not in other.headers


class TestProduction:
    async def test_nothing_helps_to_explore(self, database: Database, tmp_path: Path) -> None:
        settings = settings_for(tmp_path, environment="production")
        async with serving(database, settings) as api:
            introspection = (await api.nobody().send("{ __schema { types { name } } }")).json()
            typo = await api.nobody().error("{ serverInfos { name } }")
            page = await api.http.get("/graphql", headers={"Accept": "text/html"})
            script = await api.http.get("/graphiql/static/manifest.json")

        assert "data" not in introspection
        assert "introspection" in introspection["errors"][0]["message"]
        assert typo["message"] == "Cannot query field 'serverInfos' on type 'Query'."
        assert (page.status_code, script.status_code) == (406, 404)


class TestTheUnexpected:
    async def test_the_client_gets_an_id_and_the_log_the_rest(
        self, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = settings_for(tmp_path)
        process = assemble(database, settings)
        system = process.services.system
        broken = replace(system, facts=replace(system.facts, registration="by invitation of the moon"))
        process = replace(process, services=replace(process.services, system=broken))
        async with serving(database, settings, process=process) as api:
            error = await api.nobody().error("{ serverInfo { registration } }")

        assert error["extensions"]["code"] == "INTERNAL"
        assert "moon" not in str(error).casefold()
        logged = capsys.readouterr().out
        assert error["extensions"]["errorId"] in logged
        assert "KeyError" in logged


class TestManyAtOnce:
    async def test_a_long_list_costs_as_many_statements_as_a_short_one(self, api: Api, database: Database) -> None:
        reader = await api.somebody()
        query = """query($first: Int) { documents(first: $first) { edges { node {
            owner { email } collection { name access documentCount owner { email } } } } } }"""
        for batch in range(2):
            await reader.upload(*((f"{batch}-{at}.txt", f"Text {batch} {at}.".encode()) for at in range(6)))

        assert await statements(database, reader, query, 1) == await statements(database, reader, query, 12)


async def statements(database: Database, reader: Client, query: str, first: int) -> int:
    """Return how many statements a query costs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        answer = (await reader.send(query, {"first": first})).json()
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(answer["data"]["documents"]["edges"]) == first
    return len(seen)
