"""Accounts as their owners see them, and what one can ask about oneself."""

from datetime import datetime
from typing import Self

import strawberry

from lexora_gql.accounts import models
from lexora_gql.transport.graphql.collections import Collection, list_collections
from lexora_gql.transport.graphql.connections import After, Before, Connection, First, Last, Part
from lexora_gql.transport.graphql.context import Info
from lexora_gql.transport.graphql.conversations import Conversation, list_conversations
from lexora_gql.transport.graphql.document_lists import documents_by
from lexora_gql.transport.graphql.document_queries import Filter
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.enums import Role
from lexora_gql.transport.graphql.ids import to_global_id
from lexora_gql.transport.graphql.interfaces import Node
from lexora_gql.transport.graphql.usage import Days, Quota, UsageSummary


@strawberry.type(description="An account, as its owner sees it.")
class User(Node):
    """An account, as its owner sees it."""

    row: strawberry.Private[models.User]
    email: str = strawberry.field(description="The address to sign in with.")
    full_name: str | None = strawberry.field(description="As others see it.")
    email_verified_at: datetime | None = strawberry.field(
        description="When the address was shown to be theirs; null until then."
    )
    role: Role = strawberry.field(description="What they may do on the whole server.")
    is_active: bool = strawberry.field(description="Whether they may sign in.")
    created_at: datetime = strawberry.field(description="When they registered.")
    updated_at: datetime = strawberry.field(description="When the account last changed.")

    @strawberry.field(description="The documents that they uploaded, newest first.")
    async def documents(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Filter = None,  # noqa: A002  # the API's name
    ) -> Connection[Document]:
        """List their documents."""
        return await documents_by(info.context, self.row.id, Part(first, after, last, before), filter)

    @strawberry.field(description="Their conversations, the one that changed last first.")
    async def conversations(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Conversation]:
        """List their conversations."""
        return await list_conversations(info.context, Part(first, after, last, before))

    @strawberry.field(description="Their collections and those shared with them, oldest first.")
    async def collections(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Collection]:
        """List their collections."""
        return await list_collections(info.context, Part(first, after, last, before))

    @strawberry.field(description="Their limits, and how much of each is used; what is not limited is missing.")
    async def quotas(self, info: Info) -> list[Quota]:
        """List their limits."""
        return [Quota.of(quota) for quota in await info.context.loaders.own_quotas.load(None)]

    @strawberry.field(description="What they used in the last days, and what they have stored now.")
    async def usage(self, info: Info, days: Days = 30) -> UsageSummary:
        """Sum up what they used."""
        return UsageSummary.of(await info.context.loaders.own_usage.load(days))

    @classmethod
    def of(cls, row: models.User) -> Self:
        """Return an account as its owner sees it."""
        return cls(
            id=to_global_id("User", row.id),
            row=row,
            email=row.email,
            full_name=row.full_name,
            email_verified_at=row.email_verified_at,
            role=row.role,
            is_active=row.is_active,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type
class AccountQuery:
    """Reading one's own account."""

    @strawberry.field(description="Your account.")
    async def me(self, info: Info) -> User:
        """Return who is signed in."""
        return User.of(await info.context.services.accounts.me(info.context.viewer))
