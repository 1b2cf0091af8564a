"""People and what is theirs, put straight into the tables: quicker than the use cases, and independent of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as OrmSession

from lexora_gql.accounts.models import Role, Session, User
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.conversations.references import QuoteReferences
from lexora_gql.documents.leases import Claim
from lexora_gql.documents.models import (
    Collection,
    CollectionAccess,
    CollectionMember,
    Document,
    DocumentStatus,
    Feed,
    IngestionStage,
)
from lexora_gql.documents.publishing import Publisher, Reading
from lexora_gql.documents.splitting import context, split
from lexora_gql.documents.vectors import to_bytes
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database


@dataclass(slots=True)
class Library:
    """Makes the rows that a test begins with, as the owner of the tables and unchecked."""

    database: Database
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def add(self, *rows: Base) -> None:
        """Store rows; what the database fills in is loaded."""
        async with self.database.engine.begin() as connection:
            await connection.run_sync(lambda plain: _store(OrmSession(plain, expire_on_commit=False), rows))

    async def user(
        self,
        *,
        email: str | None = None,
        full_name: str | None = None,
        role: Role = Role.USER,
        is_active: bool = True,
        email_verified_at: datetime | None = None,
    ) -> User:
        """Return a new user with a personal collection and a feed, without a password."""
        address = email or f"reader{next(self.numbers)}@example.org"
        user = User(
            id=uuid4(),
            email=address,
            email_key=address.casefold(),
            full_name=full_name,
            role=role,
            is_active=is_active,
            email_verified_at=email_verified_at,
        )
        await self.add(user)
        await self.add(Collection(id=uuid4(), owner_id=user.id, name="Personal", is_personal=True))
        async with self.database.engine.begin() as connection:
            await connection.execute(insert(Feed).values(user_id=user.id))
        return user

    async def waiting(self, owner: Viewer, number: int, *, collection_id: UUID | None = None) -> list[Document]:
        """Return so many documents that wait, as uploads leave them; in the personal collection unless one is named."""
        collection_id = collection_id or await self.personal_collection(owner)
        rows = [
            Document(
                owner_id=owner.user_id,
                collection_id=collection_id,
                filename="a.txt",
                title="a",
                media_type="text/plain",
                byte_size=1,
                sha256=at.to_bytes(32, "big"),
                blob_key=f"{owner.user_id}/{at}",
            )
            for at in range(number)
        ]
        await self.add(*rows)
        return rows

    async def session(self, user: User) -> Session:
        """Return a new session of a user that ends in a week."""
        session = Session(id=uuid4(), user_id=user.id, expires_at=datetime.now(UTC) + timedelta(days=7))
        await self.add(session)
        return session

    async def viewer(self, user: User) -> Viewer:
        """Return a signed-in user."""
        session = await self.session(user)
        return Viewer(user_id=user.id, role=user.role, session_id=session.id)

    async def reader(self) -> Viewer:
        """Return a new user, signed in."""
        return await self.viewer(await self.user())

    async def admin(self) -> Viewer:
        """Return a new administrator, signed in."""
        return await self.viewer(await self.user(role=Role.ADMIN))

    async def personal_collection(self, viewer: Viewer) -> UUID:
        """Return the id of someone's personal collection."""
        query = select(Collection.id).where(Collection.owner_id == viewer.user_id, Collection.is_personal)
        async with self.database.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    async def collection(self, viewer: Viewer, name: str = "Minutes") -> UUID:
        """Return the id of a new collection of someone's."""
        collection = Collection(id=uuid4(), owner_id=viewer.user_id, name=name)
        await self.add(collection)
        return collection.id

    async def share(self, collection_id: UUID, viewer: Viewer, access: CollectionAccess) -> None:
        """Let someone into a collection."""
        await self.add(CollectionMember(collection_id=collection_id, user_id=viewer.user_id, access=access))

    async def document(
        self,
        viewer: Viewer,
        text: str,
        *,
        collection_id: UUID | None = None,
        filename: str = "paper.txt",
        tags: Sequence[str] = (),
        embedder: Embedder | None = None,
    ) -> Document:
        """Return a READY document, published by the real publisher; its file is not stored.

        Args:
            viewer: Becomes the owner.
            text: Split as a worker would.
            collection_id: The personal one when not given.
            filename: Also gives the title.
            tags: As uploaded.
            embedder: Whose vectors its chunks get; must be the searcher's.
        """
        collection_id = collection_id or await self.personal_collection(viewer)
        document = _leased(viewer, collection_id, filename, text, tags)
        await self.add(document)
        reading = await _reading(document, text, embedder or HashingEmbedder())
        assert document.lease_token is not None
        publisher = Publisher(self.database, InMemoryEvents(), QuoteReferences())
        await publisher.publish(Claim(document, document.lease_token), reading)
        query = select(Document).where(Document.id == document.id)
        async with self.database.engine.connect() as connection:
            return await connection.run_sync(lambda plain: OrmSession(plain).scalars(query).one())


def _leased(viewer: Viewer, collection_id: UUID, filename: str, text: str, tags: Sequence[str]) -> Document:
    return Document(
        id=uuid4(),
        owner_id=viewer.user_id,
        collection_id=collection_id,
        filename=filename,
        title=filename.rpartition(".")[0],
        media_type="text/plain",
        byte_size=len(text.encode()),
        sha256=hashlib.sha256(uuid4().bytes).digest(),
        blob_key=f"{viewer.user_id}/{uuid4()}",
        tags=list(tags),
        status=DocumentStatus.PROCESSING,
        stage=IngestionStage.INDEXING,
        lease_token=uuid4(),
    )


async def _reading(document: Document, text: str, embedder: Embedder) -> Reading:
    extracted = ExtractedText(text=text)
    passages = split(extracted, characters=1_000, overlap=150)
    contexts = [context(document.title, document.filename, passage.headings) for passage in passages]
    contents = [before + passage.text for before, passage in zip(contexts, passages, strict=True)]
    return Reading(extracted, passages, contexts, to_bytes(await embedder.embed(contents)), embedder.name)


def _store(session: OrmSession, rows: tuple[Base, ...]) -> None:
    session.add_all(rows)
    session.flush()
    for row in rows:
        session.refresh(row)
    session.close()
