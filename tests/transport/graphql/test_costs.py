"""What operations cost."""

from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    is_composite_type,
    parse,
    validate,
)
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.terminal.operations import operation
from lexora_gql.transport.graphql.execution.costs.plan import POINTS_MAX, CostPlan, plan
from lexora_gql.transport.graphql.execution.costs.weights import SIZES, TAKES_FILES, WEIGHTS, describe
from lexora_gql.transport.graphql.schema import CORE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
SEVEN: dict[str, Any] = {"i": [{}] * 7}


def planned(source: str) -> CostPlan:
    """Return the plan of a document with one operation, which must be valid."""
    document = parse(source)
    assert validate(CORE, document) == []
    [node] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return plan(CORE, document, node)


def points(source: str, **variables: object) -> int:
    """Return what a document costs."""
    return planned(source).points(variables)


class TestPages:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("{ documents { edges { node { id } } } }", 10 + 20),
            ("{ documents(first: 3) { edges { node { id } } } }", 10 + 3),
            ("{ documents(last: 4) { edges { node { id } } } }", 10 + 4),
            ("{ documents(first: null, last: 4) { edges { node { id } } } }", 10 + 4),
            ("{ documents(first: 3) { edges { cursor } pageInfo { endCursor } totalCount } }", 10 + 5),
            ("{ documents(first: 3) { edges { node { owner { id } collection { id } } } } }", 10 + 3 * 3),
            (
                "{ conversations(first: 10) { edges { node { messages(first: 100) { edges { node { id } } } } } } }",
                10 + 10 * (1 + 5 + 100),
            ),
            ("{ documents(first: 3) { ... on DocumentConnection { edges { ... { node { id } } } } } }", 10 + 3),
            ('{ search(query: "") { candidates } }', 100 + 1),
            ('{ search(query: "") { hits { score } } }', 100 + 1 + 8),
            ('{ search(query: "", first: 50) { hits { chunk { document { id } } } } }', 100 + 1 + 50 * 3),
        ],
    )
    def test_they_multiply_what_is_asked_of_each_node(self, source: str, expected: int) -> None:
        assert points(source) == expected

    @pytest.mark.parametrize(
        ("first", "size"), [("-7", 1), ("0", 1), ("101", 100), ("2147483647", 100), ("9" * 5_000, 100), ("7.5", 20)]
    )
    def test_sizes_that_will_be_refused_are_taken_for_the_nearest(self, first: str, size: int) -> None:
        document = parse(f"{{ documents(first: {first}) {{ edges {{ node {{ id }} }} }} }}")
        [node] = document.definitions
        assert isinstance(node, OperationDefinitionNode)

        assert plan(CORE, document, node).points({}) == 10 + size

    @pytest.mark.parametrize(
        ("variables", "size"),
        [
            ({}, 7),
            ({"first": 30}, 30),
            ({"first": 30.0}, 30),
            ({"first": None}, 20),
            ({"first": True}, 20),
            ({"first": "30"}, 20),
            ({"first": [1, 2, 3]}, 20),
            ({"first": {}}, 20),
            ({"first": 10**400}, 100),
            ({"first": float("inf")}, 100),
            ({"first": float("nan")}, 20),
            ({"first": 0}, 1),
            ({"first": -(10**400)}, 1),
        ],
    )
    def test_variables_say_how_long_they_are_and_never_raise(self, variables: dict[str, Any], size: int) -> None:
        source = "query ($first: Int = 7) { documents(first: $first) { edges { node { id } } } }"

        assert points(source, **variables) == 10 + size

    def test_a_variable_without_a_default_leaves_it_to_the_argument(self) -> None:
        source = 'query ($first: Int!) { search(query: "", first: $first) { hits { score } } }'

        assert [points(source), points(source, first=2)] == [100 + 1 + 8, 100 + 1 + 2]

    def test_clients_that_page_both_ways_pay_for_the_one_they_use(self) -> None:
        source = """query ($first: Int, $last: Int) {
            documents(first: $first, last: $last) { edges { node { id } } }
        }"""

        assert [points(source, first=2), points(source, last=3), points(source)] == [10 + 2, 10 + 3, 10 + 20]

    @given(JSON, JSON)
    def test_no_variable_costs_less_than_one_object_or_more_than_a_full_page(self, first: object, ids: object) -> None:
        source = """query ($first: Int, $ids: [ID!]!) {
            documents(first: $first) { edges { node { id } } } nodes(ids: $ids) { id }
        }"""

        assert 10 + 1 <= points(source, first=first, ids=ids) <= 10 + 100 + 100


class TestLists:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
            ('{ nodes(ids: "a") { id } }', 1),
            ("query ($a: ID!) { nodes(ids: [$a, $a]) { id } }", 2),
            ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", 1),
            ('{ message(id: "a") { citations { marker } siblings { id } } }', 1 + 8 + 3),
            ('{ message(id: "a") { retrieval { sources { hit { score } } } } }', 1 + 1 + 8 * 2),
            ('{ collection(id: "a") { members { person { id } } } }', 1 + 10 * 2),
        ],
    )
    def test_they_are_as_long_as_their_argument_says_or_as_they_usually_are(self, source: str, expected: int) -> None:
        assert points(source) == expected

    def test_a_list_in_a_variable_counts_by_its_length(self) -> None:
        source = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Document { owner { id } } } }"

        assert [points(source, ids=["a"] * count) for count in (0, 1, 30, 5_000)] == [0, 2, 60, 200]


