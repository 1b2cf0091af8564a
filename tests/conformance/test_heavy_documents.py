"""Documents that bring servers down are refused before they do, and finding out that they must be takes little work.

Times are measured by `tests.benchmarks.heavy_documents`; here the same work is counted.
"""

import json
from itertools import pairwise

import pytest
from graphql import GraphQLError, parse, specified_rules, validate

from lexora_gql.transport.graphql.execution.costs.plan import plan
from lexora_gql.transport.graphql.execution.document_cache import ValidDocument
from lexora_gql.transport.graphql.execution.limits import Limits, exceeded, parsed
from lexora_gql.transport.graphql.execution.validation import validated
from lexora_gql.transport.graphql.schema import CORE
from tests.conformance.answers import codes_of, faults_of
from tests.conformance.heavy_documents import BAD_REQUEST, HEAVY, LARGE, TOO_COSTLY, Heavy, by_fragments, chain
from tests.conformance.work import calls_of
from tests.transport.api import Api

CALLS_MAX = 250_000
"""A fiftieth of a second on a quiet machine, so that a busy one keeps 50 ms, too."""


def check(source: str, *, is_open: bool = True) -> None:
    """Do with a document all that is done before it is executed."""
    try:
        document = parsed(source, Limits())
    except GraphQLError:
        return
    if exceeded(document, Limits()) is None and not validated(CORE, document, is_open=is_open):
        for operation in ValidDocument(document).operations:
            plan(CORE, document, operation).points({})


class TestOverHttp:
    @pytest.mark.parametrize("heavy", HEAVY, ids=lambda heavy: heavy.name)
    async def test_each_is_refused_with_its_reason(self, shared_api: Api, heavy: Heavy) -> None:
        response = await shared_api.nobody().send(heavy.source)

        assert faults_of(response) == []
        assert response.status_code == 200
        assert set(codes_of(response)) == {heavy.code}
        assert heavy.said in response.json()["errors"][0]["message"]
        assert len(response.json()["errors"]) <= 5
        assert "data" not in response.json()

    @pytest.mark.parametrize(
        "heavy", [heavy for heavy in HEAVY if heavy.code == TOO_COSTLY][:3], ids=lambda it: it.name
    )
    async def test_other_ways_in_refuse_them_alike(self, shared_api: Api, heavy: Heavy) -> None:
        asked = await shared_api.http.get("/graphql", params={"query": heavy.source})
        streamed = await shared_api.http.post(
            "/graphql", json={"query": heavy.source}, headers={"Accept": "text/event-stream"}
        )
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload={"query": heavy.source})
            frame = await socket.hear()

        assert codes_of(asked) == [TOO_COSTLY]
        assert TOO_COSTLY in streamed.text
        assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", TOO_COSTLY)

    async def test_documents_that_are_large_and_sensible_are_served(self, shared_api: Api) -> None:
        fields = "id email fullName role createdAt updatedAt isActive"
        lists = " ".join(f"a{at}: documents(first: {at + 1}) {{ totalCount }}" for at in range(12))
        components = [f"fragment C{at} on User {{ {fields} }}" for at in range(12)]
        source = f"{{ me {{ {' '.join(f'...C{at}' for at in range(12))} {lists} }} }} {' '.join(components)}"

        response = await (await shared_api.somebody()).send(source)

        assert "errors" not in response.json()
        assert len(response.json()["data"]["me"]) == 7 + 12


class TestWork:
    @pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
    @pytest.mark.parametrize("heavy", [*HEAVY, *LARGE], ids=lambda heavy: heavy.name)
    def test_finding_out_takes_little(self, heavy: Heavy, is_open: bool) -> None:
        assert calls_of(lambda: check(heavy.source, is_open=is_open)) < CALLS_MAX

    def test_without_limits_it_takes_as_much_as_a_client_likes(self) -> None:
        source = "{ me { " + "documents { totalCount } " * 200 + "} }"

        assert calls_of(lambda: validate(CORE, parse(source), specified_rules)) > 3 * CALLS_MAX

    def test_it_grows_with_a_chains_length_and_not_with_what_the_chain_stands_for(self) -> None:
        sources = [f"{{ me {{ ...F0 }} }} {chain(count, '... ...', 'id')}" for count in (10, 20, 30, 40, 50)]

        calls = [calls_of(lambda source=source: exceeded(parse(source), Limits())) for source in sources]  # type: ignore[misc]  # the default makes each its own

        grown = [after - before for before, after in pairwise(calls)]
        assert max(grown) < 1.2 * min(grown)


class TestTheDocuments:
    def test_all_could_come(self) -> None:
        assert max(len(json.dumps({"query": heavy.source})) for heavy in HEAVY) < 1024 * 1024
        assert len({heavy.name for heavy in HEAVY}) == len(HEAVY)

    @pytest.mark.parametrize("large", LARGE, ids=lambda large: large.name)
    def test_those_that_are_allowed_are(self, large: Heavy) -> None:
        document = parsed(large.source, Limits())

        assert exceeded(document, Limits()) is None
        assert validated(CORE, document, is_open=True) == []

    def test_most_are_well_formed_and_valid_so_that_nothing_but_a_limit_refuses_them(self) -> None:
        chains = [heavy for heavy in by_fragments() if heavy.name.startswith("a chain that")]

        assert [validate(CORE, parse(heavy.source)) for heavy in chains] == [[], [], []]
        assert sum(heavy.code == BAD_REQUEST for heavy in HEAVY) < len(HEAVY) / 4
