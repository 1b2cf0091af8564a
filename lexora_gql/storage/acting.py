"""On whose behalf a transaction runs, said in the same message that begins it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import asyncpg

BEGIN = "BEGIN"


class DatabaseRole(StrEnum):
    """The unprivileged roles that row-level security knows; made by the first migration."""

    VIEWER = "lexora_viewer"
    ACCOUNTS = "lexora_accounts"
    WORKER = "lexora_worker"
    SWEEPER = "lexora_sweeper"


class Actor(Protocol):
    """On whose behalf a transaction runs."""

    @property
    def database_role(self) -> DatabaseRole:
        """What row-level security takes it for."""
        ...

    @property
    def user_id(self) -> UUID | None:
        """Whose rows it sees, for a viewer."""
        ...


class ActingConnection(asyncpg.Connection):
    """A connection of asyncpg whose transactions can begin as somebody, without another round trip.

    A statement of its own after BEGIN would be one more wait for PostgreSQL in every transaction there is.
    """

    __slots__ = ("_actor",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # whatever asyncpg gives it
        super().__init__(*args, **kwargs)
        self._actor: Actor | None = None

    @property
    def actor(self) -> Actor | None:
        """For whom transactions begin; None for the owner of the tables."""
        return self._actor

    @contextmanager
    def acting_for(self, actor: Actor) -> Iterator[None]:
        """Begin what is begun meanwhile for an actor; nothing is left of that afterwards, also where nothing was."""
        self._actor = actor
        try:
            yield
        finally:
            self._actor = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ANN401, ASYNC109  # asyncpg's
        """Execute; what begins a transaction says for whom."""
        if self._actor is None or not query.startswith(BEGIN):
            return str(await super().execute(query, *args, timeout=timeout))
        try:
            return str(await super().execute(query + _becoming(self._actor), timeout=timeout))
        except BaseException:
            # A transaction that began, but for nobody, must not be gone on with, by whoever has the connection next.
            self.terminate()
            raise

    async def executemany(self, command: str, args: Any, *, timeout: float | None = None) -> None:  # noqa: ANN401, ASYNC109  # asyncpg's
        """Refuse, in a transaction that somebody acts in: `storage.writing` says why, and what to do instead.

        Raises:
            RuntimeError: Always there.
        """
        if self._actor is not None:
            message = "A process that is frozen in it would keep its locks: write rows by `insert_rows`."
            raise RuntimeError(message)
        await super().executemany(command, args, timeout=timeout)

    async def copy_from_query(self, query: str, *args: Any, **options: Any) -> str:  # noqa: ANN401  # asyncpg's
        """Copy what a query gives.

        Raises:
            RuntimeError: Nothing has begun: the query would be the owner's, and see everything.
        """
        if self._actor is not None and not self.is_in_transaction():
            message = "A statement must come before the copy, as SQLAlchemy begins with the first."
            raise RuntimeError(message)
        return str(await super().copy_from_query(query, *args, **options))


def _becoming(actor: Actor) -> str:
    """Return the statement. It is local to the transaction: a pooled connection carries nothing over to the next user.

    Values stand in it as they are, as more than one statement can only be sent without parameters: both are of types
    that hold no quote.
    """
    role = DatabaseRole(actor.database_role)
    viewer_id = "" if actor.user_id is None else str(UUID(str(actor.user_id)))
    return f"SELECT set_config('role', '{role}', true), set_config('lexora.viewer_id', '{viewer_id}', true);"
