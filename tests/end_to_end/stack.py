"""APIs and workers as real processes, over a database, a Redis and a data folder of their own."""

import asyncio
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

import httpx

from lexora_gql.embedded.redis import EmbeddedRedis
from tests.database import create_database
from tests.embedded.running_up import free_port
from tests.shared_data import PROJECT
from tests.terminal.running_server import plain_environment

READY_SECONDS = 60.0
# Of one machine with little memory: a process needs few connections, and PostgreSQL gives 100.
SETTINGS = {
    # Recognising takes seconds a page, and reads what the manifest of the corpus calls empty.
    "OCR": "off",
    "LOG_LEVEL": "INFO",
    "LOGIN_ATTEMPTS_PER_MINUTE": "1000000",
    "RATE_LIMIT_PER_MINUTE": "1000000",
    "QUERY_LIMIT_PER_MINUTE": "1000000",
    "UPLOAD_LIMIT_PER_MINUTE": "1000000",
    "QUERY_COST_BURST": "1000000000",
    "QUERY_COST_PER_MINUTE": "1000000000",
    "DATABASE_POOL_SIZE": "5",
    "DATABASE_MAX_OVERFLOW": "5",
    "SHUTDOWN_GRACE_SECONDS": "1",
    # On a machine that is busy with other tests, workers, who give way to everybody, would stand still for seconds and
    # lose their leases for want of a processor; that is not what is tested.
    "WORKER_NICENESS": "0",
}


class Running(Protocol):
    """A process, whoever started it; asyncio's own is one."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def send_signal(self, signal: int, /) -> None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    async def wait(self) -> int: ...


# What starts a `lexora` command, by its name, its environment and the file of its output.
Launch = Callable[[str, Mapping[str, str], Path], Awaitable[Running]]


async def spawn(command: str, environment: Mapping[str, str], log: Path) -> Running:
    """Start a command of `lexora` as anybody does."""
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lexora_gql", command, cwd=PROJECT, env=environment, stdout=output, stderr=output
        )


@dataclass(slots=True)
class Program:
    """One process of Lexora, its output kept in a file.

    Attributes:
        address: Where an API answers, such as http://127.0.0.1:8000; empty for a worker.
    """

    process: Running
    log: Path
    address: str = ""

    async def ready(self) -> None:
        """Wait until the API answers and says that it is ready."""
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(READY_SECONDS):
            while True:
                assert self.process.returncode is None, self.output()
                try:
                    if (await client.get(f"{self.address}/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    async def works(self) -> None:
        """Wait until the worker works."""
        await self.says("worker_started")

    async def says(self, text: str) -> None:
        """Wait until the log holds a text."""
        async with asyncio.timeout(READY_SECONDS):
            while text not in self.output():
                assert self.process.returncode is None, self.output()
                await asyncio.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP and SIGCONT to freeze it and let it go on."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """End it at once, as a lost machine does; fine when it has ended."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """Ask it to end and return its exit code; fine when it has ended."""
        if self.process.returncode is None:
            self.process.terminate()
        return await self.process.wait()

    def output(self) -> str:
        """Return all it has said so far."""
        return self.log.read_text(errors="replace")


@dataclass(slots=True)
class Stack:
    """What several processes share: database, Redis, data folder and settings.

    Attributes:
        settings: Of every process to be started, by the names of the environment.
        launch: Starts them.
        numbers: For the names of their logs; several may be started at once.
    """

    folder: Path
    database_url: str
    redis: EmbeddedRedis
    settings: dict[str, str]
    programs: list[Program] = field(default_factory=list)
    launch: Launch = spawn
    numbers: "count[int]" = field(default_factory=count)

    @classmethod
    @asynccontextmanager
    async def open(cls, postgres_url: str, **settings: str) -> "AsyncIterator[Stack]":
        """Give a stack without processes; all are killed at the end.

        Args:
            postgres_url: Of someone who may make databases, as the fixture `postgres_url` gives it.
            settings: Such as OPENAI_BASE_URL="http://…".
        """
        folder = reachable_folder()
        redis = EmbeddedRedis(folder / "redis")
        await redis.start()
        try:
            stack = cls(folder, await create_database(postgres_url), redis, dict(settings))
            try:
                yield stack
            finally:
                await asyncio.gather(*(program.kill() for program in stack.programs))
        finally:
            await redis.stop()
            shutil.rmtree(folder)

    async def start_api(self, *, port: int | None = None, **settings: str) -> Program:
        """Start an API, on a free port unless one is named, and wait until it is ready."""
        program = await self.launch_api(port or free_port(), **settings)
        await program.ready()
        return program

    async def start_worker(self, **settings: str) -> Program:
        """Start a worker and wait until it works."""
        program = await self.launch_worker(**settings)
        await program.works()
        return program

    async def launch_api(self, port: int, **settings: str) -> Program:
        """Begin to start an API."""
        program = await self._start("serve", {"PORT": str(port), **settings})
        program.address = f"http://127.0.0.1:{port}"
        return program

    async def launch_worker(self, **settings: str) -> Program:
        """Begin to start a worker."""
        return await self._start("work", settings)

    async def audit(self) -> tuple[int, str]:
        """Run `lexora audit` and return its exit code and the last line that it says."""
        log = self.folder / f"audit{next(self.numbers)}.log"
        program = Program(await self.launch("audit", self.environment(), log), log)
        return await program.process.wait(), program.output().splitlines()[-1]

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a process or a command of this stack."""
        return {
            **plain_environment(),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEY": self.settings.setdefault("SECRET_KEY", secrets.token_urlsafe(48)),
            "DATA_DIR": str(self.folder / "data"),
            "PYTHONPATH": str(PROJECT),
            **SETTINGS,
            **self.settings,
            **settings,
        }

    async def _start(self, command: str, settings: dict[str, str]) -> Program:
        environment = self.environment(**settings)
        log = self.folder / f"{command}{next(self.numbers)}.log"
        program = Program(await self.launch(command, environment, log), log)
        self.programs.append(program)
        return program


def reachable_folder() -> Path:
    """Return a new folder that the servers' user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="lexora-stack-"))
    folder.chmod(0o711)
    return folder
