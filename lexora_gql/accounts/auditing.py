"""Who did what to whom, from where; never a secret, never what was typed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.models import AuditEntry

ADDRESS_CHARACTERS_MAX = 64
USER_AGENT_CHARACTERS_MAX = 256


class AuditAction(StrEnum):
    """What is written down of accounts."""

    REGISTER = "REGISTER"
    LOGIN = "LOGIN"
    LOGIN_FAILED = "LOGIN_FAILED"
    LOGOUT = "LOGOUT"
    REFRESH_REUSE = "REFRESH_REUSE"
    ADMIN_CREATED = "ADMIN_CREATED"
    REINDEX_STARTED = "REINDEX_STARTED"


class Outcome(StrEnum):
    """How it went."""

    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, made fit to be stored.

    Attributes:
        address: The client's network address, behind trusted proxies the one they name; None where there is none.
        user_agent: What the client calls itself.
    """

    address: str | None = None
    user_agent: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", _storable(self.address, ADDRESS_CHARACTERS_MAX))
        object.__setattr__(self, "user_agent", _storable(self.user_agent, USER_AGENT_CHARACTERS_MAX))


async def write_audit_entry(
    session: AsyncSession,
    action: AuditAction,
    *,
    at: datetime,
    client: Client,
    actor_id: UUID | None,
    target: UUID | None = None,
    outcome: Outcome = Outcome.SUCCEEDED,
) -> None:
    """Add an entry to the open transaction.

    Args:
        session: As someone who may add entries: a viewer for themselves, ACCOUNTS for anyone.
        action: What was done.
        at: When.
        client: From where.
        actor_id: By whom; None where nobody has proved to be anyone.
        target: To which object.
        outcome: How it went.
    """
    # A plain statement: the ORM's would read the row back, which viewers may not.
    await session.execute(
        insert(AuditEntry).values(
            id=uuid4(),
            at=at,
            actor_id=actor_id,
            action=action.value,
            target=str(target) if target else None,
            outcome=outcome.value,
            address=client.address,
            user_agent=client.user_agent,
        )
    )


def _storable(text: str | None, most: int) -> str | None:
    if text is None:
        return None
    # Control characters and lone surrogates would forge lines of a log, or be refused by PostgreSQL.
    cleaned = "".join(character for character in text[:most] if character.isprintable()).strip()
    return cleaned or None


NOWHERE = Client()
