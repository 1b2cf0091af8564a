"""Who is asking."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from lexora_gql.accounts.models import Role
from lexora_gql.storage.acting import DatabaseRole


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in user, as every use case takes first.

    Attributes:
        user_id: Whose rows are seen.
        role: What they may do on the whole server.
        session_id: The device they are signed in on; None where no session backs the request.
        expires_at: When the access token ends, and sockets with it.
    """

    user_id: UUID
    role: Role = Role.USER
    session_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def database_role(self) -> DatabaseRole:
        """What row-level security takes them for."""
        return DatabaseRole.VIEWER
