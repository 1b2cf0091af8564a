"""Loading many objects, or lists of many objects, at once: a page of a hundred costs what a page of one costs."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from lexora_gql.accounts.models import User
from lexora_gql.accounts.quotas import Quota
from lexora_gql.accounts.usage import UsageSummary
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.branches import Branch
from lexora_gql.conversations.models import AnswerSource, Citation, Conversation, Message
from lexora_gql.documents.collections import Standing
from lexora_gql.documents.models import Chunk, CollectionMember, Document
from lexora_gql.documents.models import Collection as DocumentCollection
from lexora_gql.documents.places import PageRect
from lexora_gql.documents.placing import Stretch
from lexora_gql.documents.repository import DocumentListing
from lexora_gql.errors import NotFound
from lexora_gql.services import Page, PageRequest, Services

Value = TypeVar("Value")
Parent = TypeVar("Parent", bound=Hashable)
Wish = TypeVar("Wish", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Fetch = Callable[[Viewer, Collection[Key]], Awaitable[dict[Key, Value]]]
FetchOwn = Callable[[Viewer, Wish], Awaitable[Value]]
FetchOf = Callable[[Viewer, Collection[Parent], Wish], Awaitable[dict[Parent, Value]]]


@dataclass(frozen=True, slots=True)
class Of(Generic[Parent, Wish]):
    """Something of a parent's: what is wished for in the same words of many parents is loaded together."""

    parent: Parent
    wish: Wish


@dataclass(frozen=True, slots=True)
class Span:
    """Characters from `start` to just before `end`, or to the text's end."""

    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Loaders:
    """One per kind; None where the viewer may not see what was asked for.

    There is no largest batch: two batches would be two statements. What may be asked for is bounded before, by the
    sizes of pages and by what an operation may cost.
    """

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
    rects: DataLoader[Stretch, list[PageRect] | None]

    own_collections: DataLoader[PageRequest, Page[DocumentCollection]]
    own_conversations: DataLoader[PageRequest, Page[Conversation]]
    own_usage: DataLoader[int, UsageSummary]
    own_quotas: DataLoader[None, list[Quota]]
    documents_in: DataLoader[Of[UUID, DocumentListing], Page[Document]]
    documents_by: DataLoader[Of[UUID, DocumentListing], Page[Document]]
    chunks_of: DataLoader[Of[UUID, PageRequest], Page[Chunk]]
    texts: DataLoader[Of[UUID, Span], str | None]
    messages_of: DataLoader[Of[Branch, PageRequest], Page[Message]]

    @classmethod
    def of(cls, services: Services, viewer: Viewer, *, is_caching: bool) -> "Loaders":
        """Return the loaders of one operation."""
        made = _Making(viewer, is_caching)
        return cls(
            people=made.by_id(services.accounts.people),
            collections=made.by_id(services.collections.by_ids),
            standing=made.by_id(services.collections.standing),
            members=made.by_id(services.collections.members),
            documents=made.by_id(services.documents.by_ids),
            chunks=made.by_id(services.documents.chunks_by_ids),
            conversations=made.by_id(services.conversations.by_ids),
            messages=made.by_id(services.conversations.messages_by_ids),
            siblings=made.by_id(services.conversations.siblings),
            citations=made.by_id(services.conversations.citations),
            sources=made.by_id(services.conversations.sources),
            rects=made.by_id(services.placing.rects),
            own_collections=made.own(services.collections.collections),
            own_conversations=made.own(services.conversations.conversations),
            own_usage=made.own(lambda viewer, days: services.usage.summary(viewer, days=days)),
            own_quotas=made.own(lambda viewer, _: services.usage.quotas(viewer)),
            documents_in=made.by_parent(services.documents.documents_in),
            documents_by=made.by_parent(services.documents.documents_by),
            chunks_of=made.by_parent(services.documents.chunks_of),
            texts=made.by_parent(_texts(services)),
            messages_of=made.by_parent(services.conversations.messages_of),
        )


@dataclass(frozen=True, slots=True)
class _Making:
    """Makes the loaders of one viewer's operation."""

    viewer: Viewer
    is_caching: bool

    def by_id(self, fetch: Fetch[Key, Value]) -> DataLoader[Key, Value | None]:
        """Return a loader of objects."""

        async def load(keys: list[Key]) -> list[Value | None]:
            found = await fetch(self.viewer, list(dict.fromkeys(keys)))
            return [found.get(key) for key in keys]

        return DataLoader(load, cache=self.is_caching)

    def own(self, fetch: FetchOwn[Wish, Value]) -> DataLoader[Wish, Value]:
        """Return a loader of what only the viewer has; a wish that cannot be met fails for who has it only."""

        async def load(keys: list[Wish]) -> list[Value | BaseException]:
            wishes = dict.fromkeys(keys)
            found = await asyncio.gather(*(fetch(self.viewer, wish) for wish in wishes), return_exceptions=True)
            by_wish = dict(zip(wishes, found, strict=True))
            return [by_wish[key] for key in keys]

        return DataLoader(load, cache=self.is_caching)

    def by_parent(self, fetch: FetchOf[Parent, Wish, Value]) -> DataLoader[Of[Parent, Wish], Value]:
        """Return a loader of what many parents have; a wish that cannot be met fails for who has it only."""

        async def load(keys: list[Of[Parent, Wish]]) -> list[Value | BaseException]:
            parents: dict[Wish, dict[Parent, None]] = {}
            for key in keys:
                parents.setdefault(key.wish, {})[key.parent] = None
            fetching = (fetch(self.viewer, list(having), wish) for wish, having in parents.items())
            found = await asyncio.gather(*fetching, return_exceptions=True)
            by_wish = dict(zip(parents, found, strict=True))
            return [_of(key.parent, by_wish[key.wish]) for key in keys]

        return DataLoader(load, cache=self.is_caching)


def _of(parent: Parent, found: Mapping[Parent, Value] | BaseException) -> Value | BaseException:
    return found if isinstance(found, BaseException) else found[parent]


def _texts(services: Services) -> FetchOf[UUID, Span, str | None]:
    async def fetch(viewer: Viewer, document_ids: Collection[UUID], span: Span) -> dict[UUID, str | None]:
        found = await services.documents.texts(viewer, document_ids, start=span.start, end=span.end)
        return {document_id: found.get(document_id) for document_id in document_ids}

    return fetch


async def load_seen(loader: DataLoader[UUID, Value | None], key: UUID) -> Value:
    """Return an object that the viewer must be able to see, since they see what refers to it.

    Raises:
        NotFound: It went away in the middle of the operation.
    """
    value = await loader.load(key)
    if value is None:
        raise NotFound
    return value
