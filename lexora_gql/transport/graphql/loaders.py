"""Loading many objects at once: a list of a hundred costs one call to a service, not a hundred."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from lexora_gql.accounts.models import User
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.models import AnswerSource, Citation, Conversation, Message
from lexora_gql.documents.collections import Standing
from lexora_gql.documents.models import Chunk, CollectionMember, Document
from lexora_gql.documents.models import Collection as DocumentCollection
from lexora_gql.errors import NotFound
from lexora_gql.services import Services

Value = TypeVar("Value")
BATCH_MAX = 500
"""Keys of one call: of a page of a hundred, or of a hundred answers with their sources."""

Fetch = Callable[[Viewer, Collection[UUID]], Awaitable[dict[UUID, Value]]]


@dataclass(frozen=True, slots=True)
class Loaders:
    """One per kind; None where the viewer may not see what was asked for."""

    people: DataLoader[UUID, User | None]
    collections: DataLoader[UUID, DocumentCollection | None]
    standing: DataLoader[UUID, Standing | None]
    members: DataLoader[UUID, list[CollectionMember] | None]
    documents: DataLoader[UUID, Document | None]
    chunks: DataLoader[UUID, Chunk | None]
    conversations: DataLoader[UUID, Conversation | None]
    messages: DataLoader[UUID, Message | None]
    siblings: DataLoader[UUID, list[Message] | None]
    citations: DataLoader[UUID, list[Citation] | None]
    sources: DataLoader[UUID, list[AnswerSource] | None]

    @classmethod
    def of(cls, services: Services, viewer: Viewer, *, is_caching: bool) -> "Loaders":
        """Return the loaders of one operation."""

        def loader(fetch: Fetch[Value]) -> DataLoader[UUID, Value | None]:
            async def load(keys: list[UUID]) -> list[Value | None]:
                found = await fetch(viewer, list(dict.fromkeys(keys)))
                return [found.get(key) for key in keys]

            return DataLoader(load, max_batch_size=BATCH_MAX, cache=is_caching)

        return cls(
            people=loader(services.accounts.people),
            collections=loader(services.collections.by_ids),
            standing=loader(services.collections.standing),
            members=loader(services.collections.members),
            documents=loader(services.documents.by_ids),
            chunks=loader(services.documents.chunks_by_ids),
            conversations=loader(services.conversations.by_ids),
            messages=loader(services.conversations.messages_by_ids),
            siblings=loader(services.conversations.siblings),
            citations=loader(services.conversations.citations),
            sources=loader(services.conversations.sources),
        )


async def load_seen(loader: DataLoader[UUID, Value | None], key: UUID) -> Value:
    """Return an object that the viewer must be able to see, since they see what refers to it.

    Raises:
        NotFound: It went away in the middle of the operation.
    """
    value = await loader.load(key)
    if value is None:
        raise NotFound
    return value
