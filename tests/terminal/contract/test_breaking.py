import pytest
from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
)

from lexora_gql.terminal.contract.breaking import ANNOUNCEMENT, changes

RELEASED = """
directive @shown(to: Role, since: Int! = 1) on FIELD | QUERY
directive @once repeatable on FIELD
interface Node { id: ID! }
interface Named { name: String! }
type User implements Node & Named { id: ID!  name: String!  email: String }
type Document implements Node { id: ID! }
union Found = User | Document
enum Role { USER ADMIN }
enum Order { ASC DESC }
type Spare { size: Int }
input Filter { role: Role  first: Int! = 10 }
type Query { search(words: String, first: Int! = 10, filter: Filter): [Found!]!  role: Role  order: Order }
"""
HISTORY = "# Changes\n\n## Unreleased\n\n{}\n\n## 0.1.0\n\n- **Breaking:** Field User.email was removed. Long ago.\n"
BREAKING = [
    ("email: String }", "}", "Field User.email was removed."),
    ("email: String }", "email: Int }", "Field User.email changed type from String to Int."),
    ("id: ID!  name", "id: ID  name", "Field User.id changed type from ID! to ID."),
    ("Node & Named {", "Node {", "User no longer implements interface Named."),
    ("= User | Document", "= User", "Document was removed from union type Found."),
    ("USER ADMIN", "USER", "Enum value Role.ADMIN was removed."),
    ("words: String, ", "", "Argument Query.search(words:) was removed."),
    ("words: String,", "words: String!,", "Argument Query.search(words:) has changed type from String to String!."),
    ("(words", "(deep: Boolean!, words", "A required argument Query.search(deep:) was added."),
    ("first: Int! = 10, ", "first: Int!, ", "Query.search(first:) defaultValue was removed."),
    ("first: Int! = 10 }", "first: Int! }", "Filter.first defaultValue was removed."),
    ("{ role: Role ", "{ ", "Field Filter.role was removed."),
    ("{ role: Role ", "{ tag: ID! role: Role ", "A required field Filter.tag was added."),
    ("  order: Order }", " }", "Field Query.order was removed."),
    ("enum Order { ASC DESC }", "type Order { asc: Int }", "Order changed from an Enum type to an Object type."),
    ("type Spare { size: Int }", "", "Spare was removed."),
    ("directive @once repeatable on FIELD", "", "Directive @once was removed."),
    ("@once repeatable", "@once", "Repeatable flag was removed from @once."),
    ("FIELD | QUERY", "FIELD", "QUERY was removed from @shown."),
    ("to: Role, ", "", "Argument @shown(to:) was removed."),
    ("to: Role, ", "to: Role, by: ID!, ", "A required argument @shown(by:) was added."),
    ("since: Int! = 1", "since: Int!", "@shown(since:) defaultValue was removed."),
]
DANGEROUS = [
    ("USER ADMIN", "USER ADMIN OWNER", "Enum value Role.OWNER was added."),
    ("= User | Document", "= User | Document | Query", "Query was added to union type Found."),
    ("{ role: Role ", "{ role: Role tag: ID ", "An optional field Filter.tag was added."),
    ("(words", "(deep: Boolean, words", "An optional argument Query.search(deep:) was added."),
    ("first: Int! = 10, ", "first: Int! = 20, ", "Query.search(first:) has changed defaultValue from 10 to 20."),
    ("first: Int! = 10 }", "first: Int! = 20 }", "Filter.first has changed defaultValue from 10 to 20."),
    (
        "Document implements Node {",
        "Document implements Node & Named { name: String!",
        "Named added to interfaces implemented by Document.",
    ),
]
SAFE = [
    ("email: String }", "email: String!  age: Int }"),
    ("type Document", '"A file."\ntype Document'),
    ("email: String }", 'email: String @deprecated(reason: "Nobody has one.") }'),
    ("enum Order", "type Page { size: Int }\nenum Order"),
]


def altered(old: str, new: str) -> str:
    assert old in RELEASED
    return RELEASED.replace(old, new, 1)


class TestTheTables:
    def test_have_every_kind_of_change(self) -> None:
        schemas = [build_schema(altered(old, new)) for old, new, _ in [*BREAKING, *DANGEROUS]]
        released = build_schema(RELEASED)

        breaking = {change.type for schema in schemas for change in find_breaking_changes(released, schema)}
        dangerous = {change.type for schema in schemas for change in find_dangerous_changes(released, schema)}

        assert breaking == set(BreakingChangeType)
        assert dangerous == set(DangerousChangeType)


class TestWhatBreaksClients:
    @pytest.mark.parametrize(("old", "new", "line"), BREAKING)
    def test_is_told_in_one_line(self, old: str, new: str, line: str) -> None:
        found = changes(build_schema(RELEASED), build_schema(altered(old, new)), HISTORY)

        assert line in found.unannounced
        assert found.announced == []
        assert line not in found.dangerous

    @pytest.mark.parametrize(("old", "new", "line"), BREAKING)
    def test_may_be_announced(self, old: str, new: str, line: str) -> None:
        history = HISTORY.format(f"{ANNOUNCEMENT}{line} Nobody could use it.")

        found = changes(build_schema(RELEASED), build_schema(altered(old, new)), history)

        assert found.announced == [line]
        assert line not in found.unannounced

    def test_is_not_excused_by_what_an_older_release_announced(self) -> None:
        found = changes(build_schema(RELEASED), build_schema(altered("email: String }", "}")), HISTORY)

        assert found.unannounced == ["Field User.email was removed."]

    def test_is_not_excused_by_another_announcement(self) -> None:
        history = HISTORY.format(f"{ANNOUNCEMENT}Field User.name was removed.")

        found = changes(build_schema(RELEASED), build_schema(altered("email: String }", "}")), history)

        assert found.unannounced == ["Field User.email was removed."]


class TestWhatDoesNotBreakThem:
    @pytest.mark.parametrize(("old", "new", "line"), DANGEROUS)
    def test_is_told_where_it_may_surprise_them(self, old: str, new: str, line: str) -> None:
        found = changes(build_schema(RELEASED), build_schema(altered(old, new)), HISTORY)

        assert (found.unannounced, found.dangerous) == ([], [line])

    @pytest.mark.parametrize(("old", "new"), SAFE)
    def test_is_passed_over_where_it_cannot(self, old: str, new: str) -> None:
        found = changes(build_schema(RELEASED), build_schema(altered(old, new)), HISTORY)

        assert (found.unannounced, found.announced, found.dangerous) == ([], [], [])
