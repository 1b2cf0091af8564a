"""Redis as a child process: a private socket, a limit on memory, nothing kept on disk."""

import asyncio
import shutil
import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from lexora_gql.embedded.binaries import find_redis
from lexora_gql.embedded.child import Child, Command, Write, plain_environment
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ownership import Owner, private_folder, unprivileged_owner
from lexora_gql.embedded.sockets import socket_folder

START_SECONDS = 30.0
POLL_SECONDS = 0.02
SOCKET_NAME = "redis.sock"
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    # All of it can be lost: PostgreSQL is the truth. So the least used goes when memory is short.
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "save": "",
    "appendonly": "no",
    "daemonize": "no",
    "loglevel": "warning",
    "databases": "16",
}


class EmbeddedRedis:
    """A server in a folder of its own, reached through a private socket."""

    def __init__(self, home: Path, *, owner: Owner | None = None) -> None:
        """Take a folder; nothing is touched before `prepare`.

        Args:
            home: Made when it is not there; must be reachable by the owner.
            owner: Who runs it; by default ourselves, or as root a user without privileges.
        """
        self.home = home.absolute()
        self.owner = owner if owner is not None else unprivileged_owner()
        self.child: Child | None = None
        self._binary: Path | None = None
        self._socket: Path | None = None

    @property
    def url(self) -> str:
        """The server's address; known once prepared."""
        return f"unix://{self._prepared_socket / SOCKET_NAME}"

    async def prepare(self) -> None:
        """Make the folders.

        Raises:
            CannotRun: With the reason.
        """
        private_folder(self.home, self.owner)
        self._binary = find_redis(self.owner, self.home)
        if self._socket is None:
            self._socket = socket_folder(self.home, self.owner, file_name=SOCKET_NAME)
        (self._socket / SOCKET_NAME).unlink(missing_ok=True)

    @property
    def command(self) -> Command:
        """How the server is run; known once prepared."""
        settings = {**SETTINGS, "dir": str(self.home), "unixsocket": str(self._prepared_socket / SOCKET_NAME)}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Command(
            name="redis",
            arguments=[str(self._binary), *options],
            environment=plain_environment(),
            owner=self.owner,
            stop_seconds=2.0,
            death_signal=signal.SIGTERM,
        )

    async def is_ready(self) -> bool:
        """Return whether the server answers."""
        client = Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    async def start(self, write: Write | None = None) -> None:
        """Run the server, and wait until it answers.

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
        raise CannotRun("Redis does not start: " + " ".join(self.child.last_lines))

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
            raise CannotRun("Redis has not been prepared.")
        return self._socket
