"""Whether documents suit the schema, and how much work may be done to find out."""

import pytest
from graphql import GraphQLError, OverlappingFieldsCanBeMergedRule, parse, specified_rules, validate
from graphql.validation import ValidationContext

from lexora_gql.terminal.operations import operation, operation_names
from lexora_gql.transport.graphql.execution import validation
from lexora_gql.transport.graphql.execution.validation import (
    CLOSED_RULES,
    ERRORS_MAX,
    MERGING_MAX,
    OPEN_RULES,
    MergingRule,
    validated,
)
from lexora_gql.transport.graphql.schema import CORE


def found(source: str, *, is_open: bool = True) -> list[GraphQLError]:
    """Return what is wrong with a document."""
    return validated(CORE, parse(source), is_open=is_open)


def components(count: int, fields: str) -> str:
    """Return the document of a page whose components all ask for the same fields of one object."""
    spreads = " ".join(f"...C{at}" for at in range(count))
    return f"{{ me {{ {spreads} }} }} " + " ".join(f"fragment C{at} on User {{ {fields} }}" for at in range(count))


class TestErrors:
    def test_what_suits_the_schema_has_none(self) -> None:
        assert found("{ me { id documents { totalCount } } }") == []

    def test_no_more_than_five_are_told(self) -> None:
        errors = found("{ " + " ".join(f"no{at}" for at in range(300)) + " }", is_open=False)

        assert ERRORS_MAX == 5
        assert [error.message[:24] for error in errors] == [f"Cannot query field 'no{at}'" for at in range(5)]

    def test_fewer_are_told_as_they_are(self) -> None:
        errors = found("query ($a: Int) { me { name } }", is_open=False)

        assert [error.message for error in errors] == [
            "Variable '$a' is never used.",
            "Cannot query field 'name' on type 'User'.",
        ]

    def test_fields_that_differ_are_told_apart_as_the_specification_says(self) -> None:
        [error] = found("{ me { a: id a: email } }")

        assert error.message.startswith("Fields 'a' conflict because 'id' and 'email' are different fields.")
        assert error.extensions == {}


class TestOpenServers:
    def test_they_suggest(self) -> None:
        [error] = found("{ documentz { totalCount } }")

        assert (
            error.message == "Cannot query field 'documentz' on type 'Query'. Did you mean 'document' or 'documents'?"
        )

    def test_they_tell_their_schema(self) -> None:
        assert found("{ __schema { queryType { name } } }") == []


class TestClosedServers:
    @pytest.mark.parametrize(
        "source",
        [
            "{ documentz { totalCount } }",
            "{ documents(fist: 1) { totalCount } }",
            "{ ... on Queri { me { id } } }",
            "{ documents(orderBy: TITLE_AS) { totalCount } }",
            "{ documents(filter: { tag: [] }) { totalCount } }",
            "{ me { documents(filter: { serch: 1 }) { totalCount } } }",
        ],
    )
    def test_they_suggest_nothing(self, source: str) -> None:
        assert [("Did you mean" in error.message) for error in found(source, is_open=False)] == [False]
        assert any("Did you mean" in error.message for error in found(source))

    @pytest.mark.parametrize("name", ["__schema { queryType { name } }", '__type(name: "User") { name }'])
    def test_they_keep_their_schema_to_themselves(self, name: str) -> None:
        errors = found(f"{{ {name} }}", is_open=False)

        assert {error.message.partition(",")[0] for error in errors} == {"GraphQL introspection has been disabled"}


class TestWork:
    def test_every_rule_of_the_specification_holds(self) -> None:
        assert [rule.__mro__[1] if rule not in specified_rules else rule for rule in OPEN_RULES] == list(
            specified_rules
        )
        assert CLOSED_RULES[: len(OPEN_RULES)] == OPEN_RULES

    @pytest.mark.parametrize(
        "source",
        [
            "{ me { " + "id " * 400 + "} }",
            "{ me { " + "documents { totalCount } " * 100 + "} }",
            "{ me { " + "documents(first: 1) { edges { node { id } } } " * 60 + "} }",
            components(49, "id email role"),
        ],
    )
    def test_the_same_field_again_and_again_is_too_costly(self, source: str) -> None:
        [error] = found(source)

        assert error.extensions == {"code": "TOO_COSTLY"}
        assert validate(CORE, parse(source)) == []

    def test_no_document_has_more_of_it_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(validation, "MERGING_MAX", 100)
        begun: list[MergingRule] = []

        class Watched(MergingRule):
            def __init__(self, context: ValidationContext) -> None:
                super().__init__(context)
                begun.append(self)

        validate(CORE, parse("{ me { " + "id " * 400 + "} }"), [Watched])

        assert [rule.rule_context.remaining_complexity_budget < 0 for rule in begun] == [True]
        assert [rule.rule_context.remaining_complexity_budget > -10 for rule in begun] == [True]

    def test_pages_of_25_components_that_ask_for_the_same_are_served(self) -> None:
        assert found(components(25, "id email fullName role")) == []

    @pytest.mark.parametrize("name", operation_names())
    def test_no_operation_of_ours_takes_a_tenth_of_it(self, name: str) -> None:
        begun: list[OverlappingFieldsCanBeMergedRule] = []

        class Watched(OverlappingFieldsCanBeMergedRule):
            def __init__(self, context: ValidationContext) -> None:
                super().__init__(context)
                self.rule_context.remaining_complexity_budget = MERGING_MAX // 10
                begun.append(self)

        assert validate(CORE, operation(name), [Watched]) == []
        assert len(begun) == 1
