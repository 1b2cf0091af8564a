"""The schema: what it promises clients, and that nothing is without a word of explanation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    concat_ast,
    parse,
    validate,
    visit,
)

from lexora_gql.errors import DomainError
from lexora_gql.transport.graphql.execution import document_source
from lexora_gql.transport.graphql.refusals import RequestRefused
from lexora_gql.transport.graphql.schema import export_sdl
from lexora_gql.transport.graphql.websocket.protocol import CloseCode
from tests.shared_data import PROJECT, require_shared_data

SCHEMA = PROJECT / "schema"
OWN_SCALARS = {"String", "Int", "Float", "Boolean", "ID"}

# What came since, beside what was agreed on; clients that do not know it go on.
ADDED_FIELDS = {"Citation": {"pageImageUrl", "rects"}, "SearchHit": {"fusedRank", "rerankScore"}}

ADDED_TYPES = {"PageRect"}

ABSENT_FIELDS = {
    "Mutation": {
        "changePassword",
        "createApiKey",
        "deleteAccount",
        "deleteUser",
        "exchangeLoginCode",
        "requestPasswordReset",
        "resetPassword",
        "revokeApiKey",
        "revokeSession",
        "shareCollection",
        "transferCollection",
        "unshareCollection",
        "updateDocument",
        "updateProfile",
        "updateUser",
        "verifyEmail",
    },
    "Query": {"auditLog", "systemStatistics", "users"},
    "ServerInfo": {"identityProviders"},
    "User": {"apiKeys", "sessions"},
}
ABSENT_ARGUMENTS: dict[tuple[str, str], set[str]] = {}
"""What the contract has and this release has not; a line goes with each that comes."""


Kind = TypeVar("Kind")
ROOTS = ("Query", "Mutation", "Subscription")
SAYING_NOTHING = {"a", "an", "and", "i", "it", "of", "the", "their", "thi", "wa", "what"}
"""With the s taken off the end, as of every word."""


def operations() -> DocumentNode:
    """Return all operations that clients are given."""
    return concat_ast([parse(path.read_text()) for path in sorted((SCHEMA / "operations").glob("*.graphql"))])


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


def descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Yield what a description is of, such as `Query.search(first:)`, and the description."""
    for name, kind in own_types(schema).items():
        yield name, kind.description or ""
        parts = getattr(kind, "fields", None) or getattr(kind, "values", None) or {}
        for part_name, part in parts.items():
            yield f"{name}.{part_name}", part.description or ""
            for each, argument in getattr(part, "args", {}).items():
                yield f"{name}.{part_name}({each}:)", argument.description or ""


