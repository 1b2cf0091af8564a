"""Reading and writing accounts in an open transaction; row-level security decides what it may touch."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import any_, bindparam, column, exists, insert, select, table, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.models import Password, RefreshToken, Role, Session, User
from lexora_gql.accounts.session_cache import LiveSession
from lexora_gql.storage.base import ids_array

# What a new account begins with belongs to `documents`, which stands above: here only the columns are named.
COLLECTIONS = table("collections", column("id"), column("owner_id"), column("name"), column("is_personal"))
FEEDS = table("feeds", column("user_id"))
INVITATIONS = table("invitations", column("email_key"), column("expires_at"))
PERSONAL = "Personal"


# Made once: every socket asks for its session every few seconds.
_LIVE = (
    select(User.role, Session.expires_at)
    .join(User, User.id == Session.user_id)
    .where(
        Session.id == bindparam("session_id"),
        User.id == bindparam("user_id"),
        User.is_active,
        Session.revoked_at.is_(None),
        Session.expires_at > bindparam("at"),
    )
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is stored of someone who registers."""

    email: str
    email_key: str
    full_name: str | None
    role: Role
    password_hash: str


@dataclass(frozen=True, slots=True)
class AccountRepository:
    """Users and passwords, as ACCOUNTS; `user` and `people` as a viewer, too."""

    session: AsyncSession

    async def is_taken(self, key: str) -> bool:
        """Return whether somebody has this address."""
        return bool(await self.session.scalar(select(exists().where(User.email_key == key))))

    async def is_invited(self, key: str, *, at: datetime) -> bool:
        """Return whether somebody wants to share something with this address."""
        found = exists().where(INVITATIONS.c.email_key == key, INVITATIONS.c.expires_at > at)
        return bool(await self.session.scalar(select(found)))

    async def create(self, account: NewAccount, *, at: datetime) -> User | None:
        """Store a user with password, personal collection and feed; None when somebody has the address."""
        statement = (
            upsert(User)
            .values(
                id=uuid4(),
                email=account.email,
                email_key=account.email_key,
                full_name=account.full_name,
                role=account.role,
                is_active=True,
                created_at=at,
                updated_at=at,
            )
            .on_conflict_do_nothing(index_elements=[User.email_key])
            .returning(User)
        )
        user = await self.session.scalar(statement)
        if user is None:
            return None
        await self.session.execute(
            insert(Password).values(user_id=user.id, hash=account.password_hash, changed_at=at),
        )
        await self.session.execute(
            insert(COLLECTIONS).values(id=uuid4(), owner_id=user.id, name=PERSONAL, is_personal=True)
        )
        await self.session.execute(insert(FEEDS).values(user_id=user.id))
        return user

    async def credentials(self, key: str) -> tuple[User, str] | None:
        """Return the user with this address and their password's hash; None without either."""
        query = select(User, Password.hash).join(Password, Password.user_id == User.id).where(User.email_key == key)
        found = (await self.session.execute(query)).one_or_none()
        return (found[0], found[1]) if found else None

    async def still_may(self, user_id: UUID, password_hash: str) -> User | None:
        """Return an active user whose hash is still this one; neither changes before the transaction ends."""
        query = (
            select(User)
            .join(Password, Password.user_id == User.id)
            .where(User.id == user_id, User.is_active, Password.hash == password_hash)
            .with_for_update(read=True)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(query)).one_or_none()

    async def rehash(self, user_id: UUID, *, old: str, new: str) -> None:
        """Put a hash of the same password in place of an older one."""
        await self.session.execute(
            update(Password).where(Password.user_id == user_id, Password.hash == old).values(hash=new)
        )

    async def user(self, user_id: UUID) -> User | None:
        """Return a user."""
        return await self.session.get(User, user_id)

    async def people(self, ids: Collection[UUID]) -> dict[UUID, User]:
        """Return those of these users whom the transaction's viewer may know of."""
        found = await self.session.scalars(select(User).where(User.id == any_(ids_array(ids))))
        return {user.id: user for user in found}


@dataclass(frozen=True, slots=True)
class SessionRepository:
    """Sessions and their refresh tokens, as ACCOUNTS; `end` as a viewer, too."""

    session: AsyncSession

    async def open(self, user_id: UUID, *, at: datetime, until: datetime, user_agent: str | None) -> Session:
        """Store a session."""
        signed_in = Session(
            id=uuid4(), user_id=user_id, created_at=at, last_used_at=at, expires_at=until, user_agent=user_agent
        )
        self.session.add(signed_in)
        await self.session.flush()
        return signed_in

    async def live(self, session_id: UUID, user_id: UUID, *, at: datetime) -> LiveSession | None:
        """Return a session of an active user that has not ended."""
        wanted = {"session_id": session_id, "user_id": user_id, "at": at}
        found = (await self.session.execute(_LIVE, wanted)).one_or_none()
        return LiveSession(session_id, user_id, found[0], found[1]) if found else None

    async def end(self, user_id: UUID, *, at: datetime, session_id: UUID | None = None) -> int:
        """End a user's sessions, or one of them; return how many had not ended before."""
        statement = update(Session).where(
            Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > at
        )
        if session_id is not None:
            statement = statement.where(Session.id == session_id)
        ended = await self.session.execute(statement.values(revoked_at=at).returning(Session.id))
        return len(ended.all())

    async def add_token(self, token_hash: bytes, session_id: UUID, *, at: datetime) -> None:
        """Store a refresh token."""
        await self.session.execute(insert(RefreshToken).values(hash=token_hash, session_id=session_id, created_at=at))

    async def lock_family(self, token_hash: bytes) -> tuple[Session, RefreshToken] | None:
        """Return a refresh token and its session; the row lock makes exchanges within a family wait for each other."""
        session_id = await self.session.scalar(
            select(RefreshToken.session_id).where(RefreshToken.hash == token_hash),
        )
        if session_id is None:
            return None
        signed_in = await self.session.scalar(select(Session).where(Session.id == session_id).with_for_update())
        # Read only now: what the lock was waited for has been committed.
        token = await self.session.get(RefreshToken, token_hash)
        return (signed_in, token) if signed_in and token else None

    async def unused(self, token_hashes: Collection[bytes]) -> set[bytes]:
        """Return those of these refresh tokens that exist and have not been exchanged."""
        query = select(RefreshToken.hash).where(RefreshToken.hash.in_(token_hashes), RefreshToken.used_at.is_(None))
        return set((await self.session.scalars(query)).all())
