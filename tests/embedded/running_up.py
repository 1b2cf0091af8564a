"""One `lexora up` as a process, over the tiny program."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests.shared_data import PROJECT

RUN = """
import sys
from lexora_gql.embedded.up import run_up
from lexora_gql.settings import load_settings
sys.exit(run_up(load_settings(), module="tests.embedded.tiny_program"))
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@dataclass
class RunningUp:
    """A process of `lexora up`, what it has printed so far, and what it has started."""

    process: asyncio.subprocess.Process
    port: int
    lines: list[str] = field(default_factory=list)

    @classmethod
    async def start(cls, data_dir: Path, *, port: int | None = None, **environment: str) -> "RunningUp":
        port = port or free_port()
        inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            RUN,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=PROJECT,
            env={
                **inherited,
                "PYTHONPATH": str(PROJECT),
                "DATA_DIR": str(data_dir),
                "PORT": str(port),
                **environment,
            },
        )
        return cls(process, port)

    async def line(self, wanted: str) -> str:
        """Read on to a line that holds some text."""
        assert self.process.stdout is not None
        while raw := await self.process.stdout.readline():
            self.lines.append(raw.decode().rstrip())
            if wanted in self.lines[-1]:
                return self.lines[-1]
        raise AssertionError(f"{wanted!r} was never said:\n" + "\n".join(self.lines))

    async def ready(self) -> None:
        await self.line("Ctrl-C ends everything")

    async def answer(self) -> str:
        """Ask until the API answers, since it may just be on its way back."""
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
            while True:
                try:
                    return (await client.get(f"http://127.0.0.1:{self.port}/")).text
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    def tree(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    async def first_children(self) -> list[psutil.Process]:
        async with asyncio.timeout(10):
            while True:
                if tree := self.tree():
                    return tree
                await asyncio.sleep(0.01)

    async def leader(self, part: str, *, other_than: int = 0) -> psutil.Process:
        """The child whose command line holds some text, as soon as it is there."""
        async with asyncio.timeout(10):
            while True:
                for child in psutil.Process(self.process.pid).children():
                    with suppress(psutil.NoSuchProcess):
                        if part in " ".join(child.cmdline()) and child.pid != other_than:
                            return child
                await asyncio.sleep(0.01)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code once all output is read."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.rest()

    async def rest(self) -> int:
        assert self.process.stdout is not None
        self.lines += (await self.process.stdout.read()).decode().splitlines()
        return await self.process.wait()
