"""Redis as a child process: a private socket, a limit on memory, nothing kept on disk."""

import re
import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from lexora_gql.embedded.binaries import find_redis
from lexora_gql.embedded.child import Command, plain_environment
from lexora_gql.embedded.leftovers import end_leftovers
from lexora_gql.embedded.ownership import Owner
from lexora_gql.embedded.server import EmbeddedServer

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
}
# Redis says this at its highest level. The warning is about snapshots, which are off.
ROUTINE = re.compile(
    "Redis is starting|Redis version=|Configuration loaded|Server initialized|Memory overcommit must be enabled|"
    "scheduling shutdown|User requested shutdown|ready to exit"
)


class EmbeddedRedis(EmbeddedServer):
    """A server in a folder of its own, reached through a private socket."""

    name = "redis"

    def __init__(self, home: Path, *, owner: Owner | None = None) -> None:
        """Take a folder; nothing is touched before `prepare`.

        Args:
            home: Made when it is not there; the owner must be able to reach it.
            owner: Who runs it; by default ourselves, or as root a user without privileges.
        """
        super().__init__(home, owner=owner)
        self._binary = Path("redis-server")

    @property
    def url(self) -> str:
        """The server's address, known once prepared."""
        return f"unix://{self.socket / SOCKET_NAME}"

    @property
    def command(self) -> Command:
        """How the server is run, known once prepared."""
        settings = {**SETTINGS, "dir": str(self.home), "unixsocket": str(self.socket / SOCKET_NAME)}
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Command(
            name=self.name,
            arguments=[str(self._binary), *options],
            environment=plain_environment(),
            owner=self.owner,
            stop_seconds=1.0,
            routine=ROUTINE,
        )

    async def prepare(self) -> None:
        """Make the folders, and take away what a killed server has left.

        Raises:
            CannotRun: With the reason.
        """
        self.make_folders(socket_name=SOCKET_NAME)
        self._binary = find_redis(self.owner, self.home)
        # An old one on its way out would remove the new one's socket.
        await end_leftovers("redis-server", self.home, (signal.SIGKILL,))
        (self.socket / SOCKET_NAME).unlink(missing_ok=True)

    async def is_ready(self) -> bool:
        """Return whether the server answers."""
        client = Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
