"""The status of every kind of answer, for both types of it and both ways of counting."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lexora_gql.storage.database import Database
from tests.database import empty
from tests.transport.api import PASSWORD, PREFLIGHT, Api, serving, settings_for

NEW = "application/graphql-response+json"
OLD = "application/json"
TYPED = {"Content-Type": "application/json"}
NO_POSTGRESQL = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"


@dataclass(frozen=True, slots=True)
class Servers:
    """A server that counts as the specification has it, and one that counts as its draft has it.

    Attributes:
        token: Somebody's, good at both.
    """

    stable: Api
    draft: Api
    token: str

    async def statuses(self, **request: Any) -> tuple[int, int, int, int]:
        """Return the status of a request: of the new type and the old, at the one and at the other."""
        first, second, third, fourth = [
            (await self.answer(api, accept, **request)).status_code
            for api in (self.stable, self.draft)
            for accept in (NEW, OLD)
        ]
        return first, second, third, fourth

    async def answer(self, api: Api, accept: str, method: str = "POST", **request: Any) -> httpx.Response:
        """Return the response to a request, which is of the type that was asked for."""
        headers = {"Accept": accept, "Authorization": f"Bearer {self.token}"} | request.get("headers", {})
        response = await api.http.request(method, "/graphql", **request | {"headers": headers})
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        return response


@pytest.fixture(scope="module")
async def servers(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Both servers, over one database."""
    await empty(session_database)
    async with AsyncExitStack() as stack:
        stable, draft = [
            await stack.enter_async_context(
                serving(session_database, settings_for(tmp_path_factory.mktemp(codes), graphql_status_codes=codes))
            )
            for codes in ("stable", "draft")
        ]
        account = {"email": "codes@example.org", "password": PASSWORD}
        signed_in = await stable.nobody().run("Register", input=account)
        yield Servers(stable, draft, signed_in["accessToken"])
    await empty(session_database)


class TestDocuments:
    @pytest.mark.parametrize(
        ("_case", "body", "statuses"),
        [
            ("executed", {"query": "{ me { email } }"}, (200, 200, 200, 200)),
            ("no JSON", "{", (400, 400, 400, 400)),
            ("no request", {"query": 1}, (400, 400, 422, 422)),
            ("several requests", [{"query": "{ me { email } }"}], (400, 400, 422, 422)),
            ("no variables", {"query": "{ me { email } }", "variables": []}, (400, 400, 422, 422)),
            ("no document", {"query": "{"}, (400, 200, 400, 200)),
            ("an invalid one", {"query": "{ mi }"}, (400, 200, 422, 200)),
            ("an unknown name", {"query": "query A { me { email } }", "operationName": "B"}, (400, 200, 422, 200)),
            ("no name for two", {"query": "query A { __typename } query B { __typename }"}, (400, 200, 422, 200)),
            ("wrong variables", {"query": "query($a: ID!) { node(id: $a) { id } }"}, (400, 200, 422, 200)),
            ("too much", {"query": "{ a: me " * 20 + "{ id }" + " }" * 20}, (400, 200, 422, 200)),
            ("unknown by its hash", {"documentId": "0" * 64}, (400, 200, 422, 200)),
        ],
    )
    async def test_the_status_tells_how_far_it_came(
        self, servers: Servers, _case: str, body: object, statuses: tuple[int, ...]
    ) -> None:
        content = body if isinstance(body, str) else json.dumps(body)

        assert await servers.statuses(content=content, headers=TYPED) == statuses

    @pytest.mark.parametrize(
        ("query", "data"),
        [
            ('{ serverInfo { name } node(id: "x") { id } }', {"serverInfo": {"name": "Lexora"}, "node": None}),
            ("{ me { email } }", None),
        ],
    )
    async def test_data_beside_errors_is_a_part_of_success(
        self, servers: Servers, query: str, data: dict[str, Any] | None
    ) -> None:
        nobody = {"Authorization": ""}
        answer = await servers.answer(servers.draft, NEW, json={"query": query}, headers=nobody)

        assert await servers.statuses(json={"query": query}, headers=nobody) == (200, 200, 294, 200)
        assert (answer.json()["data"], len(answer.json()["errors"])) == (data, 1)


