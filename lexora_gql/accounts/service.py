"""Use cases of accounts: registering, signing in and out, and telling who is asking."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql import clock as present
from lexora_gql.accounts.addresses import EMAIL_CHARACTERS_MAX, clean_email, email_key
from lexora_gql.accounts.attempts import Attempts
from lexora_gql.accounts.auditing import NOWHERE, AuditAction, Client, Outcome, write_audit_entry
from lexora_gql.accounts.errors import EmailTaken, InvalidCredentials, InvalidToken, RegistrationClosed
from lexora_gql.accounts.models import Role, Session, User
from lexora_gql.accounts.password_rules import require_acceptable
from lexora_gql.accounts.passwords import Passwords, Verdict
from lexora_gql.accounts.refreshing import Exchanged, RefreshTokens, Reused
from lexora_gql.accounts.repository import AccountRepository, NewAccount, SessionRepository
from lexora_gql.accounts.session_cache import LiveSession, SessionCache
from lexora_gql.accounts.tokens import AccessTokens, BadToken, Claims, new_refresh_token, refresh_hash
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import InvalidInput, Unauthenticated, require_length
from lexora_gql.settings import Settings
from lexora_gql.signing import Signer
from lexora_gql.storage.database import ACCOUNTS, Database

__all__ = ["AccountService", "Client", "SignedIn"]

FULL_NAME_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody has signed in, and these are the tokens to show for it."""

    user: User
    session_id: UUID
    access_token: str
    access_token_expires_at: datetime
    refresh_token: str
    refresh_token_expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountService:
    """Use cases on accounts; one instance serves every request of a process, on one event loop."""

    database: Database
    registration: Literal["open", "invitation", "closed"]
    password_characters_min: int
    passwords: Passwords
    attempts: Attempts
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    cache: SessionCache
    clock: Callable[[], datetime]

    @classmethod
    def from_settings(
        cls, settings: Settings, database: Database, *, clock: Callable[[], datetime] = present.now
    ) -> "AccountService":
        """Return the service that the settings ask for.

        Raises:
            WrongSettings: SECRET_KEY is not set.
        """
        previous = settings.secret_key_previous
        signer = Signer(settings.require_secret_key(), previous.get_secret_value() if previous else None)
        return cls(
            database=database,
            registration=settings.registration,
            password_characters_min=settings.password_characters_min,
            passwords=Passwords(),
            attempts=Attempts(signer, settings.login_attempts_per_minute),
            access_tokens=AccessTokens(signer, timedelta(minutes=settings.access_token_expire_minutes)),
            refresh_tokens=RefreshTokens(signer, timedelta(days=settings.refresh_token_expire_days)),
            cache=SessionCache(clock),
            clock=clock,
        )

    def close(self) -> None:
        """Let the threads go that hash passwords."""
        self.passwords.close()

    async def register(self, email: str, password: str, full_name: str | None, *, client: Client) -> SignedIn:
        """Make an account, with a personal collection, and sign in.

        Args:
            email: 3 to 254 characters; two spellings of one address are one address.
            password: At least PASSWORD_CHARACTERS_MIN and at most 1,024 characters, none of the common ones.
            full_name: At most 200 characters; blank is none.
            client: Where the request comes from.

        Raises:
            RegistrationClosed: The server takes no new accounts, or this address has no invitation.
            InvalidInput: An argument is outside its bounds.
            EmailTaken: There is an account with this address.
        """
        if self.registration == "closed":
            raise RegistrationClosed
        account = await self._new_account(email, password, full_name, Role.USER)
        at = self.clock()
        async with self.database.transaction(ACCOUNTS) as session:
            user = await AccountRepository(session).create(account, at=at)
            if user is None:
                raise EmailTaken(path=("email",))
            signed_in, refresh_token = await self._open_session(session, user, at, client)
            await write_audit_entry(
                session, AuditAction.REGISTER, at=at, client=client, actor_id=user.id, target=user.id
            )
        return self._signed_in(user, signed_in, refresh_token, at)

    async def create_admin(self, email: str, password: str, full_name: str | None = None) -> User:
        """Make an administrator's account, whatever REGISTRATION says.

        An existing account is left as it is: whoever registered the address first would be handed the server.

        Raises:
            InvalidInput: An argument is outside its bounds.
            EmailTaken: There is an account with this address.
        """
        account = await self._new_account(email, password, full_name, Role.ADMIN)
        at = self.clock()
        async with self.database.transaction(ACCOUNTS) as session:
            user = await AccountRepository(session).create(account, at=at)
            if user is None:
                raise EmailTaken(path=("email",))
            await write_audit_entry(
                session, AuditAction.ADMIN_CREATED, at=at, client=NOWHERE, actor_id=None, target=user.id
            )
        return user

    async def login(self, email: str, password: str, *, client: Client) -> SignedIn:
        """Sign in with a password.

        Raises:
            InvalidCredentials: Address and password do not belong together, or the account is not active; which of
                these it is cannot be told, nor measured.
            TooManyAttempts: For this mail address, or from this network address, within the last minute.
        """
        at = self.clock()
        known = await self._count_and_find(email, client, at)

        # No transaction is open while a password is hashed, which takes long on purpose.
        verdict = await self.passwords.verify(known[1] if known else None, password)
        signed_in = None
        if known is not None and known[0].is_active and verdict.is_right:
            signed_in = await self._enter(known[0], known[1], verdict, at, client)
        if signed_in is None:
            await self._note_failure(known[0] if known else None, at, client)
            raise InvalidCredentials
        return signed_in

    async def refresh(self, refresh_token: str, *, client: Client) -> SignedIn:
        """Exchange a refresh token, which is good once, for new tokens.

        A retry within ten seconds is given the same successor, as long as that has not been used; any other reuse
        ends the session, with all its tokens.

        Raises:
            InvalidToken: It is unknown, used, expired, or its session has ended.
        """
        at = self.clock()
        async with self.database.transaction(ACCOUNTS) as session:
            outcome = await self.refresh_tokens.exchange(session, refresh_token, at=at, client=client)
        if isinstance(outcome, Exchanged):
            return self._signed_in(outcome.user, outcome.session, outcome.refresh_token, at)
        if isinstance(outcome, Reused):
            self.cache.remove_session(outcome.session_id)
        raise InvalidToken(path=("refreshToken",))

    async def logout(self, viewer: Viewer, *, everywhere: bool, client: Client = NOWHERE) -> int:
        """End the viewer's session, or all of theirs; return how many ended.

        This process refuses their access tokens at once, others within ten seconds.
        """
        if viewer.session_id is None and not everywhere:
            return 0
        at = self.clock()
        only = None if everywhere else viewer.session_id
        async with self.database.transaction(viewer) as session:
            ended = await SessionRepository(session).end(viewer.user_id, at=at, session_id=only)
            if ended:
                await write_audit_entry(
                    session, AuditAction.LOGOUT, at=at, client=client, actor_id=viewer.user_id, target=only
                )
        if only is None:
            self.cache.remove_user(viewer.user_id)
        else:
            self.cache.remove_session(only)
        return ended

    async def authenticate(self, access_token: str) -> Viewer:
        """Return who is asking.

        Raises:
            Unauthenticated: The token is not ours, has expired, its session has ended or its user is not active.
            DatabaseAway: None of that can be told at the moment.
        """
        at = self.clock()
        try:
            claims = self.access_tokens.read(access_token, at=at)
        except BadToken as error:
            raise Unauthenticated("The access token is not valid, or no longer.") from error
        live = self.cache.get(claims.session_id) or await self._look_up(claims, at)
        if live is None or live.user_id != claims.user_id or live.expires_at <= at:
            raise Unauthenticated("The session has ended; sign in again.")
        return Viewer(live.user_id, live.role, live.session_id, claims.expires_at)

    async def me(self, viewer: Viewer) -> User:
        """Return the viewer's own account.

        Raises:
            Unauthenticated: It has been deleted since.
        """
        async with self.database.transaction(viewer) as session:
            user = await AccountRepository(session).user(viewer.user_id)
        if user is None:
            raise Unauthenticated
        return user

    async def people(self, viewer: Viewer, ids: Collection[UUID]) -> dict[UUID, User]:
        """Return those of these users whom the viewer may know of: those they share a collection with, themselves."""
        if not ids:
            return {}
        async with self.database.transaction(viewer) as session:
            return await AccountRepository(session).people(ids)

    async def _new_account(self, email: str, password: str, full_name: str | None, role: Role) -> NewAccount:
        cleaned = clean_email(email)
        key = email_key(cleaned)
        name = require_length("fullName", (full_name or "").strip(), low=0, high=FULL_NAME_CHARACTERS_MAX) or None
        context = (cleaned, name) if name else (cleaned,)
        normal = require_acceptable(password, characters_min=self.password_characters_min, context=context)
        # Asked before anything is hashed; that two who ask at once do not both get it, the insert sees to.
        async with self.database.transaction(ACCOUNTS) as session:
            accounts = AccountRepository(session)
            is_invitation_wanted = self.registration == "invitation" and role is Role.USER
            if is_invitation_wanted and not await accounts.is_invited(key, at=self.clock()):
                raise RegistrationClosed
            if await accounts.is_taken(key):
                raise EmailTaken(path=("email",))
        return NewAccount(cleaned, key, name, role, await self.passwords.hash(normal))

    async def _count_and_find(self, email: str, client: Client, at: datetime) -> tuple[User, str] | None:
        # Whatever was typed counts as an attempt, an address or not; beyond this length it is no address.
        typed = email[: EMAIL_CHARACTERS_MAX + 1]
        async with self.database.transaction(ACCOUNTS) as session:
            await self.attempts.count(session, self.attempts.keys(typed, client), at=at)
            try:
                key = email_key(clean_email(typed))
            except InvalidInput:
                return None
            return await AccountRepository(session).credentials(key)

    async def _enter(
        self, user: User, password_hash: str, verdict: Verdict, at: datetime, client: Client
    ) -> SignedIn | None:
        async with self.database.transaction(ACCOUNTS) as session:
            accounts = AccountRepository(session)
            # Looked up again: the account may have been closed, or its password changed, while we were hashing.
            current = await accounts.still_may(user.id, password_hash)
            if current is None:
                return None
            if verdict.new_hash is not None:
                await accounts.rehash(user.id, old=password_hash, new=verdict.new_hash)
            signed_in, refresh_token = await self._open_session(session, current, at, client)
            await write_audit_entry(
                session, AuditAction.LOGIN, at=at, client=client, actor_id=user.id, target=signed_in.id
            )
        return self._signed_in(current, signed_in, refresh_token, at)

    async def _note_failure(self, user: User | None, at: datetime, client: Client) -> None:
        # Whoever fails has not proved to be that user, so they are the target and nobody is the actor.
        async with self.database.transaction(ACCOUNTS) as session:
            await write_audit_entry(
                session,
                AuditAction.LOGIN_FAILED,
                at=at,
                client=client,
                actor_id=None,
                target=user.id if user else None,
                outcome=Outcome.REFUSED,
            )

    async def _open_session(
        self, session: AsyncSession, user: User, at: datetime, client: Client
    ) -> tuple[Session, str]:
        sessions = SessionRepository(session)
        until = at + self.refresh_tokens.lifetime
        signed_in = await sessions.open(user.id, at=at, until=until, user_agent=client.user_agent)
        refresh_token = new_refresh_token()
        await sessions.add_token(refresh_hash(refresh_token), signed_in.id, at=at)
        return signed_in, refresh_token

    def _signed_in(self, user: User, signed_in: Session, refresh_token: str, at: datetime) -> SignedIn:
        access_token, claims = self.access_tokens.issue(user.id, signed_in.id, user.role, at=at)
        return SignedIn(user, signed_in.id, access_token, claims.expires_at, refresh_token, signed_in.expires_at)

    async def _look_up(self, claims: Claims, at: datetime) -> LiveSession | None:
        ticket = self.cache.ticket()
        async with self.database.transaction(ACCOUNTS) as session:
            live = await SessionRepository(session).live(claims.session_id, claims.user_id, at=at)
        if live is not None:
            self.cache.put(live, ticket)
        return live
