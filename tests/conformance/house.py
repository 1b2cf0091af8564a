"""Two servers over one database, one Redis and one model, and the scripts of Node that visit them as clients."""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from graphql import print_ast

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.redis_allowances import RedisAllowances
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.adapters.redis_shared_cache import RedisSharedCache
from lexora_gql.assembly.process import Process, build
from lexora_gql.settings import Settings
from lexora_gql.storage.database import Database
from lexora_gql.terminal.operations import operation
from lexora_gql.transport.graphql.listening import ListenerLimits
from tests.conformance.node_project import prepared
from tests.transport.api import PASSWORD, Api, assemble, serving, settings_for

CLIENTS = Path(__file__).parent / "clients"
VISIT_SECONDS = 30
# A line of JSON may hold every event of a visit.
LINE_BYTES_MAX = 4 * 1024 * 1024
OPERATIONS = (
    *("Register", "Login", "Logout", "Me", "ServerInfo", "UploadDocument", "Document", "DocumentFeedCursor"),
    *("DocumentEvents", "SendMessage", "Message", "Answer"),
)
FILENAME = "wombat.md"
TEXT = "# Canteen\n\nThe canteen of the wombatorium opens at noon.\n"
QUESTION = "When does the canteen of the wombatorium open?"
# Offsets count code points: a character outside the basic plane tells them from UTF-16 units and from bytes.
PARTS = tuple(
    tuple(f"Pièce {part}.{piece} of the 🦘 answer{end}" for piece, end in enumerate((", ", ", ", ". ")))
    for part in range(4)
)
ANSWER = "".join(piece for part in PARTS for piece in part)


@dataclass(slots=True)
class House:
    """What the clients visit.

    Attributes:
        gates: Of the answers that are being written: after each part but the last the model waits for the next.
    """

    apis: list[Api]
    model: ScriptedChatModel
    gates: list[asyncio.Event] = field(default_factory=list)

    def answer(self) -> None:
        """Have the model say PARTS to the next question, each once it is let."""
        self.gates = [asyncio.Event() for _ in PARTS[1:]]
        steps: list[str | asyncio.Event] = [*PARTS[0]]
        for gate, part in zip(self.gates, PARTS[1:], strict=True):
            steps += [gate, *part]
        self.model.script(*steps)

    def open(self) -> None:
        """Let the model say the next part."""
        self.gates.pop(0).set()

    async def fulfil(self, wish: dict[str, Any]) -> None:
        """Do what a script asks for."""
        match wish:
            case {"please": "answer"}:
                self.answer()
            case {"please": "open"}:
                self.open()
            case {"please": "ingest"}:
                await self.apis[0].ingest()
            case {"please": "drain", "server": int(number)}:
                assert await self.apis[number].lifecycle.drain()
            case _:
                message = f"Nobody knows how to {wish}."
                raise AssertionError(message)

    async def visited_by(self, script: str) -> dict[str, Any]:
        """Run a client's script and return the facts that it tells."""
        project = await asyncio.to_thread(prepared, CLIENTS)
        process = await asyncio.create_subprocess_exec(
            *project.command(script),
            cwd=CLIENTS,
            env=project.environment(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=LINE_BYTES_MAX,
        )
        assert process.stderr is not None
        complaints = asyncio.create_task(process.stderr.read())
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                facts = await self._converse(process)
                await process.wait()
        except TimeoutError:
            facts = None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert facts is not None, f"{script} ended with {process.returncode}: {(await complaints).decode()}"
        return facts

    async def _converse(self, process: asyncio.subprocess.Process) -> dict[str, Any] | None:
        """Fulfil wishes until the script tells its facts; None where it ends without."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(self._description()).encode() + b"\n")
        async for line in process.stdout:
            said: dict[str, Any] = json.loads(line)
            if "facts" in said:
                process.stdin.close()
                return dict(said["facts"])
            await self.fulfil(said)
            process.stdin.write(b"{}\n")
        return None

    def _description(self) -> dict[str, Any]:
        """Return what a script has to know."""
        return {
            "servers": [f"127.0.0.1:{api.port}" for api in self.apis],
            "operations": {name: print_ast(operation(name)) for name in OPERATIONS},
            "password": PASSWORD,
            "question": QUESTION,
            "parts": ["".join(part) for part in PARTS],
            "file": {"name": FILENAME, "text": TEXT},
        }


@asynccontextmanager
async def open_house(database: Database, redis_url: str, folder: Path) -> AsyncIterator[House]:
    """Give two servers that know nothing of each other but what PostgreSQL and Redis tell them."""
    settings = settings_for(folder, rate_limit_per_minute=1_000_000, login_attempts_per_minute=1_000_000)
    # Often enough for a short test to see pings, and the end of a session that was signed out of.
    limits = ListenerLimits(keep_alive_seconds=0.1, session_check_seconds=0.1, last_words_seconds=0.1)
    model = ScriptedChatModel()
    async with AsyncExitStack() as stack:
        apis = []
        for _ in range(2):
            process = _process(database, settings, redis_url, model)
            for opened in (process.adapters.bus, process.adapters.cache, process.adapters.allowances):
                stack.push_async_callback(opened.aclose)
            apis.append(await stack.enter_async_context(serving(database, settings, process=process, limits=limits)))
        yield House(apis, model)


def _process(database: Database, settings: Settings, redis_url: str, model: ScriptedChatModel) -> Process:
    twins = assemble(database, settings).adapters
    bus, cache, allowances = RedisEvents(redis_url), RedisSharedCache(redis_url), RedisAllowances(redis_url)
    return build(settings, replace(twins, bus=bus, cache=cache, allowances=allowances, model=model))
