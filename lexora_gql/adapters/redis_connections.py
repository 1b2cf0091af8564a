"""Calls on Redis that keep nobody waiting: a bounded pool, short time limits, and a pause after a failure."""

import time
from asyncio import timeout
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from lexora_gql.breaker import Breaker, Resting

CALL_SECONDS = 0.8
"""Longest that a call waits, for a free connection, the connection and the reply together."""

PAUSE_SECONDS = 1.0
"""How long after a failure nothing is sent."""

CONNECT_SECONDS = 0.5

AWAY = (RedisError, OSError, TimeoutError)
"""How a Redis that is gone, frozen, loading or out of memory shows itself."""


class RedisAway(Exception):
    """Redis did not do it, or was not asked because it failed a moment ago."""


def bounded_pool(url: str, *, connections: int, reply_seconds: float | None = None) -> BlockingConnectionPool:
    """Return a pool that opens at most so many connections; beyond that, calls wait for one to be free.

    Args:
        url: redis://, rediss:// or unix://.
        connections: At most.
        reply_seconds: Limit of each reply, for callers without a `Circuit`. Beside one leave it out: with a limit
            redis-py sends through `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation.
    """
    return BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=CONNECT_SECONDS,
        socket_timeout=reply_seconds,
        socket_connect_timeout=CONNECT_SECONDS,
        # RESP 2 on every connection: pub/sub replies keep one shape.
        protocol=2,
    )


class Circuit:
    """Limits each call in time, and spares a Redis that failed: for a second afterwards calls fail at once.

    After the pause one call tries; the others keep failing at once until it has succeeded.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._breaker = Breaker(failures_max=1, pause_seconds=PAUSE_SECONDS, clock=clock)

    @property
    def is_paused(self) -> bool:
        """Whether calls fail at once."""
        return self._breaker.is_resting

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Run calls on Redis inside.

        Raises:
            RedisAway: It failed, took too long, or failed less than a second ago.
        """
        try:
            with self._breaker.attempt() as attempt:
                try:
                    async with timeout(CALL_SECONDS):
                        yield
                except AWAY as error:
                    attempt.failed()
                    raise RedisAway from error
                attempt.succeeded()
        except Resting:
            raise RedisAway from None
