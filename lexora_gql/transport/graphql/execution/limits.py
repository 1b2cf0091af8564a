"""What a document may hold: read, counted and refused before anything is validated."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, OperationDefinitionNode, parse

from lexora_gql.transport.graphql.errors import BAD_REQUEST
from lexora_gql.transport.graphql.execution.counts import Counter

TOO_COSTLY = "TOO_COSTLY"
GIVEN_UP = " Parsing aborted."
"""How graphql-core ends what it says of its own limits, and nothing else: a document's words would be in quotes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document may hold, and each of its operations with its fragments wherever they are spread.

    Attributes:
        source_lines: Each error looks for its place from the first one on.
        selections: Fields, fragments and spreads.
        literals: Lists and objects within each other in one value.
        introspection_depth: Of `__schema` and `__type`, which `depth` does not concern.
        types_of_types: Lists of a type's fields, interfaces and such within each other, below the same two.
    """

    tokens: int = 1_000
    source_characters: int = 50_000
    source_lines: int = 2_000
    comments: int = 1_000
    operations: int = 20
    fragments: int = 50
    depth: int = 14
    aliases: int = 15
    root_fields: int = 20
    directives: int = 50
    selections: int = 2_000
    literals: int = 10
    introspection_depth: int = 20
    types_of_types: int = 2


def too_costly(message: str) -> GraphQLError:
    """Return the error of a document that is beyond a limit."""
    return GraphQLError(message, extensions={"code": TOO_COSTLY})


def _beyond(what: str, found: int, most: int) -> GraphQLError:
    return too_costly(f"The document has {what} {min(found, 10**9)}; at most {most} are allowed.")


def parsed(source: str, limits: Limits) -> DocumentNode:
    """Return the document that a text says.

    Raises:
        GraphQLError: With the code TOO_COSTLY it is too long or nested too deeply; with BAD_REQUEST it is no GraphQL.
    """
    lines = 1 + source.count("\n") + source.count("\r") - source.count("\r\n")
    if len(source) > limits.source_characters:
        raise _beyond("characters:", len(source), limits.source_characters)
    if lines > limits.source_lines:
        raise _beyond("lines:", lines, limits.source_lines)
    try:
        return parse(source, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLError as error:
        if error.message.endswith(GIVEN_UP):
            message = error.message.removeprefix("Syntax Error: ").removesuffix(GIVEN_UP)
            raise too_costly(message) from error
        code = {"code": BAD_REQUEST}
        raise GraphQLError(error.message, None, error.source, error.positions, extensions=code) from error


def exceeded(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Return an error that names the first limit a document breaks; None where it breaks none."""
    try:
        for what, found, most in _counts(document, limits):
            if found > most:
                return _beyond(what, found, most)
    except RecursionError:
        # Each fragment goes as deep as the parser allows, and spreads the next one there.
        return too_costly("The document is nested too deeply.")
    return None


def _counts(document: DocumentNode, limits: Limits) -> Iterator[tuple[str, int, int]]:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = sum(isinstance(node, FragmentDefinitionNode) for node in document.definitions)
    yield "operations:", len(operations), limits.operations
    yield "fragments:", fragments, limits.fragments
    counter = Counter.of(document)
    for node in operations:
        count = counter.operation(node)
        yield "a depth of", count.depth, limits.depth
        yield "aliases:", count.aliases, limits.aliases
        yield "root fields:", count.fields, limits.root_fields
        yield "directives:", count.directives, limits.directives
        yield "selections:", count.selections, limits.selections
        yield "lists and objects within each other:", count.literals, limits.literals
        yield "levels of introspection:", count.introspection_depth, limits.introspection_depth
        yield "types of types within each other:", count.types_of_types, limits.types_of_types
