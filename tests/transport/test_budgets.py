"""What operations cost over HTTP, who pays, and what those are told who have spent everything."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.assembly.process import build
from lexora_gql.storage.database import Database
from tests.transport.api import Api, Client, assemble, serving, settings_for

INFO = "{ serverInfo { name } }"
INFO_POINTS = 1
REFUSAL_POINTS = 10


@dataclass(slots=True)
class Clock:
    """Seconds that pass when they are told to."""

    now: float = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


Serve = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def clock() -> Clock:
    """The time of all budgets."""
    return Clock()


@pytest.fixture
def serve(database: Database, tmp_path: Path, clock: Clock) -> Serve:
    """Runs a server whose budgets are as they are given; two points come back each second."""

    @asynccontextmanager
    async def run(**given: int) -> AsyncIterator[Api]:
        costs = {"query_cost_burst": 1_000, "query_cost_max": 1_000, "query_cost_per_minute": 120}
        settings = settings_for(tmp_path, **costs | given)
        adapters = replace(assemble(database, settings).adapters, allowances=InMemoryAllowances(clock=clock))
        async with serving(database, settings, process=build(settings, adapters)) as api:
            yield api

    return run


async def available(client: Client) -> int:
    """Return how many points a client has left, before this was asked."""
    cost = (await client.send(INFO)).json()["extensions"]["cost"]
    return int(cost["available"]) + int(cost["requested"])


def waiting(response: httpx.Response) -> tuple[float, str]:
    """Return how long an operation that was refused has to wait, by its body and by its headers."""
    [error] = response.json()["errors"]
    assert (response.status_code, response.json().keys()) == (429, {"errors"})
    assert error["extensions"].keys() == {"code", "retryAfterSeconds"}
    assert error["extensions"]["code"] == "THROTTLED"
    return error["extensions"]["retryAfterSeconds"], response.headers["retry-after"]


class TestCosts:
    async def test_they_are_told_beside_the_result_and_in_headers(self, serve: Serve, clock: Clock) -> None:
        async with serve() as api:
            first = await api.nobody().send(INFO)
            clock.now += 0.25
            second = await api.nobody().send("{ a: serverInfo { name } b: serverInfo { name } }")

        told = {"capacity": 1_000, "refillPerSecond": 2.0}
        assert first.json()["extensions"] == {"cost": {"requested": 1, "available": 999} | told}
        assert second.json()["extensions"] == {"cost": {"requested": 2, "available": 997} | told}
        for response in (first, second):
            assert response.headers["ratelimit-policy"] == '"cost";q=1000;w=500'
        assert first.headers["ratelimit"] == '"cost";r=999;t=1'
        assert second.headers["ratelimit"] == '"cost";r=997;t=2'

    async def test_they_are_told_beside_errors_too(self, serve: Serve) -> None:
        async with serve() as api:
            response = await api.nobody().send("{ me { email } }")

        assert response.json()["extensions"]["cost"]["requested"] == 1
        assert "ratelimit" in response.headers

    async def test_variables_say_how_much_is_asked_for(self, serve: Serve) -> None:
        query = "query($first: Int) { collections(first: $first) { edges { node { id } } } }"
        async with serve() as api:
            costs = [
                (await api.nobody().send(query, {"first": first})).json()["extensions"]["cost"]["requested"]
                for first in (1, 11, 100, 1_000)
            ]

        assert [cost - costs[0] for cost in costs] == [0, 10, 99, 99]

    async def test_more_than_one_operation_may_cost_is_refused(self, serve: Serve) -> None:
        async with serve(query_cost_max=50) as api:
            query = "query($first: Int!) { collections(first: $first) { edges { node { id } } } }"
            refused = (await api.nobody().send(query, {"first": 100})).json()
            taken = (await api.nobody().send(query, {"first": 10})).json()

        [error] = refused["errors"]
        extensions = error["extensions"]
        assert refused.keys() == {"errors"}
        assert (extensions["code"], extensions["limit"]) == ("TOO_COSTLY", 50)
        assert extensions["cost"] > 50
        assert error["message"].endswith("one operation may cost 50. Ask for smaller pages.")
        assert taken["extensions"]["cost"]["requested"] <= 50


class TestSpending:
    async def test_who_has_spent_everything_waits_until_it_has_come_back(self, serve: Serve, clock: Clock) -> None:
        async with serve(query_cost_burst=10, query_cost_max=10) as api:
            client = api.nobody()
            wide = "{ " + " ".join(f"a{at}: serverInfo {{ name }}" for at in range(8)) + " }"
            assert (await client.send(wide)).json()["extensions"]["cost"]["available"] == 2
            # Eight are asked for, two are left, and two come back each second.
            assert waiting(await client.send(wide)) == (3.0, "3")
            clock.now += 2.5
            assert waiting(await client.send(wide)) == (0.5, "1")
            clock.now += 0.5

            assert (await client.send(wide)).json()["extensions"]["cost"]["available"] == 0

    async def test_each_user_has_a_budget_and_each_address_has_one(self, serve: Serve) -> None:
        async with serve() as api:
            first, second = await api.somebody(), await api.somebody()
            nobody = api.nobody()
            before = await available(nobody)
            await first.send("{ a: serverInfo { name } b: serverInfo { name } }")

            assert await available(first) == 1_000 - 2
            assert await available(second) == 1_000
            assert await available(nobody) == before - INFO_POINTS

    @pytest.mark.parametrize(
        "body",
        [
            {"query": "{"},
            {"query": "{ nothing }"},
            {"query": "query A { __typename }", "operationName": "B"},
            {"query": "{ a: me " * 20 + "{ id }" + " }" * 20},
            {"query": "{ " + " ".join(f"a{at}: me {{ id }}" for at in range(16)) + " }"},
            {"documentId": "0" * 64},
        ],
    )
    async def test_a_document_that_is_refused_costs_something(self, serve: Serve, body: dict[str, str]) -> None:
        async with serve(query_cost_burst=15, query_cost_max=15) as api:
            response = await api.http.post("/graphql", json=body)
            assert "errors" in response.json()
            assert await available(api.nobody()) == 15 - REFUSAL_POINTS

            assert waiting(await api.http.post("/graphql", json=body)) == (3.0, "3")

    async def test_operations_are_counted_whatever_they_cost(self, serve: Serve, clock: Clock) -> None:
        async with serve(query_limit_per_minute=2) as api:
            client = api.nobody()
            for _ in range(2):
                assert (await client.send("{ __typename }")).status_code == 200
            assert waiting(await client.send("{ __typename }")) == (30.0, "30")
            clock.now += 30

            assert (await client.send("{ __typename }")).status_code == 200


class TestUploads:
    async def test_more_than_are_left_are_refused_before_one_is_stored(self, serve: Serve, clock: Clock) -> None:
        files = [(f"{at}.txt", f"Invoice {at} is paid.".encode()) for at in range(3)]
        async with serve(upload_limit_per_minute=2) as api:
            reader = await api.somebody()
            with pytest.raises(KeyError, match="data"):
                await reader.upload(*files)
            assert (await reader.run("Documents"))["totalCount"] == 0
            assert len(await reader.upload(*files[:2])) == 2
            with pytest.raises(KeyError, match="data"):
                await reader.upload(files[2])
            clock.now += 30

            assert [each["__typename"] for each in await reader.upload(files[2])] == ["DocumentAccepted"]


class TestEffects:
    async def test_what_is_throttled_changes_nothing(self, serve: Serve, clock: Clock) -> None:
        async with serve(query_limit_per_minute=1) as api:
            reader = await api.somebody()
            await reader.send(INFO)
            response = await reader.send('mutation { createCollection(name: "New") { __typename } }')
            clock.now += 60

            assert waiting(response) == (60.0, "60")
            assert (await reader.run("Collections"))["totalCount"] == 1
