"""The schema: what it promises clients, and that nothing is without a word of explanation."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    concat_ast,
    parse,
    validate,
)

from lexora_gql.transport.graphql.schema import export_sdl
from tests.shared_data import PROJECT, require_shared_data

SCHEMA = PROJECT / "schema"
OWN_SCALARS = {"String", "Int", "Float", "Boolean", "ID"}

ABSENT_FIELDS = {
    "Message": {"feedback"},
    "Mutation": {
        "changePassword",
        "createApiKey",
        "deleteAccount",
        "deleteUser",
        "editMessage",
        "exchangeLoginCode",
        "rateMessage",
        "regenerateAnswer",
        "reprocessFailedDocuments",
        "requestPasswordReset",
        "resetPassword",
        "revokeApiKey",
        "revokeSession",
        "shareCollection",
        "startReindex",
        "transferCollection",
        "unshareCollection",
        "updateDocument",
        "updateProfile",
        "updateUser",
        "verifyEmail",
    },
    "Query": {"auditLog", "exportConversation", "reindex", "systemStatistics", "users"},
    "ServerInfo": {"identityProviders"},
    "User": {"apiKeys", "quotas", "sessions", "usage"},
}
ABSENT_ARGUMENTS = {("Query", "conversations"): {"search"}}
"""What the contract has and this release has not; a line goes with each that comes."""


@pytest.fixture(scope="module")
def exported() -> GraphQLSchema:
    """The schema as clients get it."""
    return build_schema(export_sdl())


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    """The schema that was agreed on."""
    # It stands beside the shared data.
    return build_schema(require_shared_data("..", "design", "contract.graphql").read_text())


def own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    """Return the types that are no part of GraphQL itself."""
    return {
        name: kind for name, kind in schema.type_map.items() if not name.startswith("__") and name not in OWN_SCALARS
    }


def shape(kind: GraphQLNamedType) -> dict[str, object]:
    """Return all that a client's operations depend on."""
    if isinstance(kind, GraphQLEnumType):
        return dict.fromkeys(kind.values)
    if isinstance(kind, GraphQLUnionType):
        return dict.fromkeys(member.name for member in kind.types)
    if isinstance(kind, GraphQLInputObjectType):
        return {name: (str(field.type), field.default_value) for name, field in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return {
            name: (str(field.type), {each: (str(arg.type), arg.default_value) for each, arg in field.args.items()})
            for name, field in kind.fields.items()
        }
    return {}


class TestExport:
    def test_the_file_is_what_the_code_says(self) -> None:
        assert (SCHEMA / "lexora.graphql").read_text() == export_sdl()

    def test_everything_is_described(self, exported: GraphQLSchema) -> None:
        undescribed = []
        for name, kind in own_types(exported).items():
            undescribed += [name] if not kind.description else []
            parts = getattr(kind, "fields", None) or getattr(kind, "values", None) or {}
            for part_name, part in parts.items():
                undescribed += [f"{name}.{part_name}"] if not part.description else []
                arguments = getattr(part, "args", {})
                undescribed += [f"{name}.{part_name}({each})" for each in arguments if not arguments[each].description]

        assert undescribed == []

    def test_every_code_stands_in_the_list_of_errors(self, exported: GraphQLSchema) -> None:
        codes = exported.type_map["ErrorCode"]
        assert isinstance(codes, GraphQLEnumType)
        text = (SCHEMA / "errors.md").read_text()

        assert [code for code in codes.values if f"`{code}`" not in text] == []


class TestContract:
    def test_nothing_is_there_that_was_not_agreed_on(self, exported: GraphQLSchema, contract: GraphQLSchema) -> None:
        assert {*own_types(exported)} <= {*own_types(contract)}

    def test_names_arguments_types_and_defaults_are_as_agreed(
        self, exported: GraphQLSchema, contract: GraphQLSchema
    ) -> None:
        for name, kind in own_types(exported).items():
            agreed = shape(contract.type_map[name])
            for absent in ABSENT_FIELDS.get(name, ()):
                del agreed[absent]
            for (owner, field_name), arguments in ABSENT_ARGUMENTS.items():
                if owner == name:
                    kind_and_arguments = agreed[field_name]
                    assert isinstance(kind_and_arguments, tuple)
                    for argument in arguments:
                        del kind_and_arguments[1][argument]
            assert shape(kind) == agreed, name

    def test_interfaces_are_as_agreed(self, exported: GraphQLSchema, contract: GraphQLSchema) -> None:
        for name, kind in own_types(exported).items():
            agreed = contract.type_map[name]
            if isinstance(kind, GraphQLObjectType) and isinstance(agreed, GraphQLObjectType):
                assert {each.name for each in kind.interfaces} == {each.name for each in agreed.interfaces}, name


class TestOperations:
    def test_each_is_valid(self, exported: GraphQLSchema) -> None:
        files = sorted((SCHEMA / "operations").glob("*.graphql"))

        assert [path.name for path in files] != []
        assert validate(exported, concat_ast([parse(path.read_text()) for path in files])) == []

    def test_those_of_the_playground_are_valid_too(self, exported: GraphQLSchema) -> None:
        folder = Path("lexora_gql") / "transport" / "graphiql" / "operations"
        for path in sorted((PROJECT / folder).glob("*.graphql")):
            assert validate(exported, parse(path.read_text())) == [], path.name
