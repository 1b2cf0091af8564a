"""Whether those who listen may still do so, and how many of them one user has."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from lexora_gql import clock
from lexora_gql.accounts.service import AccountService
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.errors import DomainError, Throttled, Unavailable
from lexora_gql.transport.authentication import Identity, identify

Raised = TypeVar("Raised", bound=BaseException)
RETRY_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What those who listen may do, and how long things may take.

    Attributes:
        init_seconds: Until a socket says who it is.
        keep_alive_seconds: Between two signs of life.
        session_check_seconds: Between two looks at whether a session was ended before its time.
        send_seconds: Until a client has read what was sent to it.
        last_words_seconds: Until what was said last has been read, when the server goes.
        operations: Of a socket, at a time.
        sockets: Of a user on this server, at a time.
        streams: Over HTTP, of a user on this server, at a time. One carries a single operation: as many as a page with
            a stream for each answer may need, and fewer operations than sockets carry.
    """

    init_seconds: float = 10.0
    keep_alive_seconds: float = 15.0
    session_check_seconds: float = 15.0
    send_seconds: float = 20.0
    last_words_seconds: float = 1.0
    operations: int = 20
    sockets: int = 20
    streams: int = 100


async def until_ended(
    accounts: AccountService, identity: Identity, authorization: str | None, *, every_seconds: float
) -> str:
    """Wait until a session has ended, and return why in words; never returns for those without one.

    Args:
        accounts: Knows the sessions.
        identity: As it was found at the beginning.
        authorization: What it was found by.
        every_seconds: How often to ask whether the session was ended before its time.
    """
    if not isinstance(identity, Viewer):
        return await asyncio.Future[str]()
    expires_at = identity.expires_at
    while True:
        left = (expires_at - clock.now()).total_seconds() if expires_at else every_seconds
        await asyncio.sleep(max(0.0, min(left, every_seconds)))
        if expires_at is not None and expires_at <= clock.now():
            return "The access token has expired."
        # Signing out ends what the session listens to; PostgreSQL being away does not.
        now = await identify(accounts, authorization)
        if isinstance(now, DomainError) and not isinstance(now, Unavailable):
            return "The session has ended."


@dataclass(slots=True)
class Listeners:
    """The sockets and streams of a server, by user."""

    limits: ListenerLimits
    open: Counter[tuple[UUID, str]] = field(default_factory=Counter)

    def socket(self, identity: Identity) -> AbstractContextManager[None]:
        """Count one more socket for as long as the context lasts; those without an account are not counted.

        Raises:
            Throttled: The user has as many as one may have.
        """
        return self._counted(identity, self.limits.sockets, "sockets")

    def stream(self, identity: Identity) -> AbstractContextManager[None]:
        """Count one more stream over HTTP for as long as the context lasts, as `socket` does."""
        return self._counted(identity, self.limits.streams, "streams")

    @contextmanager
    def _counted(self, identity: Identity, most: int, what: str) -> Iterator[None]:
        if not isinstance(identity, Viewer):
            yield
            return
        key = identity.user_id, what
        if self.open[key] >= most:
            message = f"A user has at most {most} {what}."
            raise Throttled(message, retry_after_seconds=RETRY_AFTER_SECONDS)
        self.open[key] += 1
        try:
            yield
        finally:
            self.open[key] -= 1
            if not self.open[key]:
                del self.open[key]


def leaves(group: BaseExceptionGroup[Raised]) -> Iterator[Raised]:
    """Yield the exceptions of a group, those of groups within it included: whatever ended those who listened."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error
