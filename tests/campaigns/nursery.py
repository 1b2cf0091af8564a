"""Starts processes of Lexora by forking one that has imported everything: a start costs a tenth of a second, not three.

Run as a program it reads orders from its input, a line of JSON each, and says what was started and what has ended.
"""

import asyncio
import ctypes
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaigns.protections import take_out
from tests.shared_data import PROJECT
from tests.terminal.running_server import plain_environment

LOOK_SECONDS = 0.02
PR_SET_PDEATHSIG = 1


class Offspring:
    """A process that the nursery has forked, to be used as asyncio's own."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        """The exit code once it has ended; negative when a signal ended it."""
        return self._ended.result() if self._ended.done() else None

    def send_signal(self, number: int, /) -> None:
        """Send a signal, unless it has ended."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Wait for its end."""
        return await asyncio.shield(self._ended)

    def end(self, code: int) -> None:
        """Note that it has ended."""
        self._ended.set_result(code)


@dataclass(slots=True)
class Nursery:
    """The process that forks the others; they end with it."""

    process: asyncio.subprocess.Process
    offspring: dict[int, Offspring] = field(default_factory=dict)
    _started: "asyncio.Queue[Offspring]" = field(default_factory=asyncio.Queue)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    @asynccontextmanager
    async def open(cls, *, without: str = "") -> "AsyncIterator[Nursery]":
        """Start it; all that it has forked is killed at the end.

        Args:
            without: A protection that its processes lack, for controls; see `protections`.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.campaigns.nursery", without),
            cwd=PROJECT,
            env={**plain_environment(), "PYTHONPATH": str(PROJECT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        nursery = cls(process)
        hearing = asyncio.create_task(nursery._hear())
        try:
            yield nursery
        finally:
            process.kill()
            await process.wait()
            await hearing

    async def launch(self, command: str, environment: Mapping[str, str], log: Path) -> Offspring:
        """Start a `lexora` command, as `stack.Launch` wants it."""
        # There for whoever reads it before the process writes.
        await asyncio.to_thread(log.touch)
        order = {"command": command, "environment": dict(environment), "log": str(log)}
        assert self.process.stdin is not None
        async with self._one_at_a_time:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            await self.process.stdin.drain()
            return await self._started.get()

    async def _hear(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            if "started" in said:
                offspring = self.offspring[said["started"]] = Offspring(said["started"])
                self._started.put_nowait(offspring)
            else:
                self.offspring.pop(said["ended"]).end(said["code"])
        for offspring in self.offspring.values():
            offspring.end(-signal.SIGKILL)


def main(without: str) -> None:
    """Fork as ordered until the orders end."""
    from lexora_gql.__main__ import app  # noqa: PLC0415  # seconds that nobody else should spend
    from lexora_gql.assembly import server, worker  # noqa: PLC0415  # as above

    take_out(without)
    commands = {
        "serve": server.serve,
        "work": worker.work,
        "audit": lambda _settings: app(["audit"], standalone_mode=False) or 0,
    }
    os.set_blocking(0, False)
    pending = b""
    while True:
        if select.select([0], [], [], LOOK_SECONDS)[0]:
            read = os.read(0, 1 << 20)
            if not read:
                return
            *orders, pending = (pending + read).split(b"\n")
            for order in map(json.loads, orders):
                pid = os.fork()
                if pid == 0:
                    _become(order, commands)
                _say(started=pid)
        _tell_who_ended()


def _tell_who_ended() -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _say(ended=ended[0], code=os.waitstatus_to_exitcode(ended[1]))


def _say(**what: int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _become(order: Mapping[str, Any], commands: Mapping[str, Any]) -> None:
    from lexora_gql.settings import load_settings  # noqa: PLC0415  # as in `main`

    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.clear()
        os.environ.update(order["environment"])
        code = commands[order["command"]](load_settings())
    except BaseException:  # noqa: BLE001  # it must not live on as a second nursery
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
