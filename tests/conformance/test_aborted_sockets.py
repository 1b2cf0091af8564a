"""A thousand clients that vanish, after which a server is as it was before they came."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy.pool import QueuePool

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.redis_allowances import RedisAllowances
from lexora_gql.adapters.redis_events import RedisEvents
from lexora_gql.adapters.redis_shared_cache import RedisSharedCache
from lexora_gql.assembly.process import build
from lexora_gql.storage.database import Database
from tests.conformance.vanishing import Visitor, visit
from tests.database import empty
from tests.transport.api import Api, Client, assemble, serving, settings_for
from tests.transport.complaints import no_complaints

SEED = 3_141_592
VISITS = 1_000
WARMING = 60
AT_ONCE = 16
PEOPLE = 4
SECONDS = 20.0
PREFIX = "vanishing"
TEXT = b"# Canteen\n\nThe canteen of the wombatorium opens at noon.\n"
# No more than there must be: a thousand clients ask for it.
ANSWER = "subscription Answer($id: ID!) { answer(messageId: $id) { __typename ... on AnswerText { text } } }"
EVENTS = "subscription { documentEvents { __typename } }"
ASKED = "{ me { email } }"
SAID = "It opens at noon, "
REST = "they say."


@dataclass(slots=True)
class Place:
    """A server with an answer that is being written, and the people who follow it.

    Attributes:
        gate: Lets the model say the rest of each answer.
    """

    api: Api
    redis: Redis
    database: Database
    gate: asyncio.Event
    readers: list[tuple[Client, str, Visitor]]

    async def visited(self, seed: int, number: int) -> Counter[str]:
        """Have clients come and vanish; return how often each thing was done."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(at: int) -> str:
            async with turn:
                chance = random.Random(f"{seed}:{at}")  # to be repeated, not to be secret
                return await visit(self.api.port, self.readers[at % PEOPLE][2], chance)

        return Counter(await asyncio.gather(*map(one, range(number))))

    async def state(self) -> dict[str, Any]:
        """Return all that a vanished client might leave behind."""
        registry = self.api.process.metrics.registry
        pool = self.database.engine.pool
        assert isinstance(pool, QueuePool)
        live = ("answer", "documentEvents")
        channels = sorted(channel.decode() for channel in await self.redis.pubsub_channels(f"{PREFIX}:*"))
        bells = [client for client in await self.redis.client_list() if client["name"] == f"{PREFIX}:bells"]
        return {
            "sockets": self.api.lifecycle.open_sockets,
            "served": len(self.api.server.server_state.connections),
            "subscriptions": [registry.get_sample_value("live_subscriptions", {"name": name}) or 0.0 for name in live],
            "connections": descriptors(),
            "tasks": Counter(str(task.get_coro()).partition(" at ")[0] for task in asyncio.all_tasks()),
            "channels": channels,
            "bells": [client["sub"] for client in bells],
            "transactions": pool.checkedout(),
        }

    async def rested(self) -> dict[str, Any]:
        """Return the state once nobody is served or listens; the answers that are being written go on."""
        rest = {"sockets": 0, "served": 0, "transactions": 0}
        async with asyncio.timeout(SECONDS):
            while True:
                state = await self.state()
                # Redis is told a moment later that nobody listens any more.
                listening = [channel for channel in state["channels"] if ":stop:" not in channel]
                if rest.items() <= state.items() and not listening:
                    return state
                await asyncio.sleep(0.05)

    async def settled(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the state once it is what it was, or what it is still when that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while await self.state() != before:  # noqa: ASYNC110  # nobody tells of most of it
                    await asyncio.sleep(0.05)
        return await self.state()


def descriptors() -> int:
    """Return how many files and connections are open, but those to PostgreSQL and Redis, of which pools keep some."""
    pooled = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        # The folder is itself open while it is read.
        with suppress(FileNotFoundError):
            count += str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]") not in pooled
    return count


