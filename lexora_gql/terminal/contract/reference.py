"""The reference page: what the schema says, for people to read, with links from each thing to the next."""

import re
from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)

from lexora_gql.terminal.contract.markdown import Weight, cost, deprecated, given, link, one_line, type_link

CONVENTIONS = "What holds everywhere"
ROOTS = {"Queries": "Query", "Mutations": "Mutation", "Subscriptions": "Subscription"}
KINDS: dict[str, type[GraphQLNamedType]] = {
    "Objects": GraphQLObjectType,
    "Interfaces": GraphQLInterfaceType,
    "Unions": GraphQLUnionType,
    "Inputs": GraphQLInputObjectType,
    "Enums": GraphQLEnumType,
    "Scalars": GraphQLScalarType,
}
FAILURE = "UserError"
TITLE = """# The schema, for people

Made by `lexora export-schema schema` from what the code says of each type and field. *Costs* are points, which
[what holds everywhere](#what-holds-everywhere) explains; what has no costs is free."""


def reference(schema: GraphQLSchema, weights: Mapping[str, Weight], readme: str) -> str:
    """Return the page.

    Args:
        schema: What it is about.
        weights: What fields cost, by "Type.field"; those that are not named cost nothing.
        readme: The text whose chapter on conventions goes before all.
    """
    page = _Page(schema, weights)
    chapters = {CONVENTIONS: _chapter(readme, CONVENTIONS)}
    chapters |= {title: page.root(name) for title, name in ROOTS.items()}
    chapters |= {title: page.kind(kind) for title, kind in KINDS.items()}
    contents = " · ".join(f"[{title}](#{title.lower().replace(' ', '-')})" for title in chapters)
    return "\n\n".join([TITLE, contents, *(f"## {title}\n\n{text}" for title, text in chapters.items())]) + "\n"


def _chapter(text: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n+(.*?)\s*(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


class _Page:
    def __init__(self, schema: GraphQLSchema, weights: Mapping[str, Weight]) -> None:
        self._schema = schema
        self._weights = weights
        codes = schema.type_map.get("ErrorCode")
        self._codes = set(codes.values) if isinstance(codes, GraphQLEnumType) else set()

    def root(self, name: str) -> str:
        kind = self._schema.type_map.get(name)
        fields = kind.fields if isinstance(kind, GraphQLObjectType) else {}
        parts = [one_line(kind.description)] if kind is not None and kind.description else []
        for each, field in sorted(fields.items()):
            lines = [f"### {name}.{each}", f"{self._said(f'{name}.{each}', field)}"]
            lines += ["\n".join(given(*item) for item in field.args.items())] if field.args else []
            parts += [*lines, f"Gives {type_link(field.type)}{self._outcomes(get_named_type(field.type))}."]
        return "\n\n".join(parts)

    def kind(self, wanted: type[GraphQLNamedType]) -> str:
        named = (kind for name, kind in sorted(self._schema.type_map.items()) if name not in ROOTS.values())
        own = (kind for kind in named if not is_introspection_type(kind) and not is_specified_scalar_type(kind))
        return "\n\n".join(self._described(kind) for kind in own if isinstance(kind, wanted))

    def _described(self, kind: GraphQLNamedType) -> str:
        lines = "\n".join(self._lines(kind))
        return "\n\n".join(
            filter(None, [f"### {kind.name}", one_line(kind.description), *self._relations(kind), lines])
        )

    def _relations(self, kind: GraphQLNamedType) -> Iterator[str]:
        if isinstance(kind, GraphQLObjectType) and kind.interfaces:
            yield f"Implements {', '.join(link(each.name) for each in kind.interfaces)}."
        if isinstance(kind, GraphQLInterfaceType):
            possible = self._schema.get_possible_types(kind)
            yield f"Implemented by {', '.join(sorted(link(each.name) for each in possible))}."

    def _lines(self, kind: GraphQLNamedType) -> Iterator[str]:
        match kind:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in kind.fields.items():
                    yield f"- `{name}` {type_link(field.type)}: {self._said(f'{kind.name}.{name}', field)}"
                    yield from (f"  {given(*item)}" for item in field.args.items())
            case GraphQLInputObjectType():
                yield from (given(*item) for item in kind.fields.items())
            case GraphQLEnumType():
                for name, value in kind.values.items():
                    yield f"- `{name}`: {one_line(value.description)}{deprecated(value.deprecation_reason)}"
            case GraphQLUnionType():
                for member in kind.types:
                    yield f"- {self._member(member)}: {one_line(member.description)}"

    def _said(self, key: str, field: GraphQLField) -> str:
        return one_line(field.description) + deprecated(field.deprecation_reason) + cost(self._weights.get(key))

    def _outcomes(self, kind: GraphQLNamedType) -> str:
        members = kind.types if isinstance(kind, GraphQLUnionType) else ()
        return f": {', '.join(map(self._member, members))}" if members else ""

    def _member(self, kind: GraphQLObjectType) -> str:
        code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.name).upper()
        is_failure = any(each.name == FAILURE for each in kind.interfaces)
        return f"{link(kind.name)} (`{code}`)" if is_failure and code in self._codes else link(kind.name)
