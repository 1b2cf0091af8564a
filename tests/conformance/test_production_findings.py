"""What graphql-cop looks for, looked for again: nothing of it is found on a server in production.

Source:
    https://github.com/dolevf/graphql-cop, whose checks these are in other words.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from lexora_gql.storage.database import Database
from tests.transport.api import Api, serving, settings_for

IDE_PLACES = ("/graphiql", "/playground", "/console", "/graphql")
IDE_WORDS = ("graphiql.min.css", "graphql playground", "graphiql", "graphql-playground", "<html")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def posted(http: httpx.AsyncClient, query: str, **more: object) -> httpx.Response:
    """Return the response to an operation."""
    return await http.post("/graphql", json={"query": query} | more)


def data_of(response: httpx.Response) -> dict[str, Any]:
    """Return what an operation gave; nothing where it was not executed, or where this is no answer."""
    if "json" not in response.headers.get("content-type", ""):
        return {}
    body = response.json()
    return (body.get("data") or {}) if isinstance(body, dict) else {}


def errors_of(response: httpx.Response) -> list[dict[str, Any]]:
    """Return what is wrong with an operation."""
    errors: list[dict[str, Any]] = response.json().get("errors", [])
    return errors


async def many_aliases(http: httpx.AsyncClient) -> bool:
    """A hundred aliases of one field are served."""
    aliases = " ".join(f"alias{at}: __typename" for at in range(101))
    return "alias100" in data_of(await posted(http, f"query cop {{ {aliases} }}", operationName="cop"))


async def batches(http: httpx.AsyncClient) -> bool:
    """Ten operations at once are served."""
    response = await http.post("/graphql", json=[{"query": "{ __typename }"}] * 10)
    return isinstance(response.json(), list) or response.status_code == 200


async def many_directives(http: httpx.AsyncClient) -> bool:
    """Each of ten directives that there are not is complained of."""
    return len(errors_of(await posted(http, "query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }"))) >= 10


async def circular_introspection(http: httpx.AsyncClient) -> bool:
    """Types of fields of types of fields of types are told."""
    inner = "type { name }"
    for _ in range(4):
        inner = f"type {{ fields {{ {inner} }} }}"
    query = f"query cop {{ __schema {{ types {{ fields {{ {inner} }} }} }} }}"
    return bool(data_of(await posted(http, query)))


async def circular_fragments(http: httpx.AsyncClient) -> bool:
    """Fragments that spread each other are served."""
    query = "query { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }"
    return not errors_of(await posted(http, query))


async def repeated_fields(http: httpx.AsyncClient) -> bool:
    """A field that stands there five hundred times is read five hundred times."""
    return bool(data_of(await posted(http, "query cop { " + "__typename " * 500 + "}")))


async def suggestions(http: httpx.AsyncClient) -> bool:
    """Who guesses wrong is told what is right."""
    queries = (
        "{ __schema { directive } }",
        "{ serverInf { name } }",
        "{ serverInfo { nam } }",
        "{ documents(frist: 1) { totalCount } }",
    )
    found = [await posted(http, query) for query in queries]
    variable = "query($order: DocumentOrder!) { documents(orderBy: $order) { totalCount } }"
    found.append(await posted(http, variable, variables={"order": "TITLE_AS"}))
    return any("did you mean" in response.text.lower() for response in found)


async def introspection(http: httpx.AsyncClient) -> bool:
    """The schema is told."""
    queries = ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }', get_introspection_query())
    return any([data_of(await posted(http, query)) for query in queries])


async def queries_by_get(http: httpx.AsyncClient) -> bool:
    """A query that stands in an address is served to whoever makes a browser fetch it."""
    return bool(data_of(await http.get("/graphql", params={"query": "query cop { __typename }"})))


async def mutations_by_get(http: httpx.AsyncClient) -> bool:
    """So is a mutation, even to those who may send queries that way."""
    for headers in ({}, {"X-Requested-With": "cop"}):
        response = await http.get("/graphql", params={"query": "mutation { __typename }"}, headers=headers)
        if data_of(response):
            return True
    return False


async def forms(http: httpx.AsyncClient) -> bool:
    """What a form of another site can send is served."""
    query = {"query": "query cop { __typename }"}
    responses = [
        await http.post("/graphql", params=query),
        await http.post("/graphql", data=query),
        await http.post("/graphql", params=query, data=query),
        await http.post("/graphql", content=b'{"query":"{ __typename }"}', headers={"Content-Type": "text/plain"}),
        await http.post("/graphql", files={"operations": (None, '{"query":"{ __typename }"}'), "map": (None, "{}")}),
    ]
    return any(data_of(response) for response in responses)


async def ide(http: httpx.AsyncClient) -> bool:
    """There is a page to try things out."""
    for place in IDE_PLACES:
        for headers in ({}, BROWSER):
            page = (await http.get(place, headers=headers, follow_redirects=True)).text.lower()
            if any(word in page for word in IDE_WORDS):
                return True
    return False


async def traces(http: httpx.AsyncClient) -> bool:
    """An answer tells how it came about."""
    found = [(await posted(http, query)).json() for query in ("query cop { __typename }", "query { nothing }", "{")]
    told = {name for body in found for name in body.get("extensions", {})}
    told |= {name for body in found for error in body.get("errors", []) for name in error["extensions"]}
    return bool(told - {"cost", "code"}) or "stacktrace" in str(found).lower()


async def unhandled_errors(http: httpx.AsyncClient) -> bool:
    """What is no GraphQL is answered with an exception."""
    response = await posted(http, "qwerty cop { abc }")
    return any("exception" in error["extensions"] for error in errors_of(response)) or response.status_code >= 500


Finding = Callable[[httpx.AsyncClient], Awaitable[bool]]
ALWAYS_ABSENT: tuple[Finding, ...] = (
    *(many_aliases, batches, many_directives, circular_introspection, circular_fragments, repeated_fields),
    *(mutations_by_get, forms, traces, unhandled_errors),
)
IN_DEVELOPMENT: tuple[Finding, ...] = (suggestions, introspection, queries_by_get, ide)


@pytest.fixture(scope="module")
async def production(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """A server as it is run for others."""
    settings = settings_for(tmp_path_factory.mktemp("production"), environment="production")
    async with serving(session_database, settings) as running:
        yield running


class TestProduction:
    @pytest.mark.parametrize("finding", [*ALWAYS_ABSENT, *IN_DEVELOPMENT])
    async def test_nothing_is_found(self, production: Api, finding: Finding) -> None:
        assert not await finding(production.http)

    @pytest.mark.parametrize("header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Requested-With"])
    async def test_a_query_in_an_address_is_served_to_those_who_mean_it(self, production: Api, header: str) -> None:
        response = await production.http.get("/graphql", params={"query": "{ __typename }"}, headers={header: "1"})

        assert data_of(response) == {"__typename": "Query"}

    async def test_the_own_type_of_an_object_is_told(self, production: Api) -> None:
        assert data_of(await posted(production.http, "{ __typename serverInfo { __typename } }")) == {
            "__typename": "Query",
            "serverInfo": {"__typename": "ServerInfo"},
        }

    async def test_a_browser_gets_no_page_and_no_part_of_one(self, production: Api) -> None:
        page = await production.http.get("/graphql", headers=BROWSER)
        part = await production.http.get("/graphiql/static/playground.js", headers=BROWSER)

        assert (page.status_code, page.headers["content-type"]) == (400, "application/json; charset=utf-8")
        assert part.status_code == 404


class TestDevelopment:
    @pytest.mark.parametrize("finding", IN_DEVELOPMENT)
    async def test_what_helps_to_build_is_found(self, shared_api: Api, finding: Finding) -> None:
        assert await finding(shared_api.http)

    @pytest.mark.parametrize("finding", ALWAYS_ABSENT)
    async def test_nothing_else_is(self, shared_api: Api, finding: Finding) -> None:
        assert not await finding(shared_api.http)


class TestTheFindingsThemselves:
    """Against answers of a server that has all of it: each would see it."""

    @pytest.mark.parametrize("finding", [*ALWAYS_ABSENT, *IN_DEVELOPMENT])
    async def test_each_is_seen(self, finding: Finding) -> None:
        async with httpx.AsyncClient(base_url="http://open", transport=httpx.MockTransport(careless)) as http:
            assert await finding(http)


def careless(request: httpx.Request) -> httpx.Response:
    """Answer as a server that serves everything, tells everything, and shows a page to everybody."""
    if request.method == "GET" and "query" not in request.url.params:
        return httpx.Response(200, html="<html>GraphiQL</html>")
    text = request.content.decode()
    if text.startswith("["):
        return httpx.Response(200, json=[{"data": {"__typename": "Query"}}] * 10)
    message = "No such thing. Did you mean another?"
    error = {"message": message, "extensions": {"code": "BAD_REQUEST", "exception": {"stacktrace": []}}}
    data = {"__typename": "Query", "alias100": "Query", "__schema": {"types": []}}
    wrong = any(word in text for word in ("@aa", "qwerty", "directive", "serverInf", "frist", "nothing"))
    body: dict[str, Any] = {"errors": [error] * 10} if wrong else {"data": data}
    return httpx.Response(200, json=body, headers={"Content-Type": "application/json; charset=utf-8"})
