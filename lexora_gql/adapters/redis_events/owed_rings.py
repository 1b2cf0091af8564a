"""Rings that Redis did not take."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from lexora_gql.adapters.redis_connections import PAUSE_SECONDS, RedisAway

OWED_MAX = 10_000
"""Beyond that rings are lost; whoever waits for one looks into PostgreSQL every few seconds."""


class OwedRings:
    """Makes good, once Redis takes calls again, what could not be rung before.

    Those who listen are woken when their own connection comes back. But a server that froze for a moment drops no
    connection, and only the one who rang knows that it was in vain.
    """

    def __init__(self, publish: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        """Prepare.

        Args:
            publish: Rings several channels at once; raises RedisAway.
        """
        self._publish = publish
        self._channels: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, channel: str) -> None:
        """Ring a channel later."""
        if len(self._channels) < OWED_MAX:
            self._channels.add(channel)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._repay(), name="owed rings")

    async def aclose(self) -> None:
        """Give up what is owed."""
        self._channels.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _repay(self) -> None:
        while self._channels:
            await asyncio.sleep(PAUSE_SECONDS)
            channels = list(self._channels)
            with suppress(RedisAway):
                await self._publish(channels)
                self._channels.difference_update(channels)
