"""Parts of the reference page, in Markdown: types as links, descriptions on one line, costs in words."""

from typing import Protocol

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLType,
    get_named_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import get_default_value_ast


class Weight(Protocol):
    """What a field costs: `points + size × (each + what is selected of each)`."""

    @property
    def points(self) -> int:
        """Each time it is resolved."""

    @property
    def each(self) -> int:
        """Points of each of its objects."""

    @property
    def size(self) -> int | str:
        """How many objects it is taken for: a number, or the arguments that tell it."""

    @property
    def is_of_page(self) -> bool:
        """Whether those arguments belong to the field above."""


def one_line(text: str | None) -> str:
    """Return a description without its line breaks."""
    return " ".join((text or "").split())


def link(name: str) -> str:
    """Return a link to a type's own heading."""
    return f"[{name}](#{name.lower()})"


def type_link(kind: GraphQLType) -> str:
    """Return a type with its brackets and exclamation marks, linked to where it is described."""
    named = get_named_type(kind)
    return f"`{kind}`" if is_specified_scalar_type(named) else f"[`{kind}`](#{named.name.lower()})"


def given(name: str, item: GraphQLArgument | GraphQLInputField) -> str:
    """Return the line of an argument or of an input's field."""
    value = get_default_value_ast(item)
    default = f", `{print_ast(value)}` when not given" if value is not None else ""
    return (
        f"- `{name}` {type_link(item.type)}{default}: {one_line(item.description)}{deprecated(item.deprecation_reason)}"
    )


def deprecated(reason: str | None) -> str:
    """Return a warning where something is to go."""
    return f" **Deprecated:** {one_line(reason)}" if reason is not None else ""


def cost(weight: Weight | None) -> str:
    """Return what a field costs; nothing where it costs nothing, or nobody says."""
    if weight is None:
        return ""
    if weight.size == 1:
        total = weight.points + weight.each
        return f" *Costs {_points(total)}.*" if total else ""
    many = f"`{weight.size}`".replace(" or ", "` or `") if isinstance(weight.size, str) else f"{weight.size} objects"
    where = " of the field above" if weight.is_of_page else ""
    each = f"{_points(weight.each)} and what is selected" if weight.each else "what is selected"
    first = f"{_points(weight.points)}, and " if weight.points else ""
    return f" *Costs {first}for each of {many}{where} {each}.*"


def _points(number: int) -> str:
    return f"{number} point" if number == 1 else f"{number} points"
