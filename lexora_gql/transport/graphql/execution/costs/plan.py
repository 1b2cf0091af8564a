"""What one execution of an operation costs at most, in points, before it is executed.

An operation is planned once: what it asks for becomes a sum, in which lists multiply what is asked of each of their
objects. Where all lengths stand in the document the sum is a number; otherwise it is worked out with the variables of
each execution, each fragment once. `weights` has what fields weigh, and what a point is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
)

from lexora_gql.services import PAGE_DEFAULT
from lexora_gql.transport.graphql.execution.costs.sizes import Size, defaults_of, size_of
from lexora_gql.transport.graphql.execution.costs.weights import FIRST, PAGE_ARGUMENTS, weight_of

POINTS_MAX = 10**9
ONE = Size(1)


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A number, and products that wait for the variables."""

    constant: int = 0
    products: tuple[tuple[Size, "Sum"], ...] = ()

    @classmethod
    def of(cls, parts: list["Sum"]) -> "Sum":
        """Return a sum of sums."""
        constant = sum(part.constant for part in parts if not part.products)
        return cls(min(constant, POINTS_MAX), tuple((ONE, part) for part in parts if part.products))

    def times(self, size: Size) -> "Sum":
        """Return its product with a size."""
        if size.is_fixed and not self.products:
            return Sum(min(self.constant * size.otherwise, POINTS_MAX))
        return Sum(0, ((size, self),))

    def value(self, variables: Mapping[str, Any], known: dict["Sum", int]) -> int:
        """Return what it comes to, at most `POINTS_MAX`; what is `known` is not worked out again."""
        if not self.products:
            return self.constant
        if self not in known:
            total = sum(size.of(variables) * part.value(variables, known) for size, part in self.products)
            known[self] = min(self.constant + total, POINTS_MAX)
        return known[self]


@dataclass(frozen=True, slots=True)
class Cost:
    """What selections cost.

    Attributes:
        once: Points, however long the page is that they are made on.
        each: Points for each object of that page.
        files: Files that they take in.
    """

    once: Sum = Sum()
    each: Sum = Sum()
    files: Sum = Sum()

    @classmethod
    def of(cls, parts: list["Cost"]) -> "Cost":
        """Return the cost of selections next to each other."""
        return cls(
            Sum.of([part.once for part in parts]),
            Sum.of([part.each for part in parts]),
            Sum.of([part.files for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class CostPlan:
    """What an operation costs, as far as its document says."""

    cost: Cost

    def points(self, variables: Mapping[str, Any]) -> int:
        """Return the points of one execution; variables that are missing or wrong count as not given."""
        return self.cost.once.value(variables, {})

    def uploads(self, variables: Mapping[str, Any]) -> int:
        """Return how many files one execution takes in."""
        return self.cost.files.value(variables, {})


def plan(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> CostPlan:
    """Return what an operation of a valid document costs."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    planner = _Planner(schema, fragments, defaults_of(operation))
    root = cast("GraphQLCompositeType", schema.get_root_type(operation.operation))
    return CostPlan(planner.selections(root, operation.selection_set))


@dataclass(slots=True)
class _Planner:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    defaults: dict[str, ValueNode]
    known: dict[str, Cost] = field(default_factory=dict)

    def selections(self, kind: GraphQLCompositeType, selection_set: SelectionSetNode) -> Cost:
        costs = []
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                costs.append(self.field(kind, node))
            elif isinstance(node, FragmentSpreadNode):
                costs.append(self.fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                inner = self.narrowed(node.type_condition) if node.type_condition is not None else kind
                costs.append(self.selections(inner, node.selection_set))
        return Cost.of(costs)

    def fragment(self, name: str) -> Cost:
        if name not in self.known:
            # A fragment that spreads itself is not valid; where one is planned all the same, it ends here.
            self.known[name] = Cost()
            definition = self.fragments[name]
            self.known[name] = self.selections(self.narrowed(definition.type_condition), definition.selection_set)
        return self.known[name]

    def narrowed(self, condition: NamedTypeNode) -> GraphQLCompositeType:
        return cast("GraphQLCompositeType", self.schema.type_map[condition.name.value])

    def field(self, kind: GraphQLCompositeType, node: FieldNode) -> Cost:
        definition = self.schema.get_field(kind, node.name.value)
        if definition is None:
            return Cost()
        weight = weight_of(kind, node.name.value, definition)
        below = Cost()
        if node.selection_set is not None:
            below = self.selections(cast("GraphQLCompositeType", get_named_type(definition.type)), node.selection_set)
        selected = below.once
        if FIRST in definition.args:
            page = self.size(node, definition, PAGE_ARGUMENTS, PAGE_DEFAULT)
            selected = Sum.of([below.once, below.each.times(page)])
        each = Sum.of([Sum(weight.each), selected])
        if weight.is_of_page:
            return Cost(Sum(weight.points), each)
        size = ONE
        if isinstance(weight.size, str):
            size = self.size(node, definition, (weight.size,), 1)
        elif weight.size > 1:
            size = Size(weight.size)
        return Cost(Sum.of([Sum(weight.points), each.times(size)]), files=Sum(weight.files).times(size))

    def size(self, node: FieldNode, definition: GraphQLField, names: tuple[str, ...], none: int) -> Size:
        names = tuple(name for name in names if name in definition.args)
        return size_of(node, definition, names, defaults=self.defaults, none=none)
