"""What each field of the schema weighs, and how many objects its lists are taken to hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)

ROOT_OF_CHANGE = 10
"""The least that a root field of Mutation or Subscription weighs."""
FIRST = "first"
PAGE_ARGUMENTS = (FIRST, "last")
TAKES_FILES = frozenset({"Mutation.uploadDocument", "Mutation.uploadDocuments"})

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "Mutation.register": 400,
        "Mutation.login": 400,
        "Mutation.sendMessage": 200,
        "Mutation.editMessage": 200,
        "Mutation.regenerateAnswer": 200,
        "Mutation.uploadDocument": 100,
        "Mutation.uploadDocuments": 100,
        "Mutation.reprocessDocument": 50,
        "Mutation.reprocessFailedDocuments": 200,
        "Mutation.deleteCollection": 50,
        "Mutation.deleteConversation": 20,
        "Mutation.startReindex": 100,
        "Query.__schema": 50,
        "Query.__type": 5,
        "Query.documentFeedCursor": 5,
        "Query.search": 100,
        "Query.documents": 10,
        "Query.collections": 10,
        "Query.conversations": 10,
        "Query.exportConversation": 50,
        "Query.reindex": 10,
        "User.documents": 5,
        "User.conversations": 5,
        "User.collections": 5,
        "User.quotas": 10,
        "User.usage": 10,
        "Collection.documents": 5,
        "Conversation.messages": 5,
        "Document.chunks": 5,
        "Document.text": 20,
        "Document.downloadUrl": 1,
        "Citation.rects": 100,
        "CollectionConnection.totalCount": 5,
        "ConversationConnection.totalCount": 5,
        "DocumentConnection.totalCount": 5,
        "MessageConnection.totalCount": 5,
        "ChunkConnection.totalCount": 5,
    }
)
"""Points of a field each time it is resolved, where they are not what such a field usually weighs.

A point is about a tenth of a millisecond of a server's time, so that a budget of points is one of time: so long an
object with its scalars takes to resolve and to write. The rest is in proportion: an Argon2id verification takes 40 ms,
a search with its embedding and two rankings 10 ms, a question as much again for the start of its answer, a list's
statement 1 ms and half of that where loaders share it, a count half a millisecond, 100,000 characters of text 2 ms,
the words of a PDF's page with the process that reads them 10 ms where several are read together.
Files weigh what is done at once; reading them is the workers' business, and has limits of its own.

Whatever is not named here weighs: a scalar, an enum, a connection, an edge and a `pageInfo` nothing, since their nodes
are weighed; any other object one; a root field of Mutation or Subscription `ROOT_OF_CHANGE`.
"""

SIZES: Mapping[str, int | str] = MappingProxyType(
    {
        "Query.nodes": "ids",
        "Mutation.uploadDocuments": "inputs",
        "SearchResult.hits": "first",
        "SearchHit.highlights": 5,
        "User.quotas": 2,
        "Message.siblings": 3,
        "Message.citations": 8,
        "Citation.rects": 3,
        "AnswerSources.sources": 8,
        "RetrievalTrace.sources": 8,
        "Collection.members": 10,
        "__Schema.types": 15,
        "__Schema.directives": 1,
        "__Directive.args": 1,
        "__Field.args": 2,
        "__Type.fields": 8,
        "__Type.inputFields": 4,
        "__Type.enumValues": 5,
        "__Type.interfaces": 1,
        "__Type.possibleTypes": 3,
    }
)
"""Objects in a list: a number that is typical, or the argument that tells it.

An argument of the list itself is a list of the same length; otherwise it is a number given to the field above. What
introspection tells of is in memory, so that a tenth of the types is taken for all of them.
"""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a field weighs: `points + size × (each + what is selected of each)`.

    Attributes:
        points: Each time it is resolved.
        each: Points of each of its objects.
        size: Objects of it: a number, or the argument that tells it.
        is_of_page: Whether that argument belongs to the field above.
        files: Files that each of its objects takes in.
    """

    points: int
    each: int = 0
    size: int | str = 1
    is_of_page: bool = False
    files: int = 0


def weight_of(kind: GraphQLNamedType, name: str, field: GraphQLField) -> Weight:
    """Return what a field weighs.

    Args:
        kind: The type that it is a field of.
        name: Its name.
        field: Its definition.

    Raises:
        LookupError: It is a list of objects, and nothing tells how long.
    """
    key = f"{kind.name}.{name}"
    is_change = kind.name in {"Mutation", "Subscription"} and not name.startswith("__")
    points = WEIGHTS.get(key, ROOT_OF_CHANGE if is_change else 0)
    inner = get_named_type(field.type)
    if not is_composite_type(inner):
        return Weight(points)
    if _is_connection(kind) and name == "edges":
        return Weight(points, size=" or ".join(PAGE_ARGUMENTS), is_of_page=True)
    files = int(key in TAKES_FILES)
    each = 0 if _is_connection(inner) or inner.name == "PageInfo" else 1
    if not _is_list(field):
        # Introspection wraps types in types: only lists make it long.
        return Weight(points, 0 if inner.name.startswith("__") else each, files=files)
    if key not in SIZES:
        message = f"{key} is a list, and SIZES does not tell how long."
        raise LookupError(message)
    size = SIZES[key]
    return Weight(points, each, size, isinstance(size, str) and size not in field.args, files)


def describe(schema: GraphQLSchema) -> dict[str, Weight]:
    """Return what every field of every type weighs, by "Type.field"."""
    return {
        f"{kind.name}.{name}": weight_of(kind, name, field)
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in kind.fields.items()
    }


def _is_connection(kind: GraphQLNamedType) -> bool:
    return kind.name.endswith("Connection")


def _is_list(field: GraphQLField) -> bool:
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return isinstance(kind, GraphQLList)
