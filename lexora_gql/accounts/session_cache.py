"""What was found in PostgreSQL about sessions a moment ago."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from lexora_gql.accounts.models import Role

# A session that another process ended is noticed within so long; well below the promised half minute.
AGE_MAX = timedelta(seconds=10)
ENTRIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that has not ended, of a user who is active."""

    session_id: UUID
    user_id: UUID
    role: Role
    expires_at: datetime


class SessionCache:
    """The live sessions that were looked up last; belongs to one event loop."""

    def __init__(self, clock: Callable[[], datetime], *, entries_max: int = ENTRIES_MAX) -> None:
        self._clock = clock
        self._entries_max = entries_max
        self._entries: OrderedDict[UUID, tuple[LiveSession, datetime]] = OrderedDict()
        self._removals = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, session_id: UUID) -> LiveSession | None:
        """Return what is known of a session, unless it is too old to be trusted."""
        session, found_at = self._entries.get(session_id, (None, None))
        if session is None or found_at is None:
            return None
        # A clock that was set back would keep an entry for ever.
        if not timedelta() <= self._clock() - found_at < AGE_MAX:
            del self._entries[session_id]
            return None
        self._entries.move_to_end(session_id)
        return session

    def ticket(self) -> int:
        """Return what `put` wants; to be drawn before the database is asked."""
        return self._removals

    def put(self, session: LiveSession, ticket: int) -> None:
        """Remember a session, unless one was removed since: it might be this one, and the answer might be older."""
        if ticket != self._removals:
            return
        self._entries[session.session_id] = (session, self._clock())
        self._entries.move_to_end(session.session_id)
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def remove_session(self, session_id: UUID) -> None:
        """Forget a session that has ended."""
        self._removals += 1
        self._entries.pop(session_id, None)

    def remove_user(self, user_id: UUID) -> None:
        """Forget every session of a user."""
        self._removals += 1
        for session_id in [key for key, (session, _) in self._entries.items() if session.user_id == user_id]:
            del self._entries[session_id]