def words(text: str) -> set[str]:
    """Return the words that say something, of a sentence or of a name in any case."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", apart.lower())} - SAYING_NOTHING


def faults(schema: GraphQLSchema) -> list[str]:
    """Return what is badly described, and how."""
    found = []
    for where, text in descriptions(schema):
        own_name = where.rpartition("(")[2].rpartition(".")[2]
        if not text:
            found.append(f"{where} is not described")
        elif not text.endswith("."):
            found.append(f"{where} does not end with a full stop")
        elif words(text) <= words(own_name):
            found.append(f"{where} only says its name again")
    return found


class TestDescriptions:
    def test_each_says_something_in_a_sentence(self, exported: GraphQLSchema) -> None:
        assert faults(exported) == []

    @pytest.mark.parametrize(
        ("sdl", "fault"),
        [
            ("type Query { ok: Int }", "Query is not described"),
            ("type Query { bare: Int }", "Query.bare is not described"),
            ('type Query { "Fine." a(b: Int): Int }', "Query.a(b:) is not described"),
            ('type Query { "Fine." a(by: By): Int } enum By { A }', "By.A is not described"),
            ('type Query { "Fine." a(by: By): Int } input By { c: Int }', "By.c is not described"),
            ('scalar Long type Query { "Fine." a: Long }', "Long is not described"),
            ('type Query { "Fine, too" a: Int }', "Query.a does not end with a full stop"),
            ('"Reading?" type Query { a: Int }', "Query does not end with a full stop"),
            ('type Query { "The page count." pageCount: Int }', "Query.pageCount only says its name again"),
            ('type Query { "Its files." a(file: Int): Int }', "Query.a(file:) is not described"),
            ('type Query { "Fine." a("The file." file: Int): Int }', "Query.a(file:) only says its name again"),
            ('"What a query is." type Query { a: Int }', "Query only says its name again"),
            (
                'enum By { "Newest first." NEWEST_FIRST } type Query { a: By }',
                "By.NEWEST_FIRST only says its name again",
            ),
        ],
    )
    def test_what_is_badly_described_is_found(self, sdl: str, fault: str) -> None:
        assert fault in faults(build_schema(sdl))


class TestExport:
    def test_the_file_is_what_the_code_says(self) -> None:
        assert (SCHEMA / "lexora.graphql").read_text() == export_sdl()

    def test_every_code_stands_in_the_list_of_errors(self, exported: GraphQLSchema) -> None:
        codes = exported.type_map["ErrorCode"]
        assert isinstance(codes, GraphQLEnumType)
        text = (SCHEMA / "errors.md").read_text()

        assert [code for code in codes.values if f"`{code}`" not in text] == []


def all_below(base: type[Kind]) -> Iterator[type[Kind]]:
    """Yield the classes that inherit from one."""
    for kind in base.__subclasses__():
        yield kind
        yield from all_below(kind)


class TestErrors:
    """What errors.md lists is what the code may answer with."""

    @pytest.fixture
    def chapters(self) -> dict[str, str]:
        return dict(
            re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", (SCHEMA / "errors.md").read_text(), re.MULTILINE | re.DOTALL)
        )

    def test_every_code_beside_data_is_listed(self, chapters: dict[str, str], exported: GraphQLSchema) -> None:
        listed = set(re.findall(r"^\| `([A-Z_]+)`", chapters["`extensions.code`"], re.MULTILINE))
        members = exported.type_map["ErrorCode"]
        assert isinstance(members, GraphQLEnumType)
        of_domains = {kind.code for kind in all_below(DomainError)} - set(members.values)
        of_requests = {"BAD_REQUEST", "INTERNAL", "TOO_COSTLY", "INVALID_INPUT", "NOT_FOUND"}
        persisted = {
            str((error.extensions or {})["code"])
            for error in (document_source.NOT_FOUND, document_source.NOT_SUPPORTED)
        }

        assert listed == of_domains | of_requests | persisted

    def test_every_reason_why_a_document_failed_is_listed(
        self, chapters: dict[str, str], exported: GraphQLSchema
    ) -> None:
        rows = re.findall(r"^\| (`.*?) \|", chapters["Documents that FAILED"], re.MULTILINE)
        members = exported.type_map["IngestionFailureCode"]
        assert isinstance(members, GraphQLEnumType)

        assert {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row)} == set(members.values)

    def test_every_status_is_listed(self, chapters: dict[str, str]) -> None:
        listed = {int(status) for status in re.findall(r"^\| (\d{3}) \|", chapters["HTTP"], re.MULTILINE)}

        assert listed == {200, 400, 429, 500, 503} | {kind.status for kind in all_below(RequestRefused)}

    def test_every_close_code_is_listed(self, chapters: dict[str, str]) -> None:
        listed = [int(code) for code in re.findall(r"^\| (\d{4}) \|", chapters["WebSocket"], re.MULTILINE)]

        assert listed == sorted(CloseCode)


class TestContract:
    def test_nothing_is_there_that_was_not_agreed_on(self, exported: GraphQLSchema, contract: GraphQLSchema) -> None:
        assert {*own_types(exported)} <= {*own_types(contract)} | ADDED_TYPES

    def test_names_arguments_types_and_defaults_are_as_agreed(
        self, exported: GraphQLSchema, contract: GraphQLSchema
    ) -> None:
        for name, kind in own_types(exported).items():
            if name in ADDED_TYPES:
                continue
            agreed = shape(contract.type_map[name])
            for absent in ABSENT_FIELDS.get(name, ()):
                del agreed[absent]
            for (owner, field_name), arguments in ABSENT_ARGUMENTS.items():
                if owner == name:
                    kind_and_arguments = agreed[field_name]
                    assert isinstance(kind_and_arguments, tuple)
                    for argument in arguments:
                        del kind_and_arguments[1][argument]
            offered = shape(kind)
            for added in ADDED_FIELDS.get(name, ()):
                del offered[added]
            assert offered == agreed, name

    def test_interfaces_are_as_agreed(self, exported: GraphQLSchema, contract: GraphQLSchema) -> None:
        for name, kind in own_types(exported).items():
            agreed = contract.type_map.get(name)
            if isinstance(kind, GraphQLObjectType) and isinstance(agreed, GraphQLObjectType):
                assert {each.name for each in kind.interfaces} == {each.name for each in agreed.interfaces}, name


class _Roots(Visitor):
    """Collects the fields of the root types that operations select."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        owner = self.types.get_parent_type()
        if owner is not None and owner.name in ROOTS and not node.name.value.startswith("__"):
            self.found.add(f"{owner.name}.{node.name.value}")


def roots_not_asked_for(schema: GraphQLSchema, document: DocumentNode) -> set[str]:
    """Return the fields of the root types that no operation selects."""
    types = TypeInfo(schema)
    roots = _Roots(types)
    visit(document, TypeInfoVisitor(types, roots))
    there = {
        f"{name}.{field}"
        for name in ROOTS
        if isinstance(kind := schema.type_map.get(name), GraphQLObjectType)
        for field in kind.fields
    }
    return there - roots.found


class TestOperations:
    def test_each_is_valid(self, exported: GraphQLSchema) -> None:
        assert validate(exported, operations()) == []

    def test_there_is_one_for_each_field_of_the_roots(self, exported: GraphQLSchema) -> None:
        assert roots_not_asked_for(exported, operations()) == set()

    def test_a_field_of_a_root_that_none_asks_for_is_found(self) -> None:
        schema = build_schema("type Query { me: User  others: [User] } type User { name: String  others: [User] }")

        assert roots_not_asked_for(schema, parse("{ me { name others { name } } }")) == {"Query.others"}

    def test_those_of_the_playground_are_valid_too(self, exported: GraphQLSchema) -> None:
        folder = Path("lexora_gql") / "transport" / "graphiql" / "operations"
        for path in sorted((PROJECT / folder).glob("*.graphql")):
            assert validate(exported, parse(path.read_text())) == [], path.name
