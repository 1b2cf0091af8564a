"""What PostgreSQL and Redis have in common as child processes of ours."""

import asyncio
import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from lexora_gql.embedded.child import Child, Command, Write
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ownership import Owner, private_folder, unprivileged_owner
from lexora_gql.embedded.sockets import socket_folder

START_SECONDS = 60.0
POLL_SECONDS = 0.02


class EmbeddedServer(ABC):
    """A server in a folder of its own, reached through a private socket."""

    name: str

    def __init__(self, home: Path, *, owner: Owner | None = None) -> None:
        """Take a folder; nothing is touched before `prepare`.

        Args:
            home: Made when it is not there; the owner must be able to reach it.
            owner: Who runs it; by default ourselves, or as root a user without privileges.
        """
        self.home = home.absolute()
        self.owner = owner if owner is not None else unprivileged_owner()
        self.child: Child | None = None
        self._socket: Path | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The server's address, known once prepared; the same after a restart."""

    @property
    @abstractmethod
    def command(self) -> Command:
        """How the server is run, known once prepared."""

    @abstractmethod
    async def prepare(self) -> None:
        """Make what the server needs, and take away what a killed one has left; before every start.

        Raises:
            CannotRun: With the reason.
        """

    @abstractmethod
    async def is_ready(self) -> bool:
        """Return whether the server answers."""

    async def start(self, write: Write | None = None) -> None:
        """Prepare and run the server, and wait until it answers.

        Args:
            write: Gets the server's name and each line of its output.

        Raises:
            CannotRun: With the server's last words.
        """
        await self.prepare()
        self.child = await Child.start(self.command, write)
        if not await self._answers(self.child):
            await self.child.stop()
            raise CannotRun(f"{self.name} does not start: {' '.join(self.child.last_lines)}")

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
    def socket(self) -> Path:
        """The folder of the socket, known once prepared."""
        if self._socket is None:
            raise CannotRun(f"{self.name} has not been prepared.")
        return self._socket

    def make_folders(self, *, socket_name: str) -> None:
        """Make the server's folder and the socket's, which stays where it is through restarts.

        Raises:
            CannotRun: One of them is out of the owner's reach.
        """
        private_folder(self.home, self.owner)
        if not self.owner.can_reach(self.home):
            raise CannotRun(
                f"{self.home} cannot be reached by the user with id {self.owner.uid}, who runs {self.name}."
            )
        if self._socket is None:
            self._socket = socket_folder(self.home, self.owner, file_name=socket_name)

    async def _answers(self, child: Child) -> bool:
        try:
            async with asyncio.timeout(START_SECONDS):
                while not child.has_ended:
                    if await self.is_ready():
                        return True
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            pass
        return False
