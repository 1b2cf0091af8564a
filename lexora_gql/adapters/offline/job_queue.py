"""The bell for workers within one process."""

import asyncio

RINGS_MAX = 1_000


class InMemoryJobQueue:
    """A JobQueue that a worker in the same process, or a test, hears with `hear`."""

    def __init__(self) -> None:
        self._rings = asyncio.Semaphore(0)
        self._waiting = 0
        self._is_closed = False

    async def ring(self) -> None:
        """Say that there is work; beyond RINGS_MAX another ring tells nobody anything new."""
        if self._waiting < RINGS_MAX and not self._is_closed:
            self._waiting += 1
            self._rings.release()

    async def hear(self) -> None:
        """Wait for a ring and take it."""
        await self._rings.acquire()
        self._waiting -= 1

    async def depth(self) -> int | None:
        """Return how many rings wait to be heard; None once closed."""
        return None if self._is_closed else self._waiting

    async def aclose(self) -> None:
        """Take no more rings."""
        self._is_closed = True
