"""Many answers at once, many subscriptions that wait, and readers that do not read, on one API process.

    python -m tests.benchmarks.many_answers [burst] [stuck] [idle] [steady]

A provider in a process of its own keeps to the clock. Limits: 50 answers of 200 tokens at 50 a second, asked at once,
end within 1.2 times the ideal, their first text within 300 ms by the median; of 100 answers at 30 a second each token
comes, within a second by the 99th percentile, over 4 connections to Redis and none to PostgreSQL that is held; 50
readers that do not read harm nobody, and cost no memory that grows.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

import asyncpg
import psutil
from graphql import print_ast
from redis.asyncio import Redis

from lexora_gql.terminal.operations import operation
from tests.benchmarks.crowd import QUESTION, READERS_OF_ONE, Reader, ask_all, crowd
from tests.benchmarks.figures import Limit, all_hold, line, median, percentile, spread
from tests.benchmarks.stand import Stand, open_stand, run
from tests.embedded.running_up import free_port
from tests.end_to_end.client import Client
from tests.shared_data import PROJECT

BURST, BURST_TOKENS, BURST_PACE = 50, 200, 50
IDEAL_SECONDS = 4.05
STEADY, STEADY_TOKENS, STEADY_PACE = 100, 200, 30
IDLE, SOCKETS_OF_ONE = 1_000, 20
STUCK, READING, OPERATIONS = 50, 20, 20
LONG_TOKENS, LONG_PACE = 4_000, 10_000
SETTLED_SECONDS = 3.0
DOCUMENT_EVENTS = print_ast(operation("DocumentEvents"))
SAMPLE_SECONDS = 0.25
MEBIBYTE = 1024 * 1024
# Twenty times the answer, and what the socket holds of it.
FLAT_MEBIBYTES = 5.0


async def burst(stand: Stand) -> list[Limit]:
    """Fifty answers, asked at once; once before, to warm all of it up."""
    async with crowd(stand.client.address, BURST) as readers:
        await ask_all(readers[:10], 20, BURST_PACE)
        reads = await ask_all(readers, BURST_TOKENS, BURST_PACE)
    took = max(read.took_seconds for read in reads)
    first = [read.first_seconds * 1_000 for read in reads]
    spread(f"first text, {BURST} asked at once", first)
    spread("each token from the provider to its reader", [lag * 1_000 for read in reads for lag in read.lags])
    line(f"{BURST} answers of {BURST_TOKENS} tokens at {BURST_PACE} a second", took, "s", f"ideal {IDEAL_SECONDS} s")
    return [
        Limit("all of them, times the ideal", took / IDEAL_SECONDS, 1.2, ""),
        Limit("first text, median", median(first), 300.0, "ms"),
    ]


async def steady(stand: Stand) -> list[Limit]:
    """A hundred answers with a reader each, and what they hold meanwhile; the worker's connections do not count."""
    async with crowd(stand.client.address, STEADY) as readers:
        await stand.worker.stop()
        # Connections that have rested since their owners registered may be closed just as they are used.
        await ask_all(readers[::READERS_OF_ONE], 5, STEADY_PACE)
        held = Held()
        sampling = asyncio.create_task(held.sample(stand))
        try:
            reads = await ask_all(readers, STEADY_TOKENS, STEADY_PACE)
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
    lags = [lag for read in reads for lag in read.lags]
    spread(f"each token of {STEADY} answers at {STEADY_PACE} a second", [lag * 1_000 for lag in lags])
    line("tokens that came", len(lags), "", f"of {STEADY * STEADY_TOKENS}")
    line("connections to PostgreSQL in a transaction, p50", median(held.in_transaction), "")
    return [
        Limit("a token's way to its reader, p99", percentile(lags, 99), 1.0, "s"),
        Limit("connections to Redis", max(held.redis), 4, ""),
        Limit("the longest transaction", max(held.transaction_seconds), 1.0, "s"),
    ]


@dataclass(slots=True)
class Held:
    """What an API holds while it streams, a sample four times a second."""

    redis: list[int] = field(default_factory=list)
    in_transaction: list[int] = field(default_factory=list)
    transaction_seconds: list[float] = field(default_factory=list)

    async def sample(self, stand: Stand) -> None:
        """Look until cancelled."""
        redis = Redis.from_url(stand.stack.redis.url)
        postgres = await asyncpg.connect(stand.stack.database_url)
        query = """
            SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
        """
        try:
            while True:
                own = await redis.client_id()
                self.redis.append(sum(int(one["id"]) != own for one in await redis.client_list()))
                for count, seconds in await postgres.fetch(query):
                    self.in_transaction.append(count)
                    self.transaction_seconds.append(seconds)
                await asyncio.sleep(SAMPLE_SECONDS)
        finally:
            await redis.aclose()
            await postgres.close()