class TestDearFields:
    @pytest.mark.parametrize(
        ("name", "variables", "expected"),
        [
            ("ServerInfo", {}, 1),
            ("Me", {}, 1),
            ("Login", {}, 402),
            ("Logout", {}, 11),
            ("DocumentText", {}, 21),
            ("UploadDocuments", {"inputs": [{}, {}, {}]}, 112),
            ("DocumentEvents", {}, 14),
        ],
    )
    def test_operations_of_our_own_cost_what_they_take(
        self, name: str, variables: dict[str, Any], expected: int
    ) -> None:
        document = operation(name)
        [node] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]

        assert plan(CORE, document, node).points(variables) == expected

    def test_each_alias_is_paid_for(self) -> None:
        login = 'login(input: { email: "", password: "" }) { __typename }'

        assert points(f"mutation {{ a: {login} b: {login} c: {login} }}") == 3 * (400 + 1)

    def test_the_name_of_a_mutations_type_costs_nothing(self) -> None:
        assert points("mutation { __typename }") == 0

    def test_what_may_be_left_out_is_paid_for(self) -> None:
        source = """query ($no: Boolean!) { me @include(if: $no) { ...F @skip(if: true) } }
            fragment F on User { documents { totalCount } }"""

        assert points(source, no=False) == 1 + 5 + 5

    def test_the_schema_costs_less_than_a_thousand_as_playgrounds_ask_for_it(self) -> None:
        source = get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )

        assert 500 < points(source) < 1_000


class TestFiles:
    @pytest.mark.parametrize(
        ("source", "variables", "expected"),
        [
            ("query { me { id } }", {}, 0),
            ("mutation ($f: Upload!) { uploadDocument(input: { file: $f }) { __typename } }", {}, 1),
            ("mutation ($f: Upload!) { uploadDocuments(inputs: [{ file: $f }, { file: $f }]) { __typename } }", {}, 2),
            ("mutation ($i: [UploadDocumentInput!]!) { uploadDocuments(inputs: $i) { __typename } }", SEVEN, 7),
            ("mutation ($i: [UploadDocumentInput!]!) { uploadDocuments(inputs: $i) { __typename } }", {"i": {}}, 1),
        ],
    )  # fmt: skip
    def test_each_is_counted(self, source: str, variables: dict[str, Any], expected: int) -> None:
        assert planned(source).uploads(variables) == expected

    def test_those_of_fragments_count_too(self) -> None:
        source = """mutation ($f: Upload!) { a: uploadDocument(input: { file: $f }) { __typename } ...M }
            fragment M on Mutation { b: uploadDocument(input: { file: $f }) { __typename } }"""

        assert planned(source).uploads({}) == 2


class TestFragments:
    def test_chains_that_double_at_each_step_are_counted_once_and_end_at_the_most(self) -> None:
        chain = "".join(f"fragment F{at} on Query {{ ...F{at + 1} ...F{at + 1} }} " for at in range(49))
        last = "fragment F49 on Query { documents(first: $first) { edges { node { id } } } }"
        cost = planned(f"query ($first: Int) {{ ...F0 }} {chain} {last}").cost.once

        known: dict[Any, int] = {}

        assert cost.value({"first": 2}, known) == POINTS_MAX
        assert len(known) < 4 * 50

    def test_a_fragment_on_a_page_is_as_long_as_the_page_that_it_stands_in(self) -> None:
        source = """query ($many: Int) { few: documents(first: 1) { ...P } many: documents(first: $many) { ...P } }
            fragment P on DocumentConnection { edges { ...E } } fragment E on DocumentEdge { node { id } }"""

        assert points(source, many=50) == (10 + 1) + (10 + 50)

    def test_one_that_spreads_itself_ends(self) -> None:
        document = parse("{ ...F } fragment F on Query { me { id } ...F }")
        node = document.definitions[0]
        assert isinstance(node, OperationDefinitionNode)

        assert plan(CORE, document, node).points({}) == 1


class TestTheTable:
    def test_it_names_fields_that_there_are(self) -> None:
        named = [*WEIGHTS, *SIZES, *TAKES_FILES]
        kinds = {kind: CORE.type_map[kind] for kind in {key.partition(".")[0] for key in named}}
        unknown = []
        for key in named:
            kind, _, name = key.partition(".")
            holder = kinds[kind]
            assert isinstance(holder, GraphQLObjectType)
            if CORE.get_field(holder, name) is None:
                unknown.append(key)

        assert unknown == []

    def test_it_tells_of_every_list_of_objects_how_long_it_is(self) -> None:
        described = describe(CORE)
        lists = {
            f"{kind.name}.{name}"
            for kind in CORE.type_map.values()
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
            for name, field in kind.fields.items()
            if "[" in str(field.type) and is_composite_type(get_named_type(field.type))
        }
        unsized = {key for key in lists if described[key].size == 1 and key not in SIZES}

        assert len(lists) > 20
        assert unsized == set()

    def test_sizes_that_are_arguments_are_those_of_the_list_or_of_the_field_above(self) -> None:
        by_argument = {key: weight for key, weight in describe(CORE).items() if isinstance(weight.size, str)}

        assert {key: (weight.size, weight.is_of_page) for key, weight in by_argument.items()} == {
            "Query.nodes": ("ids", False),
            "Mutation.uploadDocuments": ("inputs", False),
            "SearchResult.hits": ("first", True),
            "ChunkConnection.edges": ("first or last", True),
            "CollectionConnection.edges": ("first or last", True),
            "ConversationConnection.edges": ("first or last", True),
            "DocumentConnection.edges": ("first or last", True),
            "MessageConnection.edges": ("first or last", True),
        }

    def test_every_change_weighs_at_least_ten(self) -> None:
        least = min(weight.points for key, weight in describe(CORE).items() if key.startswith("Mutation."))

        assert least == 10
