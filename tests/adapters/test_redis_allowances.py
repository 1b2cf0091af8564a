"""Counting in Redis: by several processes, at little cost, and while it is away."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from lexora_gql.adapters.redis_allowances import RedisAllowances
from lexora_gql.adapters.redis_connections import PAUSE_SECONDS
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.ports.allowances import Allowance, Allowances, Charge, Verdict
from tests.adapters.allowances_contract import POINTS, UPLOADS, somebody
from tests.adapters.test_allowances import RedisShelf

LARGE = Allowance("points", 1_000, 0.01)
PORTION = 50
PATIENCE_SECONDS = 10.0


@pytest.fixture
async def shelf(patience: None, redis_url: str) -> AsyncIterator[RedisShelf]:
    shelf = RedisShelf(redis_url)
    yield shelf
    await shelf.aclose()


@pytest.fixture
async def processes(redis_url: str, shelf: RedisShelf) -> AsyncIterator[list[RedisAllowances]]:
    made = [RedisAllowances(redis_url, prefix=shelf.prefix) for _ in range(4)]
    yield made
    for one in made:
        await one.aclose()


async def granted(allowances: Allowances, owner: str, count: int, allowance: Allowance = LARGE) -> int:
    """Return how many of so many single ones are granted, of which some are always asked for at the same time."""
    done = 0
    for _ in range(count // 20):
        verdicts = await asyncio.gather(*[allowances.take(owner, [Charge(allowance, 1)]) for _ in range(20)])
        done += sum(verdict.is_granted for verdict in verdicts)
    return done


async def calls(redis: Redis) -> int:
    """Return how many scripts have run since the statistics were reset."""
    return int((await redis.info("commandstats")).get("cmdstat_evalsha", {}).get("calls", 0))


class TestSeveralProcesses:
    async def test_share_a_bucket(self, processes: list[RedisAllowances]) -> None:
        owner = somebody()

        counts = await asyncio.gather(*[granted(one, owner, 1_000) for one in processes])

        assert sum(counts) == 1_000
        assert all(count > 0 for count in counts)

    async def test_refuse_as_a_whole_what_one_of_them_alone_would_grant(self, processes: list[RedisAllowances]) -> None:
        owner, [first, second, third, _] = somebody(), processes
        await first.take(owner, [Charge(POINTS, 10), Charge(UPLOADS, 8)])

        refused = await second.take(owner, [Charge(POINTS, 10), Charge(UPLOADS, 3)])
        granted = await third.take(owner, [Charge(POINTS, 90), Charge(UPLOADS, 2)])

        assert (refused.is_granted, refused.remaining) == (False, {"points": 90, "uploads": 2})
        assert granted == Verdict(True, 0.0, {"points": 0, "uploads": 0})

    async def test_are_lent_nothing_near_the_end(self, shelf: RedisShelf, processes: list[RedisAllowances]) -> None:
        owner = somebody()
        await processes[0].take(owner, [Charge(LARGE, 750)])

        for one in processes:
            await one.take(owner, [Charge(LARGE, 1)])

        assert await level(shelf.redis, f"{shelf.prefix}:allowance:points:{owner}") == pytest.approx(246, abs=0.1)

    async def test_grant_no_more_than_a_bucket_and_one_portion_each(
        self, shelf: RedisShelf, processes: list[RedisAllowances]
    ) -> None:
        owner = somebody()
        for one in processes:
            await one.take(owner, [Charge(LARGE, 1)])
        await shelf.pass_time_in_redis(1_000_000)

        counts = await asyncio.gather(*[granted(one, owner, 1_000) for one in processes])

        assert 1_000 < sum(counts) <= 1_000 + len(processes) * PORTION

    async def test_a_portion_that_is_not_spent_is_given_back(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.allowances.take(owner, [Charge(LARGE, 1)])
        key = f"{shelf.prefix}:allowance:points:{owner}"
        assert await level(shelf.redis, key) == pytest.approx(1_000 - 1 - PORTION, abs=0.1)

        await shelf.allowances.take(owner, [Charge(LARGE, 700)])

        assert await level(shelf.redis, key) == pytest.approx(1_000 - 701, abs=0.1)


async def level(redis: Redis, key: str) -> float:
    kept = await redis.get(key)
    assert kept is not None
    found = memoryview(kept)[:8].cast("d")[0]
    assert isinstance(found, float)
    return found


class TestCost:
    async def test_most_operations_need_no_call(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.redis.config_resetstat()

        for _ in range(700):
            assert (await shelf.allowances.take(owner, [Charge(LARGE, 1)])).is_granted

        assert await calls(shelf.redis) <= 1 + 700 // PORTION

    async def test_near_the_end_each_is_counted_in_redis(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.allowances.take(owner, [Charge(LARGE, 800)])
        await shelf.redis.config_resetstat()

        for _ in range(20):
            await shelf.allowances.take(owner, [Charge(LARGE, 1)])

        assert await calls(shelf.redis) == 20

    async def test_and_those_who_come_together_share_a_call_there_too(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.allowances.take(owner, [Charge(LARGE, 800)])
        await shelf.redis.config_resetstat()

        assert await granted(shelf.allowances, owner, 20) == 20

        assert await calls(shelf.redis) == 1

    async def test_no_portion_is_taken_that_would_not_do(self, shelf: RedisShelf) -> None:
        owner = somebody()

        await shelf.allowances.take(owner, [Charge(LARGE, PORTION)])

        assert await level(shelf.redis, f"{shelf.prefix}:allowance:points:{owner}") == pytest.approx(950, abs=0.1)

    async def test_who_was_refused_is_refused_without_a_call(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100)
        await shelf.take(owner, 1)
        await shelf.redis.config_resetstat()

        assert not any([(await shelf.take(owner, 1)).is_granted for _ in range(100)])
        assert await calls(shelf.redis) == 0

    async def test_those_who_ask_at_the_same_time_share_a_call(self, shelf: RedisShelf) -> None:
        await shelf.take(somebody(), 1)
        await shelf.redis.config_resetstat()

        verdicts = await asyncio.gather(*[shelf.take(somebody(), 1, uploads=at % 3) for at in range(100)])

        assert [verdict.remaining for verdict in verdicts] == [
            {"points": 99, "uploads": 10 - at % 3} for at in range(100)
        ]
        assert await calls(shelf.redis) == 1


class TestWhatIsKept:
    async def test_goes_when_the_bucket_is_full_again(self, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.take(owner, 95, uploads=10)

        milliseconds = {key.split(b":")[2]: await shelf.redis.pttl(key) for key in await shelf.keys()}

        assert milliseconds[b"points"] == pytest.approx(9_500_000, abs=15_000)
        assert milliseconds[b"uploads"] == pytest.approx(1_000_000, abs=15_000)

    async def test_under_a_key_of_somebody_else_does_not_count(self, shelf: RedisShelf) -> None:
        poor, other = somebody(), somebody()
        await shelf.take(poor, 100)
        await shelf.redis.copy(f"{shelf.prefix}:allowance:points:{poor}", f"{shelf.prefix}:allowance:points:{other}")

        assert (await shelf.take(other, 1)).remaining == {"points": 99}

    @pytest.mark.parametrize("found", ["", "x", "a list"])
    async def test_that_is_no_bucket_counts_as_a_full_one(self, shelf: RedisShelf, found: str) -> None:
        owner = somebody()
        key = f"{shelf.prefix}:allowance:points:{owner}"
        await (shelf.redis.lpush(key, "x") if found == "a list" else shelf.redis.set(key, found))

        assert [(await shelf.take(owner, 40)).is_granted for _ in range(3)] == [True, True, False]
        assert (await level(shelf.redis, key)) == pytest.approx(20, abs=0.1)

    async def test_from_the_future_stops_no_refill(self, redis_url: str, shelf: RedisShelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100)
        await shelf.pass_time_in_redis(-1_000_000)
        process = RedisAllowances(redis_url, prefix=shelf.prefix)

        refused = await process.take(owner, [Charge(POINTS, 10)])
        await process.aclose()
        await shelf.pass_time(1_000)

        assert refused.retry_after_seconds == pytest.approx(1_000, abs=15)
        assert (await shelf.take(owner, 10)).is_granted


@pytest.fixture
async def lonely(own_redis: EmbeddedRedis) -> AsyncIterator[RedisAllowances]:
    allowances = RedisAllowances(own_redis.url)
    yield allowances
    await allowances.aclose()


async def until_counted(allowances: RedisAllowances, url: str) -> None:
    """Wait until takes reach Redis."""
    redis, owner = Redis.from_url(url), somebody()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await redis.exists(f"lexora:allowance:points:{owner}"):
            await asyncio.sleep(0.05)
            await allowances.take(owner, [Charge(POINTS, 0)])
    await redis.aclose()


class TestWhileRedisIsAway:
    async def test_the_process_goes_on_with_what_it_knew_and_comes_back(
        self, own_redis: EmbeddedRedis, lonely: RedisAllowances
    ) -> None:
        owner = somebody()
        assert await granted(lonely, owner, 60, POINTS) == 60
        assert own_redis.child is not None
        own_redis.child.process.send_signal(signal.SIGKILL)
        await own_redis.child.process.wait()

        assert await granted(lonely, owner, 100, POINTS) == 40
        assert await granted(lonely, somebody(), 200, POINTS) == 100

        await own_redis.start()
        await until_counted(lonely, own_redis.url)

    async def test_a_portion_is_neither_lost_nor_counted_twice(
        self, own_redis: EmbeddedRedis, lonely: RedisAllowances
    ) -> None:
        owner = somebody()
        await lonely.take(owner, [Charge(LARGE, 1)])
        await own_redis.stop()

        left = [(await lonely.take(owner, [Charge(LARGE, 100)])).remaining["points"] for _ in range(2)]

        assert left == [899, 799]

    async def test_a_frozen_one_keeps_nobody_waiting_for_long(
        self, own_redis: EmbeddedRedis, lonely: RedisAllowances
    ) -> None:
        owner = somebody()
        await granted(lonely, owner, 60, POINTS)
        assert own_redis.child is not None
        own_redis.child.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        try:
            assert await granted(lonely, owner, 100, POINTS) == 40
        finally:
            own_redis.child.process.send_signal(signal.SIGCONT)
        assert time.monotonic() - started < 5 * PAUSE_SECONDS
        await until_counted(lonely, own_redis.url)

    async def test_one_that_never_was_there_is_done_without(self) -> None:
        allowances = RedisAllowances(f"unix:///nowhere/{uuid4()}")

        assert await granted(allowances, somebody(), 200, POINTS) == 100
        await allowances.aclose()

    async def test_what_is_remembered_of_owners_is_bounded(self) -> None:
        allowances = RedisAllowances("unix:///nowhere/redis.sock", owners_max=2)
        for owner in ("user:1", "user:2", "user:1", "user:3"):
            await allowances.take(owner, [Charge(POINTS, 10)])

        left = {
            owner: (await allowances.take(owner, [Charge(POINTS, 0)])).remaining["points"]
            for owner in ("user:1", "user:3", "user:2")
        }

        assert left == {"user:1": 80, "user:3": 90, "user:2": 100}
        await allowances.aclose()


class TestGivingUp:
    async def test_one_who_gives_up_while_waiting_holds_nobody_up(self, shelf: RedisShelf) -> None:
        owner = somebody()
        given_up = [asyncio.create_task(shelf.take(owner, 1)) for _ in range(2)]
        stays = asyncio.create_task(shelf.take(owner, 1))
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()

        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await stays).is_granted
        # The first was under way already, and counts; the second was waiting for what it would bring.
        assert (await shelf.take(owner, 0)).remaining == {"points": 98}

    async def test_once_closed_redis_is_left_alone(self, shelf: RedisShelf) -> None:
        await shelf.allowances.aclose()

        await shelf.take(somebody(), 1)

        assert await shelf.keys() == []

    async def test_closing_answers_those_who_wait(self, redis_url: str) -> None:
        allowances = RedisAllowances(redis_url, prefix=f"test-{uuid4()}")
        waiting = [asyncio.create_task(allowances.take(somebody(), [Charge(UPLOADS, 1)])) for _ in range(500)]
        await asyncio.sleep(0)

        await allowances.aclose()

        async with asyncio.timeout(PATIENCE_SECONDS):
            assert all(verdict.is_granted for verdict in await asyncio.gather(*waiting))
