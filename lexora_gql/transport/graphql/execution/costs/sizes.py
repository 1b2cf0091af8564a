"""How long a list will be, as its arguments say: now, or once the variables are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_list_type,
)

from lexora_gql.services import PAGE_MAX


@dataclass(frozen=True, slots=True)
class Given:
    """What one argument was given.

    Attributes:
        count: What it says; the variable's default where there is a variable. None where it says nothing.
        variable: The variable that says it.
        is_list: Whether it is a list of the length that counts, not a number.
    """

    count: int | None
    variable: str | None = None
    is_list: bool = False

    def of(self, variables: Mapping[str, Any]) -> int | None:
        """Return what it says, 0 to `PAGE_MAX`; None for nothing, and for what is no count."""
        if self.variable is None or self.variable not in variables:
            return self.count
        return _count(variables[self.variable], is_list=self.is_list)


@dataclass(frozen=True, slots=True)
class Size:
    """The length of a list.

    Attributes:
        otherwise: Where no argument says anything.
        arguments: The first that says something counts.
    """

    otherwise: int
    arguments: tuple[Given, ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the length."""
        counts = (argument.of(variables) for argument in self.arguments)
        return next((count for count in counts if count is not None), self.otherwise)

    @property
    def is_fixed(self) -> bool:
        """Whether it needs no variables."""
        return all(argument.variable is None for argument in self.arguments)


def defaults_of(operation: OperationDefinitionNode) -> dict[str, ValueNode]:
    """Return the default values of an operation's variables."""
    return {
        node.variable.name.value: node.default_value
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }


def size_of(
    node: FieldNode, definition: GraphQLField, names: tuple[str, ...], *, defaults: Mapping[str, ValueNode], none: int
) -> Size:
    """Return the length that a field's arguments ask for.

    Args:
        node: The field as it was written.
        definition: The same in the schema.
        names: The arguments that say it, in the order in which they count: a number, or a list of the same length.
        defaults: Of the variables.
        none: The length where no argument says it.
    """
    written = {argument.name.value: argument.value for argument in node.arguments or ()}
    size = Size(none, tuple(_given(written.get(name), definition.args[name], defaults) for name in names))
    return Size(size.of({})) if size.is_fixed else size


def _given(value: ValueNode | None, argument: GraphQLArgument, defaults: Mapping[str, ValueNode]) -> Given:
    is_list = is_list_type(get_nullable_type(argument.type))
    unsaid = None if argument.default_value is Undefined else _count(argument.default_value, is_list=is_list)
    if isinstance(value, VariableNode):
        name = value.name.value
        return Given(_literal(defaults[name], is_list=is_list) if name in defaults else unsaid, name, is_list)
    return Given(unsaid if value is None else _literal(value, is_list=is_list))


def _literal(value: ValueNode, *, is_list: bool) -> int | None:
    if isinstance(value, ListValueNode):
        return _count(value.values, is_list=is_list)
    # Longer numbers than Python likes to read are beyond the bounds, anyway.
    return _count(int(value.value[:10]), is_list=is_list) if isinstance(value, IntValueNode) else None


def _count(value: object, *, is_list: bool) -> int | None:
    if is_list:
        return min(len(value), PAGE_MAX) if isinstance(value, list | tuple) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # An integer may be too long to become a float, which isnan() would ask for.
    return None if isinstance(value, float) and isnan(value) else int(min(max(value, 1), PAGE_MAX))
