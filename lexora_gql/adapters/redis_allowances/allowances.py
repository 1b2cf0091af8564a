"""Allowances that every server counts together, at the price of a dictionary look-up for most operations.

A call on Redis costs a process about 0.1 ms of CPU, and an operation should not become dearer because it is counted.
So a process takes portions of 5 % of a bucket in advance and spends them by itself (5 µs), as long as more than a
quarter of the bucket is left; below that each operation is counted in Redis, exactly. A portion is taken out of the
bucket when it is lent: all processes together never grant more than the capacity, what flows in, and one portion each
that was lent before.

Whoever was refused is refused without a call until enough has flowed in. And those who ask at the same time are asked
for together, by one call of one script on one connection (20 at once: 0.04 ms each).

While Redis is away each process goes on alone with what it last knew.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from redis.asyncio import Redis

from lexora_gql.adapters.redis_allowances.buckets import SCRIPT, Line, Outcome, arguments, key_of, outcomes
from lexora_gql.adapters.redis_allowances.portions import Holding
from lexora_gql.adapters.redis_connections import Circuit, RedisAway, bounded_pool
from lexora_gql.ports.allowances import Charge, Verdict

OWNERS_MAX = 10_000
"""That a process knows at a time; about 7 MB."""

ASKS_MAX = 200
"""In one call; a script that runs for long holds everybody up."""


@dataclass(slots=True)
class _Ask:
    owner: str
    holding: Holding
    lines: Sequence[Line]
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    verdict: Verdict | None = None

    def answer(self, outcome: Outcome | None, at: float) -> None:
        # Here and not where it is waited for: whoever waits may be gone, and a portion would be lost.
        if outcome is None:
            self.holding.regain(self.lines)
        else:
            self.verdict = self.holding.learn(self.lines, outcome, at)
        self.answered.set()


class RedisAllowances:
    """See the module."""

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "lexora",
        clock: Callable[[], float] = time.monotonic,
        owners_max: int = OWNERS_MAX,
    ) -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            prefix: Before every key, so that several installations can share a Redis.
            clock: Tells seconds to what is counted in the process; Redis has its own.
            owners_max: Whoever has taken nothing for longest is forgotten first.
        """
        self._owners_max = owners_max
        self._prefix = prefix
        self._clock = clock
        self._redis = Redis(connection_pool=bounded_pool(url, connections=1))
        self._circuit = Circuit()
        self._script = self._redis.register_script(SCRIPT)
        self._holdings: OrderedDict[str, Holding] = OrderedDict()
        self._borrowing: dict[str, _Ask] = {}
        self._waiting: list[_Ask] = []
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def take(self, owner: str, charges: Sequence[Charge]) -> Verdict:
        """Take all the charges from the owner's buckets, or none. Never raises."""
        holding = self._holding(owner)
        while True:
            now = self._clock()
            if holding.spend(charges, now):
                return holding.verdict(charges, 0.0, now)
            if self._is_closed or self._circuit.is_paused:
                return holding.take_alone(charges, now)
            if (borrowing := self._borrowing.get(owner)) is None:
                break
            # It may bring enough for all who come meanwhile.
            await borrowing.answered.wait()
        if wait_seconds := holding.wait_seconds(charges, now):
            return holding.verdict(charges, wait_seconds, now)
        ask = self._send(owner, holding, charges, now)
        await ask.answered.wait()
        return ask.verdict or holding.take_alone(charges, self._clock())

    async def aclose(self) -> None:
        """Close the connections; from now on everything is counted in the process."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for ask in self._waiting:
            ask.answer(None, self._clock())
        self._waiting.clear()
        await self._redis.aclose()
        await self._redis.connection_pool.aclose()

    def _holding(self, owner: str) -> Holding:
        holding = self._holdings.get(owner)
        if holding is None:
            holding = self._holdings[owner] = Holding()
            if len(self._holdings) > self._owners_max:
                self._holdings.popitem(last=False)
        else:
            self._holdings.move_to_end(owner)
        return holding

    def _send(self, owner: str, holding: Holding, charges: Sequence[Charge], at: float) -> _Ask:
        ask = _Ask(owner, holding, holding.draw(charges, at))
        if any(line.portion for line in ask.lines):
            # One at a time, so that a process never holds two portions of a bucket.
            self._borrowing[owner] = ask
        self._waiting.append(ask)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="allowances")
        return ask

    async def _run(self) -> None:
        while self._waiting:
            asks, self._waiting = self._waiting[:ASKS_MAX], self._waiting[ASKS_MAX:]
            replies: Sequence[Outcome | None] = [None] * len(asks)
            try:
                with suppress(RedisAway):
                    replies = await self._call(asks)
            finally:
                now = self._clock()
                for ask, outcome in zip(asks, replies, strict=True):
                    if self._borrowing.get(ask.owner) is ask:
                        del self._borrowing[ask.owner]
                    ask.answer(outcome, now)

    async def _call(self, asks: Sequence[_Ask]) -> list[Outcome]:
        keys = [key_of(self._prefix, ask.owner, line.charge.allowance) for ask in asks for line in ask.lines]
        told = [argument for ask in asks for argument in arguments(ask.owner, ask.lines)]
        async with self._circuit.call():
            replies = await self._script(keys=keys, args=told)
        return outcomes(replies, [len(ask.lines) for ask in asks])