class TestRequests:
    @pytest.mark.parametrize(
        ("_case", "request_", "status"),
        [
            ("another method", {"method": "PUT"}, 405),
            ("a mutation by GET", {"method": "GET", "params": {"query": "mutation { logout { __typename } }"}}, 405),
            ("another type of body", {"content": "a=b", "headers": {"Content-Type": "text/plain"}}, 415),
            ("too large a body", {"content": "[" + " " * 2_000_000 + "]", "headers": TYPED}, 413),
            ("a form without a token", {"files": {"0": b""}, "headers": PREFLIGHT | {"Authorization": ""}}, 401),
            ("a form that any page could send", {"files": {"0": b""}}, 400),
            ("a form that is none", {"files": {"0": b""}, "headers": PREFLIGHT}, 400),
            ("a subscription", {"json": {"query": "subscription { documentEvents { __typename } }"}}, 406),
        ],
    )
    async def test_the_status_is_the_same_everywhere(
        self, servers: Servers, _case: str, request_: dict[str, Any], status: int
    ) -> None:
        assert await servers.statuses(**request_) == (status,) * 4

    @pytest.mark.parametrize("accept", ["image/png", "text/html", "*/*;q=0", "application/json;q=0"])
    async def test_who_takes_nothing_that_there_is_gets_a_reason_in_json(self, servers: Servers, accept: str) -> None:
        for api in (servers.stable, servers.draft):
            response = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": accept})

            assert (response.status_code, response.headers["content-type"]) == (406, f"{OLD}; charset=utf-8")
            assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}

    async def test_who_has_no_wish_gets_what_each_of_them_says(self, servers: Servers) -> None:
        for api, expected in ((servers.stable, OLD), (servers.draft, NEW)):
            request = api.http.build_request("POST", "/graphql", json={"query": "{ __typename }"})
            del request.headers["Accept"]

            assert (await api.http.send(request)).headers["content-type"] == f"{expected}; charset=utf-8"


class TestServersThatCannot:
    async def test_who_comes_too_often_is_told_when_to_come_again(
        self, servers: Servers, session_database: Database, tmp_path: Path
    ) -> None:
        for codes in ("stable", "draft"):
            settings = settings_for(tmp_path, graphql_status_codes=codes, query_limit_per_minute=1)
            async with serving(session_database, settings) as api:
                await servers.answer(api, NEW, json={"query": "{ __typename }"})
                for accept in (NEW, OLD):
                    response = await servers.answer(api, accept, json={"query": "{ __typename }"})
                    [error] = response.json()["errors"]

                    assert (response.status_code, error["extensions"]["code"]) == (429, "THROTTLED")
                    assert 55 < error["extensions"]["retryAfterSeconds"] <= 60
                    assert 55 < int(response.headers["retry-after"]) <= 60

    async def test_without_postgresql_what_needs_it_says_so(self, servers: Servers, tmp_path: Path) -> None:
        away = Database.connect(NO_POSTGRESQL, pool_size=1, max_overflow=0)
        for codes, partial in (("stable", 200), ("draft", 294)):
            async with serving(away, settings_for(tmp_path, graphql_status_codes=codes)) as api:
                for accept, status in ((NEW, partial), (OLD, 200)):
                    answer = await servers.answer(api, accept, json={"query": "{ me { email } }"})
                    upload = await servers.answer(api, accept, files={"0": b""}, headers=PREFLIGHT)

                    assert (answer.status_code, upload.status_code) == (status, 503)
                    for response in (answer, upload):
                        extensions = response.json()["errors"][0]["extensions"]
                        assert extensions == {"code": "UNAVAILABLE", "retryAfterSeconds": 2.0}
                    assert upload.headers["retry-after"] == "2"
        await away.dispose()
