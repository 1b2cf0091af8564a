"""PostgreSQL 18 as a child process: a password, a private socket, no port."""

import asyncio
import secrets
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg

from lexora_gql.embedded.binaries import POSTGRES_MAJOR, PostgresBinaries, find_postgres, major_version
from lexora_gql.embedded.child import Child, Command, Write, plain_environment
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.leftovers import end_leftover_postgres
from lexora_gql.embedded.ownership import Owner, private_folder, secret_file, unprivileged_owner
from lexora_gql.embedded.sockets import socket_folder

USER = "lexora"
DATABASE = "lexora"
START_SECONDS = 60.0
POLL_SECONDS = 0.02
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_checkpoints": "off",
    # Errors reach their caller; logs must not repeat rows, statements or parameters.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash of the machine loses the cluster; for tests, which throw it away anyhow.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A cluster in a folder of its own, with one superuser and one database, both named lexora."""

    def __init__(self, home: Path, *, durable: bool = True, owner: Owner | None = None) -> None:
        """Take a folder; nothing is touched before `prepare`.

        Args:
            home: Made when it is not there; must be reachable by the owner.
            durable: Whether commits survive a crash of the machine.
            owner: Who runs it; by default ourselves, or as root a user without privileges.
        """
        self.home = home.absolute()
        self.durable = durable
        self.owner = owner if owner is not None else unprivileged_owner()
        self.child: Child | None = None
        self._binaries: PostgresBinaries | None = None
        self._socket: Path | None = None
        self._password = ""

    @property
    def data(self) -> Path:
        """The folder of the cluster itself."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """The address of the database, password included; known once prepared."""
        return f"postgresql://{USER}:{self._password}@/{DATABASE}?host={self._prepared_socket}"

    async def prepare(self) -> None:
        """Make the cluster when it is not there, and take away what a killed server has left.

        Raises:
            CannotRun: With the reason.
        """
        private_folder(self.home, self.owner)
        if not self.owner.can_reach(self.home):
            raise CannotRun(f"{self.home} cannot be reached by the user that runs PostgreSQL (id {self.owner.uid}).")
        self._binaries = find_postgres().within_reach(self.owner, self.home)
        # Hexadecimal needs no escaping in any URL.
        self._password = secret_file(self.home / "password", self.owner, characters=secrets.token_hex(24))
        if not (self.data / "PG_VERSION").exists():
            await self._create_cluster(self._binaries)
        elif (found := major_version(self.data / "PG_VERSION")) != POSTGRES_MAJOR:
            raise CannotRun(f"{self.data} was made by PostgreSQL {found}, but this is PostgreSQL {POSTGRES_MAJOR}.")
        await end_leftover_postgres(self.data)
        if self._socket is None:
            self._socket = socket_folder(self.home, self.owner, file_name=".s.PGSQL.5432.lock")
        for left in self._socket.glob(".s.PGSQL.*"):
            left.unlink()

    @property
    def command(self) -> Command:
        """How the server is run; known once prepared."""
        if self._binaries is None:
            raise CannotRun("PostgreSQL has not been prepared.")
        settings = {**SETTINGS, **({} if self.durable else FORGETFUL)}
        settings["unix_socket_directories"] = str(self._prepared_socket)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name="postgres",
            arguments=[str(self._binaries.postgres), "-D", str(self.data), *options],
            environment=plain_environment(),
            owner=self.owner,
            # "Fast": open transactions are rolled back, and nobody is waited for.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    async def is_ready(self) -> bool:
        """Return whether the server answers; makes the database when it is not there."""
        try:
            connection = await asyncpg.connect(self.url.replace(f"/{DATABASE}?", "/postgres?"), timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()
        return True

    async def start(self, write: Write | None = None) -> None:
        """Prepare the cluster, run the server, and wait until it answers.

        Raises:
            CannotRun: With the server's last words.
        """
        await self.prepare()
        self.child = await Child.start(self.command, write)
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self.is_ready():
                    if self.child.has_ended:
                        break
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    return
        except TimeoutError:
            pass
        await self.child.stop()
        raise CannotRun("PostgreSQL does not start: " + " ".join(self.child.last_lines))

    async def stop(self) -> None:
        """End the server, and remove its socket's folder when that is a temporary one."""
        if self.child is not None:
            await self.child.stop()
            self.child = None
        self.release()

    def release(self) -> None:
        """Remove the socket's folder when it is a temporary one."""
        if self._socket is not None and self._socket.parent != self.home:
            shutil.rmtree(self._socket, ignore_errors=True)
        self._socket = None

    @property
    def _prepared_socket(self) -> Path:
        if self._socket is None:
            raise CannotRun("PostgreSQL has not been prepared.")
        return self._socket

    async def _create_cluster(self, binaries: PostgresBinaries) -> None:
        # Made beside and renamed, so that a half-made cluster is never taken for a whole one.
        unfinished = self.home / "data.unfinished"
        with suppress(FileNotFoundError):
            shutil.rmtree(unfinished)
        command = Command(
            name="initdb",
            arguments=[
                *(str(binaries.initdb), "-D", str(unfinished), "-U", USER, "--auth=scram-sha-256"),
                *(f"--pwfile={self.home / 'password'}", "--encoding=UTF8", "--no-instructions"),
                # Sorts and folds the same on every machine, whatever its C library.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *(() if self.durable else ("--no-sync",)),
            ],
            environment=plain_environment(),
            owner=self.owner,
        )
        making = await Child.start(command)
        if await making.wait() != 0:
            raise CannotRun("The cluster cannot be made: " + " ".join(making.last_lines))
        unfinished.rename(self.data)
