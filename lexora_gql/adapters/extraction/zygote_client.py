"""The server's end of the zygote: starts it, asks it for children, learns of their ends."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass, field
from typing import Self

from lexora_gql.adapters.extraction.limits import Limits

START_SECONDS = 60.0
MESSAGE_BYTES_MAX = 4_096
ENVIRONMENT = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
# Isolated, so that neither the environment nor the working folder decides what is imported; the path is the server's.
BOOT = """
import json, sys
path, descriptor, server, limits, modules = json.loads(sys.argv[1])
sys.path[:] = path
from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.zygote import main
main(descriptor, server, Limits(**limits), modules)
"""


class ZygoteLost(Exception):
    """The zygote has ended, or does not answer; its children end with it."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended.

    Attributes:
        status: The exit code, or the negative number of the signal.
        memory_bytes: The most that it had resident.
        cpu_seconds: What it used.
        is_overdue: It was stopped for its time on the clock.
    """

    status: int
    memory_bytes: int
    cpu_seconds: float
    is_overdue: bool = False


@dataclass(slots=True)
class ZygoteClient:
    """One zygote, from start to end; bound to the event loop that started it."""

    process: Process
    control: socket.socket
    exits: dict[int, asyncio.Future[Exit]] = field(default_factory=dict)
    is_lost: bool = False

    @classmethod
    async def start(cls, limits: Limits, modules: tuple[str, ...] = ()) -> Self:
        """Start a zygote and wait until it has imported everything, also `modules`.

        Raises:
            ZygoteLost: It did not come up.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            wanted = {
                "cpu_seconds": limits.cpu_seconds,
                "memory_bytes": limits.memory_bytes,
                "wall_seconds": limits.wall_seconds,
            }
            told = json.dumps([_search_path(), theirs.fileno(), os.getpid(), wanted, modules])
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-c", BOOT, told,
                stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, cwd="/", env=ENVIRONMENT, pass_fds=(theirs.fileno(),),
            )  # fmt: skip
        ours.setblocking(False)  # noqa: FBT003  # socket takes it by position only
        client = cls(process, ours)
        # It says job 0 when it is ready.
        ready = client._expect(0)
        asyncio.get_running_loop().add_reader(ours, client._hear)
        try:
            async with asyncio.timeout(START_SECONDS):
                await ready
        except BaseException as error:
            await client.aclose()
            if isinstance(error, TimeoutError):
                raise ZygoteLost from None
            raise
        return client

    def read(self, job: int, media_type: str, file: int, pipe: int) -> asyncio.Future[Exit]:
        """Have a child read a file; the descriptors remain the caller's to close.

        Returns:
            What tells of the child's end; it raises ZygoteLost when nobody can tell.
        """
        ended = self._expect(job)
        message = json.dumps({"do": "read", "job": job, "media_type": media_type}).encode()
        try:
            socket.send_fds(self.control, [message], [file, pipe])
        except OSError:
            self._lose()
        return ended

    def kill(self, job: int) -> None:
        """Have a child killed, with all that it may have started."""
        with contextlib.suppress(OSError):
            self.control.send(json.dumps({"do": "kill", "job": job}).encode())

    def abandon(self) -> None:
        """Kill the zygote itself: it does not do what it is asked."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def aclose(self) -> None:
        """End the zygote and its children."""
        self._lose()
        self.abandon()
        await self.process.wait()

    def _expect(self, job: int) -> asyncio.Future[Exit]:
        ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        # Nobody may be waiting any more when the zygote is lost, and that is no news then.
        ended.add_done_callback(lambda future: future.cancelled() or future.exception())
        if self.is_lost:
            ended.set_exception(ZygoteLost())
        else:
            self.exits[job] = ended
        return ended

    def _hear(self) -> None:
        try:
            message = self.control.recv(MESSAGE_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._lose()
            return
        told = json.loads(message)
        ended = self.exits.pop(told["job"], None)
        if ended is not None and not ended.done():
            ended.set_result(Exit(told.get("status", 0), told.get("memory_bytes", 0), told.get("cpu_seconds", 0.0)))

    def _lose(self) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        asyncio.get_running_loop().remove_reader(self.control)
        self.control.close()
        for ended in self.exits.values():
            if not ended.done():
                ended.set_exception(ZygoteLost())
        self.exits.clear()


def _search_path() -> list[str]:
    """Return where this process imports from; an empty entry means the working folder, which the zygote leaves."""
    return [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100  # an entry may be a zip, or not exist
