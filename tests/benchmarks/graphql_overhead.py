"""What our GraphQL server costs beside stock Strawberry with its own limiters, over the same schema and use cases.

    python -m tests.benchmarks.graphql_overhead

Both servers are processes of their own over one PostgreSQL and one Redis; the CPU seconds of each are read from the
system while they serve the same requests in turn, over kept connections: a signed-in query that asks nothing of the
database, one that does, and the events of a subscription whose source costs nothing. The limits: CPU of the trivial
query at most 1.5 times stock Strawberry's, and at least 99 of 100 documents found in the cache.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

import httpx
import psutil
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.benchmarks.figures import Limit, all_hold, line
from tests.benchmarks.stand import Stand, open_stand, run
from tests.embedded.running_up import free_port
from tests.end_to_end.stack import SETTINGS
from tests.shared_data import PROJECT
from tests.terminal.running_server import plain_environment

NAMES = ("lexora", "stock", "stock-kept")
TRIVIAL = "query Trivial { serverInfo { name version } }"
OWN = "query Own { me { id email createdAt } documents(first: 10) { totalCount edges { node { id title status } } } }"
COUNT = "subscription Count($count: Int!) { ticks(count: $count) { number text } }"
ROUNDS, REQUESTS, EVENTS = 7, 400, 4_000
CPU_RATIO, HITS_PERCENT = 1.5, 99.0


@dataclass(slots=True)
class Server:
    """One of the servers, and what it has cost so far."""

    name: str
    port: int
    process: psutil.Process
    http: httpx.AsyncClient
    costs: dict[str, list[float]] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """Return the CPU time it has used, its threads included."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    async def measured(self, what: str, work: Awaitable[int]) -> None:
        """Note the CPU milliseconds that each unit of a work costs the server."""
        before = self.cpu_seconds()
        units = await work
        self.costs.setdefault(what, []).append((self.cpu_seconds() - before) * 1_000 / units)

    def cost(self, what: str) -> float:
        """Return the median over all rounds."""
        return median(self.costs[what])

    async def query(self, text: str, token: str) -> int:
        """Ask the same many times over one connection."""
        body = {"query": text, "variables": {}}
        for _ in range(REQUESTS):
            response = await self.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
            assert "errors" not in response.json(), response.text
        return REQUESTS

    async def follow(self) -> int:
        """Read many events of one subscription; return how many they were."""
        address, events = f"ws://127.0.0.1:{self.port}/ticks", 0
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], compression=None) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            payload = {"query": COUNT, "variables": {"count": EVENTS}}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            while (message := json.loads(await socket.recv()))["type"] == "next":
                assert message["payload"]["data"]["ticks"]["number"] == events, message
                events += 1
        assert (message["type"], events) == ("complete", EVENTS), message
        return events


@asynccontextmanager
async def served(name: str, environment: dict[str, str]) -> AsyncIterator[Server]:
    """Run one of the servers until it answers, and end it afterwards."""
    port = free_port()
    command = (sys.executable, "-m", "tests.benchmarks.graphql_servers", name, str(port))
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT, env=environment, stdout=null, stderr=null)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            async with asyncio.timeout(60):
                while not await _answers(http):  # noqa: ASYNC110  # nothing else tells when it does
                    await asyncio.sleep(0.1)
            yield Server(name, port, psutil.Process(process.pid), http)
    finally:
        process.terminate()
        await process.wait()


async def _answers(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.post("/graphql", json={"query": TRIVIAL})).status_code == 200
    except httpx.TransportError:
        return False


def environment_of(stand: Stand) -> dict[str, str]:
    """Return what a server needs to speak to the stand's PostgreSQL and Redis."""
    return {
        **plain_environment(),
        **SETTINGS,
        "DATABASE_URL": stand.stack.database_url,
        "REDIS_URL": stand.stack.redis.url,
        "SECRET_KEY": stand.stack.settings["SECRET_KEY"],
        "DATA_DIR": str(stand.stack.folder / "data"),
        "PYTHONPATH": str(PROJECT),
    }


async def hits_percent(server: Server) -> float:
    """Return how many of a hundred documents were found in the cache."""
    figures = (await server.http.get("/metrics")).text.splitlines()
    found = {
        name: sum(
            float(each.split()[-1]) for each in figures if each.startswith(f'cache_{name}_total{{cache="documents"}}')
        )
        for name in ("hit", "miss")
    }
    return found["hit"] / (found["hit"] + found["miss"]) * 100


async def measure() -> bool:
    """Measure all three in turn, round by round; returns whether the limits hold."""
    async with open_stand() as stand:
        environment, token = environment_of(stand), stand.client.token or ""
        async with (
            served("lexora", environment) as ours,
            served("stock", environment) as stock,
            served("stock-kept", environment) as kept,
        ):
            servers = (ours, stock, kept)
            for _ in range(ROUNDS):
                for server in servers:
                    await server.measured("trivial query", server.query(TRIVIAL, token))
                    await server.measured("own query", server.query(OWN, token))
                    await server.measured("event", server.follow())
            hits = await hits_percent(ours)
    for what in ours.costs:
        for server in servers:
            cost = server.cost(what)
            line(
                f"{what}, {server.name}",
                cost,
                "ms",
                f"{ours.cost(what) / cost:.2f} x  {1_000 / cost:,.0f} a CPU second",
            )
    line("documents found in the cache", hits, "%")
    return all_hold(
        [
            Limit(
                "CPU of the trivial query beside stock",
                ours.cost("trivial query") / stock.cost("trivial query"),
                CPU_RATIO,
                "x",
            ),
            Limit("documents not found in the cache", 100 - hits, 100 - HITS_PERCENT, "%"),
        ]
    )


if __name__ == "__main__":
    run("GraphQL beside stock Strawberry", measure)