@asynccontextmanager
async def opened(database: Database, redis_url: str, folder: Path) -> AsyncIterator[Place]:
    """Give a place whose answers wait in their middle."""
    settings = settings_for(folder, rate_limit_per_minute=1_000_000)
    model, gate = ScriptedChatModel(), asyncio.Event()
    async with AsyncExitStack() as stack:
        bus, cache = RedisEvents(redis_url, prefix=PREFIX), RedisSharedCache(redis_url)
        allowances, redis = RedisAllowances(redis_url), Redis.from_url(redis_url)
        for adapter in (bus, cache, allowances, redis):
            stack.push_async_callback(adapter.aclose)
        adapters = replace(
            assemble(database, settings).adapters, bus=bus, cache=cache, allowances=allowances, model=model
        )
        api = await stack.enter_async_context(serving(database, settings, process=build(settings, adapters)))
        # Connections that are kept for more requests do not last until what is left is looked at.
        api.server.config.timeout_keep_alive = 1
        place = Place(api, redis, database, gate, [])
        for _ in range(PEOPLE):
            model.script(SAID, gate, REST)
            place.readers.append(await newcomer(api))
        for reader, *_ in place.readers:
            # Now that nothing is ingested any more: whoever follows documents hears of those that wait.
            await reader.upload(("later.md", TEXT + b"Later."), ("latest.md", TEXT + b"Latest."))
        yield place
        gate.set()


async def newcomer(api: Api) -> tuple[Client, str, Visitor]:
    """Return somebody, the id of an answer of theirs that is being written, and what they do who vanish."""
    reader = await api.somebody()
    await reader.upload(("canteen.md", TEXT))
    await api.ingest()
    sent = await reader.run("SendMessage", input={"content": "When does the canteen of the wombatorium open?"})
    answer = {"query": ANSWER, "variables": {"id": sent["answer"]["id"]}}
    return reader, sent["answer"]["id"], Visitor(str(reader.token), [answer, {"query": EVENTS}], {"query": ASKED})


@pytest.fixture(scope="class")
async def place(
    session_database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    """Where clients vanish; one for all tests of a class."""
    async with opened(session_database, redis_url, tmp_path_factory.mktemp("place")) as running:
        yield running
    await empty(session_database)


class TestVanishing:
    async def test_a_thousand_leave_nothing_behind(self, place: Place) -> None:
        with no_complaints():
            await place.visited(SEED - 1, WARMING)
            before = await place.rested()
            ways = await place.visited(SEED, VISITS)
            after = await place.settled(before)

        assert after == before
        assert before["subscriptions"] == [0, 0]
        # The four answers themselves wait for being stopped.
        assert [channel.split(":")[1] for channel in before["channels"]] == ["stop"] * PEOPLE
        assert min(ways.values()) > VISITS / 50

    async def test_nobody_is_counted_who_is_gone(self, place: Place) -> None:
        await place.visited(SEED, WARMING)
        reader = place.readers[0][0]
        async with AsyncExitStack() as stack, asyncio.timeout(SECONDS):
            while place.api.lifecycle.open_sockets:  # noqa: ASYNC110  # a count has no event
                await asyncio.sleep(0.01)
            for _ in range(20):
                socket = await stack.enter_async_context(place.api.socket())
                await socket.initialise(reader.token)

    async def test_an_answer_goes_on_without_those_who_followed_it(self, place: Place) -> None:
        await place.visited(SEED, WARMING)
        place.gate.set()
        reader, answer, _ = place.readers[0]
        async with place.api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "Answer", messageId=answer)
            events = []
            while (heard := await socket.hear())["type"] == "next":
                events.append(heard["payload"]["data"]["answer"])

        assert events[-1]["message"]["status"] == "COMPLETED"
        assert events[-1]["message"]["content"] == SAID + REST


class TestControl:
    async def test_one_who_stays_is_noticed_in_every_way(self, place: Place) -> None:
        before = await place.rested()
        async with place.api.socket() as socket:
            await socket.initialise(place.readers[0][0].token)
            await socket.say("subscribe", id="1", payload={"query": EVENTS})
            await socket.hear()
            staying = await place.state()
        after = await place.settled(before)

        assert {name for name in before if staying[name] != before[name]} >= before.keys() - {"transactions"}
        assert after == before