async def idle(stand: Stand) -> list[Limit]:
    """A thousand sockets with a subscription each, on which nothing happens."""
    process = psutil.Process(stand.api.process.pid)
    async with AsyncExitStack() as ending:
        people = [Client(stand.client.address) for _ in range(IDLE // SOCKETS_OF_ONE)]
        for person in people:
            ending.push_async_callback(person.close)
            await person.register()
        before = process.memory_info().rss
        for at in range(IDLE):
            socket = await ending.enter_async_context(people[at // SOCKETS_OF_ONE].socket())
            request = {"query": DOCUMENT_EVENTS, "variables": {}}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": request}))
        await stand.client.run("Me")
        await asyncio.sleep(SETTLED_SECONDS)
        each = (process.memory_info().rss - before) / IDLE / 1024
        line(f"memory of each of {IDLE} idle subscriptions, its socket included", each, "KiB")
    return []


async def stuck(stand: Stand) -> list[Limit]:
    """Fifty sockets that ask for a long answer twenty times each and read nothing, beside twenty readers who do."""
    process = psutil.Process(stand.api.process.pid)
    async with (
        crowd(stand.client.address, READING) as readers,
        crowd(stand.client.address, STUCK) as others,
    ):
        alone = await ask_all(readers, STEADY_TOKENS, STEADY_PACE)
        # One of each account, which all that do not read have in common with nine others.
        answers = {id(one.client): await _long_answer(one) for one in others[::READERS_OF_ONE]}
        before, sizes = process.memory_info().rss, list[int]()
        async with AsyncExitStack() as ending:
            for one in others:
                socket = await ending.enter_async_context(one.client.socket(narrow=True))
                # Who does not read does not hear a good-bye either, for which each would be waited for in turn.
                ending.callback(socket.transport.abort)
                for at in range(OPERATIONS):
                    await Reader(one.client, socket).subscribe(str(at), answers[id(one.client)])
            # To begin a thousand operations takes seconds, whoever reads them; here it is about what comes then.
            await stand.settled()
            reading = asyncio.create_task(ask_all(readers, STEADY_TOKENS, STEADY_PACE))
            while not reading.done():
                sizes.append(process.memory_info().rss)
                await asyncio.wait([reading], timeout=SAMPLE_SECONDS)
            beside = await reading
    lags = [lag for read in beside for lag in read.lags]
    spread(f"a token to one of {READING} readers, alone", [lag * 1_000 for read in alone for lag in read.lags])
    spread(f"the same beside {STUCK} who do not read", [lag * 1_000 for lag in lags])
    line("memory when they have asked, and at the most", (sizes[0] - before) / MEBIBYTE, "MiB")
    return [
        Limit("a token beside those who do not read, p99", percentile(lags, 99), 1.0, "s"),
        Limit("memory that those cost each", (max(sizes) - before) / MEBIBYTE / STUCK, FLAT_MEBIBYTES, "MiB"),
    ]


async def _long_answer(reader: Reader) -> str:
    content = QUESTION.format(tokens=LONG_TOKENS, a_second=LONG_PACE)
    sent = (await reader.client.run("SendMessage", input={"content": content}))["sendMessage"]
    answer = str(sent["answer"]["id"])
    async with aclosing(reader.client.subscribe("Answer", messageId=answer)) as events:
        async for _ in events:
            pass
    return answer


async def measure(wanted: list[str]) -> bool:
    """Measure all parts, or those named; returns whether all limits are kept."""
    port = free_port()
    provider = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.paced_provider", str(port), cwd=PROJECT
    )
    settings = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "key", "OPENAI_MODEL": "test-model"}
    try:
        limits: list[Limit] = []
        async with open_stand(**settings) as stand:
            for part in PARTS:
                if not wanted or part.__name__ in wanted:
                    limits += await part(stand)
    finally:
        provider.kill()
        await provider.wait()
    return all_hold(limits)


# Idle ones first, or they would fit into what others have given back; the worker is gone after the last one.
PARTS = (idle, burst, stuck, steady)


def main() -> None:
    """Run what the command line names."""
    run("many answers", lambda: measure(sys.argv[1:]))


if __name__ == "__main__":
    main()
