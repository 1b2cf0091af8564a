"""People and what is theirs, put straight into the tables: quicker than the use cases, and independent of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as OrmSession

from lexora_gql.accounts.models import Role, Session, User
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import Collection, Feed
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


def _store(session: OrmSession, rows: tuple[Base, ...]) -> None:
    session.add_all(rows)
    session.flush()
    for row in rows:
        session.refresh(row)
    session.close()
