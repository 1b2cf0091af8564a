"""PostgreSQL 18 as a child process: a password, a private socket, no port."""

import secrets
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import asyncpg

from lexora_gql.embedded.binaries import POSTGRES_MAJOR, PostgresBinaries, find_postgres, major_version
from lexora_gql.embedded.child import Child, Command, plain_environment
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.leftovers import end_leftovers
from lexora_gql.embedded.ownership import Owner, secret_file
from lexora_gql.embedded.server import EmbeddedServer

USER = "lexora"
DATABASE = "lexora"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "log_checkpoints": "off",
    # Errors reach their caller; logs must not repeat rows, statements or parameters.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A crash of the machine loses the cluster: for tests, which throw it away anyhow.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """A cluster in a folder of its own, with one superuser and one database, both named lexora."""

    name = "postgres"

    def __init__(self, home: Path, *, durable: bool = True, owner: Owner | None = None) -> None:
        """Take a folder; nothing is touched before `prepare`.

        Args:
            home: Made when it is not there; the owner must be able to reach it.
            durable: Whether commits survive a crash of the machine.
            owner: Who runs it; by default ourselves, or as root a user without privileges.
        """
        super().__init__(home, owner=owner)
        self.durable = durable
        self._binaries: PostgresBinaries | None = None
        self._password = ""

    @property
    def data(self) -> Path:
        """The folder of the cluster itself."""
        return self.home / "data"

    @property
    def url(self) -> str:
        """The address of the database, password included; known once prepared."""
        return self._address(DATABASE)

    @property
    def command(self) -> Command:
        """How the server is run, known once prepared."""
        if self._binaries is None:
            raise CannotRun("postgres has not been prepared.")
        settings = {**SETTINGS, **({} if self.durable else FORGETFUL), "unix_socket_directories": str(self.socket)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name=self.name,
            arguments=[str(self._binaries.postgres), "-D", str(self.data), *options],
            environment=plain_environment(),
            owner=self.owner,
            # "Fast": open transactions are rolled back, and nobody is waited for.
            stop_signal=signal.SIGINT,
            stop_seconds=2.0,
            death_signal=signal.SIGINT,
        )

    async def prepare(self) -> None:
        """Make the cluster when it is not there, and take away what a killed server has left.

        Raises:
            CannotRun: With the reason.
        """
        self.make_folders(socket_name=".s.PGSQL.5432.lock")
        self._binaries = find_postgres().within_reach(self.owner, self.home)
        # Hexadecimal needs no escaping in any URL.
        self._password = secret_file(self.home / "password", self.owner, characters=secrets.token_hex(24))
        if not (self.data / "PG_VERSION").exists():
            await self._create_cluster(self._binaries)
        elif (found := major_version(self.data / "PG_VERSION")) != POSTGRES_MAJOR:
            raise CannotRun(f"{self.data} was made by PostgreSQL {found}, but this is PostgreSQL {POSTGRES_MAJOR}.")
        await end_leftovers("postgres", self.data, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
        # Nobody works here any more, so the numbers in these files can only be somebody else's by now.
        for left in (self.data / "postmaster.pid", *self.socket.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)

    async def is_ready(self) -> bool:
        """Return whether the server answers; makes the database when it is not there."""
        try:
            connection = await asyncpg.connect(self._address("postgres"), timeout=5)
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                    await connection.execute(f"CREATE DATABASE {DATABASE}")
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@/{database}?host={self.socket}"

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
        try:
            code = await making.wait()
        finally:
            making.kill()
        if code != 0:
            raise CannotRun("The cluster cannot be made: " + " ".join(making.last_lines))
        unfinished.rename(self.data)
