"""One child process: started, listened to, ended."""

import asyncio
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from lexora_gql.embedded.ownership import Owner

LINE_BYTES_MAX = 1024 * 1024
LINES_REMEMBERED = 20
LAST_OUTPUT_SECONDS = 0.5

Write = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and how it ends.

    Attributes:
        name: Stands in front of each line of output.
        arguments: The program's path first.
        environment: All of it; nothing is inherited.
        stop_signal: Asks for an orderly end.
        stop_seconds: After so long it is killed.
        death_signal: What the child gets when we die without a word (Linux).
        routine: Lines that say nothing worth reading are not passed on.
    """

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    owner: Owner = field(default_factory=Owner)
    folder: str = "/"
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5.0
    death_signal: signal.Signals = signal.SIGKILL
    routine: re.Pattern[str] | None = None


class Child:
    """A running process, whose output is passed on line by line."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process, output: int, write: Write | None) -> None:
        self.command = command
        self.process = process
        self.last_lines: deque[str] = deque(maxlen=LINES_REMEMBERED)
        self._write = write
        self._reading = asyncio.create_task(self._read(output))

    @classmethod
    async def start(cls, command: Command, write: Write | None = None) -> "Child":
        """Start a process in a session of its own, so that a Ctrl-C reaches us alone.

        Args:
            command: What to run.
            write: Gets the command's name and each line of its output, or nothing is passed on.
        """
        # Not asyncio's own pipe: with that, a process counts as running while a grandchild holds its output open.
        output, into = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command.owner.launch(command.arguments, death_signal=command.death_signal),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=into,
                stderr=into,
                env=dict(command.environment),
                cwd=command.folder,
                start_new_session=True,
            )
        except BaseException:
            os.close(output)
            raise
        finally:
            os.close(into)
        return cls(command, process, output, write)

    @property
    def pid(self) -> int:
        """The process's number, the same from the launch step to the end."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.returncode is not None

    async def wait(self) -> int:
        """Wait for the process's end and its last output.

        Returns:
            The exit code; negative when a signal ended it.
        """
        code = await self.process.wait()
        # A grandchild may hold the pipe open, so its last output is not waited for without end.
        await asyncio.wait({self._reading}, timeout=LAST_OUTPUT_SECONDS)
        self._reading.cancel()
        await asyncio.wait({self._reading})
        return code

    async def stop(self) -> int:
        """Ask the process to end, and end it when it does not in time.

        Returns:
            Its exit code; negative when a signal ended it.
        """
        self.send(self.command.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), timeout=self.command.stop_seconds)
        except TimeoutError:
            self.kill()
        return await self.wait()

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, unless it is gone."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def kill(self) -> None:
        """End the process and what it has started at once."""
        # The process leads a group of its own, so its number is the group's.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.send(signal.SIGKILL)

    async def _read(self, output: int) -> None:
        lines = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        pipe = os.fdopen(output, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), pipe
        )
        try:
            while True:
                try:
                    raw = await lines.readline()
                except ValueError:
                    # A line longer than the limit: asyncio has thrown it away.
                    continue
                if not raw:
                    return
                self._pass_on(raw.decode("utf-8", "replace").rstrip("\r\n"))
        finally:
            transport.close()

    def _pass_on(self, line: str) -> None:
        self.last_lines.append(line)
        routine = self.command.routine
        if self._write is not None and not (routine and routine.search(line)):
            self._write(self.command.name, line)


def plain_environment() -> dict[str, str]:
    """Return the environment of a server that is to depend on nothing around it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
