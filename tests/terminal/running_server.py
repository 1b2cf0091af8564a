"""API and worker as processes, and commands against them."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from typer.testing import CliRunner

from lexora_gql.__main__ import app
from tests.embedded.running_up import free_port
from tests.shared_data import PROJECT

OURS = ("LEXORA_", "DATABASE_URL", "REDIS_URL", "OPENAI_", "SECRET_KEY", "ENVIRONMENT", "PORT", "HOST", "PUBLIC_URL")
ENDING_SECONDS = 20
PASSWORD = "correct horse battery staple"


def plain_environment() -> dict[str, str]:
    """Return the environment without what would change what Lexora does."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


@dataclass(frozen=True)
class Finished:
    """What a command said and ended with."""

    code: int
    output: str
    errors: str


@dataclass
class RunningServer:
    """One API and one worker on a database of their own."""

    url: str
    environment: dict[str, str]
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @classmethod
    async def start(cls, folder: Path, **settings: str) -> "RunningServer":
        port = free_port()
        own = {"PORT": str(port), "DATA_DIR": str(folder), "LOG_LEVEL": "WARNING", "SHUTDOWN_GRACE_SECONDS": "1"}
        server = cls(f"http://127.0.0.1:{port}", plain_environment() | own | settings)
        for command in ("serve", "work"):
            server.processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "lexora_gql", command, cwd=PROJECT, env=server.environment
                )
            )
        await server._ready()
        return server

    async def _ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(90):
            while True:
                assert all(process.returncode is None for process in self.processes), "the server has ended"
                try:
                    if (await client.get(f"{self.url}/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End both, in order if they can: how they end is shown elsewhere."""
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                async with asyncio.timeout(ENDING_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def register(self, email: str) -> str:
        """Make an account; return an access token."""
        query = "mutation($input: RegisterInput!) { register(input: $input) { ... on Authenticated { accessToken } } }"
        variables = {"input": {"email": email, "password": PASSWORD}}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.url}/graphql", json={"query": query, "variables": variables})
        return str(answer.json()["data"]["register"]["accessToken"])


async def start_command(*arguments: str, environment: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    """Start `lexora` with nobody at its terminal."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lexora_gql",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=PROJECT,
        env={**plain_environment(), "PYTHONPATH": str(PROJECT), **(environment or {})},
    )


async def lexora(*arguments: str, environment: Mapping[str, str] | None = None) -> Finished:
    """Run `lexora` to its end, in a thread of this process: starting another takes a second."""
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith(OURS)}
    result = await asyncio.to_thread(
        CliRunner().invoke, app, list(arguments), env={**unset, **(environment or {})}, prog_name="lexora"
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Finished(result.exit_code, result.stdout, result.stderr)
