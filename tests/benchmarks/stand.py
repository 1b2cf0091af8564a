"""What benchmarks of the whole product stand on: processes of their own over a PostgreSQL that keeps its commits."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from lexora_gql.embedded.postgres import EmbeddedPostgres
from tests.benchmarks.figures import load
from tests.end_to_end.client import Client
from tests.end_to_end.stack import Program, Stack, reachable_folder

# As many connections as the product opens by default, and a worker that gives way as it does there.
# And without a memory of searches, which are asked again and again here.
SETTINGS = {
    "DATABASE_POOL_SIZE": "10",
    "DATABASE_MAX_OVERFLOW": "10",
    "WORKER_NICENESS": "10",
    "SEARCH_CACHE_SECONDS": "0",
}
QUIET_PERCENT = 3.0
QUIET_SECONDS = 1.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Stand:
    """One API, one worker, one person."""

    stack: Stack
    api: Program
    worker: Program
    client: Client

    async def settled(self) -> None:
        """Wait until neither process has anything to do any more: nothing outside says when an index is folded."""
        processes = [psutil.Process(program.process.pid) for program in (self.api, self.worker)]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for process in processes:
                    process.cpu_percent()
                await asyncio.sleep(QUIET_SECONDS)
                if all(process.cpu_percent() < QUIET_PERCENT for process in processes):
                    return


@asynccontextmanager
async def open_stand(**settings: str) -> AsyncIterator[Stand]:
    """Start everything and sign somebody in; end it afterwards."""
    folder = reachable_folder()
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        await postgres.start()
        async with Stack.open(postgres.url, **SETTINGS, **settings) as stack:
            api, worker = await asyncio.gather(stack.start_api(), stack.start_worker())
            client = Client(api.address)
            await client.register()
            yield Stand(stack, api, worker, client)
            await client.close()
    finally:
        await postgres.stop()
        shutil.rmtree(folder)


def run(what: str, benchmark: Callable[[], Awaitable[bool]]) -> None:
    """Run a benchmark and exit with 1 where a limit was not kept."""

    async def measured() -> bool:
        load(what)
        is_kept = await benchmark()
        load("done")
        return is_kept

    sys.exit(0 if asyncio.run(measured()) else 1)
