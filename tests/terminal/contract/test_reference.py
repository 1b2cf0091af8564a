import re
from collections import Counter
from dataclasses import dataclass

import pytest
from graphql import GraphQLObjectType, build_schema

from lexora_gql.terminal.contract.markdown import cost
from lexora_gql.terminal.contract.reference import reference
from lexora_gql.transport.graphql.execution.costs.weights import describe
from lexora_gql.transport.graphql.schema import CORE, export_sdl
from tests.shared_data import PROJECT

SDL = '''
"""Reading."""
type Query {
  """The files,
  newest first."""
  files("At most." first: Int! = 8, "Only these." kinds: [Kind!]): [File!]!
}
"""Changing."""
type Mutation {
  """Remove a file."""
  remove("Which." input: RemoveInput!): RemoveResult!
}
"""What came of it."""
union RemoveResult = File | NotFound
"""What is removed."""
input RemoveInput {
  """Its id."""
  id: ID!
  """Whether for good."""
  forever: Boolean = false
}
"""An expected failure."""
interface UserError {
  """For programs."""
  code: ErrorCode!
}
"""It is not there."""
type NotFound implements UserError {
  """For programs."""
  code: ErrorCode!
}
"""Codes."""
enum ErrorCode {
  """It is not there."""
  NOT_FOUND
}
"""Kinds of files."""
enum Kind {
  """Words."""
  TEXT
  """Pixels."""
  IMAGE @deprecated(reason: "Nobody reads them.")
}
"""A size."""
scalar Long
"""A file."""
type File {
  """Its name."""
  name: String! @deprecated(reason: "Use `id`.")
  """In bytes."""
  size("Of what." of: Kind): Long
}
'''
PAGE = """## What holds everywhere

- **Ids** are opaque.

## Queries

Reading.

### Query.files

The files, newest first. *Costs 10 points, and for each of `first` 1 point and what is selected.*

- `first` `Int!`, `8` when not given: At most.
- `kinds` [`[Kind!]`](#kind): Only these.

Gives [`[File!]!`](#file).

## Mutations

Changing.

### Mutation.remove

Remove a file.

- `input` [`RemoveInput!`](#removeinput): Which.

Gives [`RemoveResult!`](#removeresult): [File](#file), [NotFound](#notfound) (`NOT_FOUND`).

## Subscriptions



## Objects

### File

A file.

- `name` `String!`: Its name. **Deprecated:** Use `id`.
- `size` [`Long`](#long): In bytes. *Costs 1 point.*
  - `of` [`Kind`](#kind): Of what.

### NotFound

It is not there.

Implements [UserError](#usererror).

- `code` [`ErrorCode!`](#errorcode): For programs.

## Interfaces

### UserError

An expected failure.

Implemented by [NotFound](#notfound).

- `code` [`ErrorCode!`](#errorcode): For programs.

## Unions

### RemoveResult

What came of it.

- [File](#file): A file.
- [NotFound](#notfound) (`NOT_FOUND`): It is not there.

## Inputs

### RemoveInput

What is removed.

- `id` `ID!`: Its id.
- `forever` `Boolean`, `false` when not given: Whether for good.

## Enums

### ErrorCode

Codes.

- `NOT_FOUND`: It is not there.

### Kind

Kinds of files.

- `TEXT`: Words.
- `IMAGE`: Pixels. **Deprecated:** Nobody reads them.

## Scalars

### Long

A size.
"""
README = "# The contract\n\n## What holds everywhere\n\n- **Ids** are opaque.\n\n## How it changes\n\nSlowly.\n"


@dataclass(frozen=True, slots=True)
class Weighs:
    points: int
    each: int = 0
    size: int | str = 1
    is_of_page: bool = False


class TestAReferencePage:
    def test_says_all_that_the_schema_says(self) -> None:
        weights = {"Query.files": Weighs(10, 1, "first"), "File.size": Weighs(1), "File.name": Weighs(0)}

        page = reference(build_schema(SDL), weights, README)

        assert page[page.index("## What holds") :] == PAGE

    @pytest.mark.parametrize(
        ("weight", "words"),
        [
            (None, ""),
            (Weighs(0), ""),
            (Weighs(20), " *Costs 20 points.*"),
            (Weighs(0, 1), " *Costs 1 point.*"),
            (Weighs(100, 1), " *Costs 101 points.*"),
            (Weighs(0, 1, 8), " *Costs for each of 8 objects 1 point and what is selected.*"),
            (Weighs(5, 0, "first or last"), " *Costs 5 points, and for each of `first` or `last` what is selected.*"),
            (
                Weighs(0, 1, "first", True),
                " *Costs for each of `first` of the field above 1 point and what is selected.*",
            ),
        ],
    )
    def test_says_costs_in_words(self, weight: Weighs | None, words: str) -> None:
        assert cost(weight) == words


@pytest.fixture(scope="module")
def page() -> str:
    """The project's own page."""
    readme = (PROJECT / "schema" / "README.md").read_text(encoding="utf-8")
    return reference(build_schema(export_sdl()), describe(CORE), readme)


class TestTheProjectsPage:
    def test_each_link_leads_to_one_heading(self, page: str) -> None:
        headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        anchors = Counter(re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings)

        assert [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", page) if anchors[anchor] != 1] == []

    def test_nothing_is_left_out(self, page: str) -> None:
        parts = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
        for name, kind in build_schema(export_sdl()).type_map.items():
            if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
                continue
            if name in {"Query", "Mutation", "Subscription"}:
                assert isinstance(kind, GraphQLObjectType)
                assert {f"{name}.{field}" for field in kind.fields} <= set(parts)
                continue
            inside = [f"`{each}`" for each in getattr(kind, "fields", getattr(kind, "values", ()))]
            inside += [f"[{each.name}](#{each.name.lower()})" for each in getattr(kind, "types", ())]
            assert [each for each in inside if each not in parts[name]] == [], name

    def test_what_may_go_wrong_is_told_with_each_change(self, page: str) -> None:
        assert "[QuotaExceeded](#quotaexceeded) (`QUOTA_EXCEEDED`)" in page.partition("### Mutation.sendMessage")[2]
