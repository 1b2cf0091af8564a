"""Delivers every message of the queue five times: whatever is put into ARQ's queue is put there four times more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.exceptions import RedisError

from lexora_gql.adapters.arq_queue import JOB_NAME, QUEUE_NAME, connect

TIMES = 5
MARK = "echo-"
RETRY_SECONDS = 0.1


@dataclass(slots=True)
class Echo:
    """Hears on Redis what is put into the queue.

    Attributes:
        heard: Messages that were put there by others.
        copies: Copies that were made.
    """

    url: str
    heard: int = 0
    copies: int = 0
    _listening: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> "AsyncIterator[Echo]":
        """Echo until the end of the context, also after Redis was away."""
        echo = cls(url)
        task = asyncio.create_task(echo._run())
        try:
            await echo._listening.wait()
            yield echo
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with suppress(RedisError, OSError):
                await self._listen()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        redis, queue = Redis.from_url(self.url), connect(self.url)
        try:
            async with redis.monitor() as monitor:
                self._listening.set()
                async for command in monitor.listen():
                    message = _message(command["command"])
                    if message is None or message.startswith(MARK):
                        continue
                    self.heard += 1
                    for time in range(TIMES - 1):
                        # ARQ refuses an id that is queued or in progress, so a copy has one of its own.
                        await queue.enqueue_job(JOB_NAME, _job_id=f"{MARK}{time}-{message}")
                        self.copies += 1
        finally:
            await queue.aclose()
            await queue.connection_pool.disconnect()
            await redis.aclose()
            await redis.connection_pool.disconnect()


def _message(command: str) -> str | None:
    """Return the id of the message that a command puts into the queue."""
    words = command.split()
    return words[-1] if words[:1] == ["ZADD"] and words[1] == QUEUE_NAME else None
