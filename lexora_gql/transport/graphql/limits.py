"""What an operation may ask for, counted before validation in one pass that is linear in the document's size.

Fragments are counted once and remembered, so chains of fragments that double at each step cost nothing to count.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

TOO_COSTLY = "TOO_COSTLY"
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one operation may hold, its fragments counted wherever they are spread."""

    tokens: int = 1_000
    source_characters: int = 100_000
    comments: int = 1_000
    depth: int = 14
    aliases: int = 15
    root_fields: int = 20
    fragments: int = 50
    directives: int = 50


@dataclass(frozen=True, slots=True)
class Count:
    """What a selection set holds, with all below it."""

    depth: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0

    def beside(self, other: "Count") -> "Count":
        """Return the count of two selections next to each other."""
        return Count(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.root_fields + other.root_fields,
            self.directives + other.directives,
        )


@dataclass(slots=True)
class _Counter:
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, Count] = field(default_factory=dict)

    def selections(self, selection_set: SelectionSetNode | None) -> Count:
        count = Count()
        for selection in selection_set.selections if selection_set is not None else ():
            count = count.beside(self.selection(selection))
        return count

    def selection(self, node: SelectionNode) -> Count:
        own = Count(directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            below = self.selections(node.selection_set)
            # Introspection is as deep as its queries are; tokens bound it.
            depth = 0 if node.name.value in INTROSPECTION else below.depth + 1
            return own.beside(Count(depth, below.aliases + (node.alias is not None), 1, below.directives))
        if isinstance(node, InlineFragmentNode):
            return own.beside(self.selections(node.selection_set))
        if isinstance(node, FragmentSpreadNode):
            return own.beside(self.fragment(node.name.value))
        return own

    def fragment(self, name: str) -> Count:
        if name not in self.known:
            # A fragment that spreads itself counts as nothing inside itself; validation refuses it.
            self.known[name] = Count()
            definition = self.fragments.get(name)
            if definition is not None:
                own = Count(directives=len(definition.directives or ()))
                self.known[name] = own.beside(self.selections(definition.selection_set))
        return self.known[name]


def exceeded(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Return an error that names the first limit a document breaks; None where it breaks none."""
    for what, found, most in _counts(document, limits):
        if found > most:
            message = f"The document has {what} {min(found, 10**9)}; at most {most} are allowed."
            return GraphQLError(message, extensions={"code": TOO_COSTLY})
    return None


def _counts(document: DocumentNode, limits: Limits) -> Iterator[tuple[str, int, int]]:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    yield "fragments:", sum(isinstance(node, FragmentDefinitionNode) for node in document.definitions), limits.fragments
    counter = _Counter(fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            count = counter.selections(node.selection_set)
            yield "a depth of", count.depth, limits.depth
            yield "aliases:", count.aliases, limits.aliases
            yield "root fields:", count.root_fields, limits.root_fields
            yield "directives:", count.directives + len(node.directives or ()), limits.directives
