import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from lexora_gql.embedded.child import Command
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.supervisor import Supervisor

OBEDIENT = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('up'); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); signal.pause(); signal.pause()"
FAREWELL = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit('down'))
print('up')
signal.pause()
"""
BROKEN = "import sys; sys.exit('the cable is out')"


@dataclass
class Script:
    """A few lines of Python as a child; ready once it has said "up"."""

    name: str
    code: str
    output: "Output"
    stop_seconds: float = 5.0

    @property
    def command(self) -> Command:
        arguments = [sys.executable, "-u", "-c", self.code]
        return Command(name=self.name, arguments=arguments, environment={}, stop_seconds=self.stop_seconds)

    async def prepare(self) -> None:
        pass

    async def is_ready(self) -> bool:
        return (self.name, "up") in self.output.lines


class Output:
    """What children have said, to be waited for."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._more = asyncio.Event()

    def write(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._more.set()

    async def count(self, name: str, line: str, times: int) -> None:
        async with asyncio.timeout(10):
            while self.lines.count((name, line)) < times:
                self._more.clear()
                await self._more.wait()


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
async def supervisor(output: Output) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(output.write)
    yield supervisor
    await supervisor.stop()


class TestKeepRunning:
    async def test_a_killed_child_comes_back(self, supervisor: Supervisor, output: Output) -> None:
        await supervisor.start([Script("one", OBEDIENT, output)])
        before = supervisor.process_numbers()["one"]
        os.kill(before, signal.SIGKILL)
        await output.count("one", "up", 2)

        assert ("one", "was ended by signal 9; starting it again in 0.1 s") in output.lines
        assert supervisor.process_numbers()["one"] != before

    async def test_each_crash_waits_longer(self, supervisor: Supervisor, output: Output) -> None:
        await supervisor.start([Script("one", OBEDIENT, output)])
        for times in (2, 3, 4):
            os.kill(supervisor.process_numbers()["one"], signal.SIGKILL)
            await output.count("one", "up", times)

        delays = [line.split()[-2] for _, line in output.lines if "starting it again" in line]
        assert delays == ["0.1", "0.2", "0.4"]

    async def test_what_never_starts_is_given_up_with_its_last_words(
        self, supervisor: Supervisor, output: Output
    ) -> None:
        with pytest.raises(CannotRun, match=r"^one does not start: the cable is out$"):
            await supervisor.start([Script("one", BROKEN, output)])

        assert output.lines.count(("one", "the cable is out")) == 3


class TestStop:
    async def test_groups_end_in_the_opposite_order(self, output: Output) -> None:
        supervisor = Supervisor(output.write)
        for name in ("first", "second", "third"):
            await supervisor.start([Script(name, FAREWELL, output)])
        await supervisor.stop()

        assert [name for name, line in output.lines if line == "down"] == ["third", "second", "first"]

    async def test_whoever_does_not_listen_is_killed_in_time(self, output: Output) -> None:
        supervisor = Supervisor(output.write)
        await supervisor.start([Script("deaf", STUBBORN, output, stop_seconds=0.5)])
        process = psutil.Process(supervisor.process_numbers()["deaf"])
        began = time.monotonic()
        await supervisor.stop()

        assert 0.5 <= time.monotonic() - began < 3
        assert not process.is_running()

    async def test_what_a_child_has_started_ends_with_it(self, output: Output, tmp_path: Path) -> None:
        supervisor = Supervisor(output.write)
        note = tmp_path / "grandchild"
        code = (
            "import subprocess, sys, signal, pathlib\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
            f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n"
            "print('up'); signal.pause()"
        )
        await supervisor.start([Script("parent", code, output)])
        grandchild = psutil.Process(int(note.read_text()))
        await supervisor.stop()
        _, alive = psutil.wait_procs([grandchild], timeout=5)

        assert alive == []
