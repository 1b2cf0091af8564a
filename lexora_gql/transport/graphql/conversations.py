"""Conversations: reading, making, renaming and deleting them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from lexora_gql.conversations import models
from lexora_gql.conversations.branches import Branch
from lexora_gql.conversations.exporting import as_json, as_markdown
from lexora_gql.transport.graphql.connections import After, Before, Connection, First, Last, Part
from lexora_gql.transport.graphql.context import Context, Id, Info
from lexora_gql.transport.graphql.enums import ExportFormat
from lexora_gql.transport.graphql.ids import find_id, require_id, to_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.loaders import Of, load_seen
from lexora_gql.transport.graphql.messages import Message
from lexora_gql.transport.graphql.results import InvalidInput, NotFound

if TYPE_CHECKING:
    from lexora_gql.transport.graphql.accounts import User

LazyUser = Annotated["User", strawberry.lazy("lexora_gql.transport.graphql.accounts")]
LeafId = Annotated[
    strawberry.ID | None, strawberry.argument(description="The message that the branch ends in; the newest leaf.")
]


@strawberry.type(description="A tree of questions and answers.")
class Conversation(Node):
    """A tree of questions and answers."""

    row: strawberry.Private[models.Conversation]
    title: str = strawberry.field(description="As given, or made from the first question.")
    created_at: datetime = strawberry.field(description="When it began.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @strawberry.field(description="Whose it is.")
    async def owner(self, info: Info) -> LazyUser:
        """Load whose it is."""
        from lexora_gql.transport.graphql.accounts import User  # noqa: PLC0415  # it refers to conversations, too

        return User.of(await load_seen(info.context.loaders.people, self.row.owner_id))

    @strawberry.field(description="From the first message to the leaf; the newest leaf where none is named.")
    async def messages(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        leaf_id: LeafId = None,
    ) -> Connection[Message]:
        """List a branch's messages."""
        context = info.context
        cursors = context.cursors(f"messages:{self.row.id}")
        leaf = require_id(leaf_id, "Message", "leafId") if leaf_id is not None else None
        wish = cursors.request(Part(first, after, last, before))
        page = await context.loaders.messages_of.load(Of(Branch(self.row.id, leaf), wish))
        return Connection[Message].of(page, cursors, Message.of)

    @classmethod
    def of(cls, row: models.Conversation) -> Self:
        """Return a conversation as clients see it."""
        return cls(
            id=to_global_id("Conversation", row.id),
            row=row,
            title=row.title,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


async def list_conversations(context: Context, part: Part, search: str | None = None) -> Connection[Conversation]:
    """Return part of the viewer's conversations."""
    cursors = context.cursors(f"conversations:{context.viewer.user_id}")
    wish = cursors.request(part)
    if search is None:
        page = await context.loaders.own_conversations.load(wish)
    else:
        page = await context.services.conversations.conversations(context.viewer, wish, search)
    return Connection[Conversation].of(page, cursors, Conversation.of)


@strawberry.type(description="The conversation as it is now.")
class ConversationSaved:
    """The conversation as it is now."""

    conversation: Conversation = strawberry.field(description="As it is now.")


@strawberry.type(description="The conversation is gone, with all its messages.")
class ConversationDeleted:
    """A conversation is gone."""

    conversation_id: strawberry.ID = strawberry.field(description="The id that it had.")


CreateConversationResult = Annotated[
    ConversationSaved | InvalidInput,
    strawberry.union("CreateConversationResult", description="What came of `createConversation`."),
]
RenameConversationResult = Annotated[
    ConversationSaved | InvalidInput | NotFound,
    strawberry.union("RenameConversationResult", description="What came of `renameConversation`."),
]
DeleteConversationResult = Annotated[
    ConversationDeleted | NotFound,
    strawberry.union("DeleteConversationResult", description="What came of `deleteConversation`."),
]
Search = Annotated[
    str | None,
    strawberry.argument(
        description="At most 200 characters and 20 words, which all must be there, in any case and anywhere in a word."
    ),
]
Format = Annotated[ExportFormat, strawberry.argument(description="For people or for programs.")]
Title = Annotated[str, strawberry.argument(description="1 to 200 characters.")]
TitleToBe = Annotated[
    str | None, strawberry.argument(description="1 to 200 characters; made from the first question when not given.")
]


@strawberry.type
class ConversationQuery:
    """Reading conversations and messages."""

    @strawberry.field(description="A conversation of yours.")
    async def conversation(self, info: Info, id: Id) -> Conversation | None:  # noqa: A002  # the API's name
        """Find a conversation."""
        context = info.context
        conversation_id = find_id(id, "Conversation")
        row = await context.loaders.conversations.load(conversation_id) if conversation_id else None
        return Conversation.of(row) if row else None

    @strawberry.field(
        description="Your conversations, the one that changed last first. With `search`: those whose title or messages "
        "hold the words."
    )
    async def conversations(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
    ) -> Connection[Conversation]:
        """List conversations."""
        return await list_conversations(info.context, Part(first, after, last, before), search)

    @strawberry.field(
        description="The branch that ends in the newest leaf, as a document to keep. Null where there is no such "
        "conversation of yours."
    )
    async def export_conversation(
        self,
        info: Info,
        id: Id,  # noqa: A002  # the API's name
        format: Format = ExportFormat.MARKDOWN,  # noqa: A002  # the API's name
    ) -> str | None:
        """Export a conversation."""
        conversation_id = find_id(id, "Conversation")
        conversations = info.context.services.conversations
        found = await conversations.transcript(info.context.viewer, conversation_id) if conversation_id else None
        if found is None:
            return None
        return as_json(found, to_global_id) if format is ExportFormat.JSON else as_markdown(found)

    @strawberry.field(description="A message of yours.")
    async def message(self, info: Info, id: Id) -> Message | None:  # noqa: A002  # the API's name
        """Find a message."""
        message_id = find_id(id, "Message")
        row = await info.context.loaders.messages.load(message_id) if message_id else None
        return Message.of(row) if row else None


@strawberry.type
class ConversationMutation:
    """Making, renaming and deleting conversations."""

    @strawberry.mutation(description="Make an empty conversation.")
    async def create_conversation(self, info: Info, title: TitleToBe = None) -> CreateConversationResult:
        """Make an empty conversation."""
        context = info.context
        row = await context.services.conversations.create(context.viewer, title)
        return ConversationSaved(conversation=Conversation.of(row))

    @strawberry.mutation(description="Give a conversation another title.")
    async def rename_conversation(self, info: Info, id: Id, title: Title) -> RenameConversationResult:  # noqa: A002  # the API's name
        """Rename a conversation."""
        context = info.context
        row = await context.services.conversations.rename(context.viewer, require_id(id, "Conversation", "id"), title)
        return ConversationSaved(conversation=Conversation.of(row))

    @strawberry.mutation(description="Delete a conversation with all its messages.")
    async def delete_conversation(self, info: Info, id: Id) -> DeleteConversationResult:  # noqa: A002  # the API's name
        """Delete a conversation."""
        context = info.context
        deleted = await context.services.conversations.delete(context.viewer, require_id(id, "Conversation", "id"))
        return ConversationDeleted(conversation_id=to_global_id("Conversation", deleted))
