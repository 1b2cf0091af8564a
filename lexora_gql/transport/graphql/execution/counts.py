"""What a document holds, counted in one pass that is linear in its size.

Fragments are counted once and remembered, so chains of fragments that double at each step cost nothing to count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

INTROSPECTION = frozenset({"__schema", "__type"})
TYPES_OF_TYPES = frozenset({"fields", "inputFields", "interfaces", "possibleTypes"})
NOTHING: tuple[DirectiveNode, ...] = ()


@dataclass(slots=True)
class Count:
    """What a selection set holds with all below it, fragments counted wherever they are spread.

    Attributes:
        depth: Fields within each other, introspection apart.
        fields: Those of its own level only.
        selections: Fields, fragments and spreads.
        literals: Lists and objects within each other in one value.
        introspection_depth: Fields within each other, from `__schema` or `__type` on.
        types_of_types: Lists of a type's fields, interfaces and such within each other, from there on.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    selections: int = 0
    literals: int = 0
    introspection_depth: int = 0
    types_of_types: int = 0
    lists: int = 0

    def add(self, other: "Count") -> None:
        """Count what stands beside it."""
        self.depth = max(self.depth, other.depth)
        self.fields += other.fields
        self.lists = max(self.lists, other.lists)
        self.add_below(other)

    def add_below(self, other: "Count") -> None:
        """Count what stands below one of its fields, but for how deep that is."""
        self.aliases += other.aliases
        self.directives += other.directives
        self.selections += other.selections
        self.literals = max(self.literals, other.literals)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.types_of_types = max(self.types_of_types, other.types_of_types)


@dataclass(slots=True)
class Counter:
    """Counts the operations of one document."""

    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, Count] = field(default_factory=dict)

    @classmethod
    def of(cls, document: DocumentNode) -> "Counter":
        """Return the counter for a document."""
        definitions = document.definitions
        return cls({node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)})

    def operation(self, node: OperationDefinitionNode) -> Count:
        """Return what an operation holds."""
        count = Count()
        self._directives(node.directives, count)
        for variable in node.variable_definitions or ():
            self._directives(variable.directives, count)
            if variable.default_value is not None:
                count.literals = max(count.literals, nesting(variable.default_value))
        self._selections(node.selection_set, count)
        return count

    def _selections(self, selection_set: SelectionSetNode, count: Count) -> None:
        for node in selection_set.selections:
            count.selections += 1
            self._directives(node.directives, count)
            if isinstance(node, FieldNode):
                self._field(node, count)
            elif isinstance(node, InlineFragmentNode):
                self._selections(node.selection_set, count)
            elif isinstance(node, FragmentSpreadNode):
                count.add(self._fragment(node.name.value))

    def _field(self, node: FieldNode, count: Count) -> None:
        count.fields += 1
        count.aliases += node.alias is not None
        self._arguments(node.arguments, count)
        below = Count()
        if node.selection_set is not None:
            self._selections(node.selection_set, below)
            count.add_below(below)
        name = node.name.value
        if name in INTROSPECTION:
            count.introspection_depth = max(count.introspection_depth, below.depth + 1)
            count.types_of_types = max(count.types_of_types, below.lists)
        else:
            count.depth = max(count.depth, below.depth + 1)
            count.lists = max(count.lists, below.lists + (name in TYPES_OF_TYPES))

    def _fragment(self, name: str) -> Count:
        if name not in self.known:
            # A fragment that spreads itself counts as nothing inside itself; validation refuses it.
            self.known[name] = Count()
            definition = self.fragments.get(name)
            if definition is not None:
                count = Count()
                self._directives(definition.directives, count)
                self._selections(definition.selection_set, count)
                self.known[name] = count
        return self.known[name]

    def _directives(self, nodes: Sequence[DirectiveNode] | None, count: Count) -> None:
        for node in nodes or NOTHING:
            count.directives += 1
            self._arguments(node.arguments, count)

    def _arguments(self, nodes: Sequence[ArgumentNode] | None, count: Count) -> None:
        for node in nodes or ():
            count.literals = max(count.literals, nesting(node.value))


def nesting(value: ValueNode) -> int:
    """Return how many lists and objects stand within each other; the parser sees that they are no more than 200."""
    if isinstance(value, ListValueNode):
        return 1 + max((nesting(item) for item in value.values), default=0)
    if isinstance(value, ObjectValueNode):
        return 1 + max((nesting(item.value) for item in value.fields), default=0)
    return 0
