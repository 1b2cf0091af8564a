"""The operations that these commands send, from the files that every client may use."""

from functools import cache
from pathlib import Path

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    Visitor,
    parse,
    visit,
)

from lexora_gql.terminal.errors import CannotGoOn

FOLDER = Path(__file__).resolve().parents[2] / "schema" / "operations"


def operation_names(folder: Path = FOLDER) -> list[str]:
    """Return the names of all operations, in order.

    Raises:
        CannotGoOn: There are none, or a file cannot be parsed.
    """
    return sorted(
        node.name.value
        for document in _documents(folder)
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.name is not None
    )


@cache
def operation(name: str, folder: Path = FOLDER) -> DocumentNode:
    """Return an operation with the fragments that it spreads, and nothing else.

    Raises:
        CannotGoOn: It is not there, or a file cannot be parsed.
    """
    parsed = _documents(folder)
    everywhere = {name: node for document in parsed for name, node in _fragments(document).items()}
    for document in parsed:
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode) and node.name is not None and node.name.value == name:
                # A file's own fragments come first: another file may name one alike.
                return DocumentNode(definitions=(node, *_spread(node, everywhere | _fragments(document))))
    raise CannotGoOn(f"{folder} has no operation named {name}; it is of another release.")


@cache
def _documents(folder: Path) -> tuple[DocumentNode, ...]:
    paths = sorted(folder.glob("*.graphql"))
    if not paths:
        raise CannotGoOn(f"{folder} holds no operations; this command needs Lexora's checkout.")
    return tuple(_parsed(path) for path in paths)


def _parsed(path: Path) -> DocumentNode:
    try:
        return parse(path.read_text(encoding="utf-8"), no_location=True)
    except (OSError, GraphQLSyntaxError) as error:
        raise CannotGoOn(f"{path} cannot be read: {str(error).splitlines()[0]}") from None


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)


def _spread(node: Node, known: dict[str, FragmentDefinitionNode]) -> tuple[FragmentDefinitionNode, ...]:
    found: dict[str, FragmentDefinitionNode] = {}
    waiting = [node]
    while waiting:
        spreads = _Spreads()
        visit(waiting.pop(), spreads)
        for name in spreads.names:
            if name in known and name not in found:
                found[name] = known[name]
                waiting.append(known[name])
    return tuple(found.values())
