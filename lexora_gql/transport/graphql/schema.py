"""The schema: what the domains' modules contribute, in one."""

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry.schema.config import StrawberryConfig

from lexora_gql.transport.graphql.accounts import AccountQuery
from lexora_gql.transport.graphql.answers import AnswerSubscription
from lexora_gql.transport.graphql.asking import AskingMutation
from lexora_gql.transport.graphql.collections import CollectionMutation, CollectionQuery
from lexora_gql.transport.graphql.conversations import ConversationMutation, ConversationQuery
from lexora_gql.transport.graphql.document_queries import DocumentMutation, DocumentQuery
from lexora_gql.transport.graphql.feed import FeedQuery, FeedSubscription
from lexora_gql.transport.graphql.nodes import NodeQuery
from lexora_gql.transport.graphql.rating import RatingMutation
from lexora_gql.transport.graphql.reindexing import ReindexMutation, ReindexQuery
from lexora_gql.transport.graphql.results import HANDLERS
from lexora_gql.transport.graphql.retrieval import RetrievalQuery
from lexora_gql.transport.graphql.scalars import SCALARS
from lexora_gql.transport.graphql.server_info import ServerQuery
from lexora_gql.transport.graphql.sessions import SessionMutation
from lexora_gql.transport.graphql.uploads import UploadMutation


@strawberry.type(description="Reading.")
class Query(
    NodeQuery,
    AccountQuery,
    CollectionQuery,
    DocumentQuery,
    RetrievalQuery,
    ConversationQuery,
    FeedQuery,
    ServerQuery,
    ReindexQuery,
):
    """Reading."""


@strawberry.type(description="Changing. Each field's union says what may come of it.")
class Mutation(
    SessionMutation,
    CollectionMutation,
    UploadMutation,
    DocumentMutation,
    ConversationMutation,
    AskingMutation,
    RatingMutation,
    ReindexMutation,
):
    """Changing."""


@strawberry.type(
    description="Following, over WebSocket (graphql-transport-ws), Server-Sent Events or multipart responses."
)
class Subscription(AnswerSubscription, FeedSubscription):
    """Following."""


SCHEMA = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    exception_handlers=HANDLERS,
)
CORE: GraphQLSchema = SCHEMA._schema  # noqa: SLF001  # Strawberry has no other way to what graphql-core executes


def _drop_null_defaults(schema: GraphQLSchema) -> None:
    """Take `= null` out of the schema: Python's way to say "not given" is none of the clients' business."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            inputs = list(kind.fields.values())
            for item in inputs:
                if item.default_value is None:
                    item.default_value = Undefined
        elif isinstance(kind, GraphQLObjectType):
            for argument in (argument for field in kind.fields.values() for argument in field.args.values()):
                if argument.default_value is None:
                    argument.default_value = Undefined


_drop_null_defaults(CORE)


def export_sdl() -> str:
    """Return the schema in GraphQL's own language, with descriptions, ending in a newline."""
    return SCHEMA.as_str().rstrip() + "\n"
