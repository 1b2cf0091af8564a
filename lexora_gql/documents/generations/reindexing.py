"""Reindexing as administrators see it: begun, and watched. They see totals, never what is in a document."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from lexora_gql.accounts.auditing import NOWHERE, AuditAction, Client, write_audit_entry
from lexora_gql.accounts.models import Role
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.generations.reindexes import ReindexRepository
from lexora_gql.documents.generations.serving import ReindexState
from lexora_gql.errors import Forbidden, NotFound
from lexora_gql.ports.embedder import Embedder
from lexora_gql.ports.job_queue import JobQueue
from lexora_gql.storage.database import WORKER, Database


@dataclass(frozen=True, slots=True)
class ReindexService:
    """Use cases of administrators; stateless."""

    database: Database
    embedder: Embedder
    queue: JobQueue

    async def start(self, viewer: Viewer, *, client: Client = NOWHERE) -> ReindexState:
        """Begin to embed everything with the configured embedder; the vectors that serve now do so until it is done.

        Raises:
            Forbidden: The viewer is no administrator.
            AlreadyRunning: A reindex is under way.
        """
        _require_administrator(viewer)
        return await self._start(viewer.user_id, client)

    async def start_locally(self) -> ReindexState:
        """Do the same for whoever sits at the server's own command line.

        Raises:
            AlreadyRunning: A reindex is under way.
        """
        return await self._start(None, NOWHERE)

    async def newest(self, viewer: Viewer) -> ReindexState | None:
        """Return how far the newest reindex is; None where there never was one.

        Raises:
            Forbidden: The viewer is no administrator.
        """
        _require_administrator(viewer)
        return await self.state()

    async def by_id(self, viewer: Viewer, reindex_id: UUID) -> ReindexState | None:
        """Return how far a reindex is; None where there is none, or it is not the viewer's to see."""
        return await self.state(reindex_id) if viewer.role is Role.ADMIN else None

    async def state(self, reindex_id: UUID | None = None) -> ReindexState | None:
        """Return how far a reindex is, the newest where none is named, whoever asks."""
        async with self.database.transaction(WORKER) as session:
            return await ReindexRepository(session).state(reindex_id)

    async def _start(self, actor_id: UUID | None, client: Client) -> ReindexState:
        async with self.database.transaction(WORKER) as session:
            repository = ReindexRepository(session)
            reindex_id = await repository.start(self.embedder.name)
            await write_audit_entry(
                session,
                AuditAction.REINDEX_STARTED,
                at=datetime.now(UTC),
                client=client,
                actor_id=actor_id,
                target=reindex_id,
            )
            state = await repository.state(reindex_id)
        await self.queue.ring()
        if state is None:
            raise NotFound
        return state


def _require_administrator(viewer: Viewer) -> None:
    if viewer.role is not Role.ADMIN:
        message = "Only administrators may do this."
        raise Forbidden(message)
