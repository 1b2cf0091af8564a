"""Turns at a number of connections, in the order of coming."""

import asyncio
from dataclasses import dataclass, field

PATIENCE_SECONDS = 1.0
"""How long connections that are kept may all be busy before another one is opened."""


@dataclass(slots=True)
class Turns:
    """So many at a time, and more where nothing moves.

    To open a connection takes as long as a score of short transactions, and more of them at once on the same cores take
    longer each: a burst is over sooner on those that are there. Only who has waited for long, as behind transactions
    that wait for a lock, gets one of the others.

    Who waits for a pool is overtaken by whoever comes just as a connection is given back, under load again and again
    until their time is up: so the turn comes first.

    Attributes:
        kept: Connections that stay open.
        more: Connections beyond those, at most.
    """

    kept: int
    more: int
    _free: asyncio.Semaphore = field(init=False)
    _more_in_use: int = 0

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.kept)

    async def take(self) -> None:
        """Wait for a turn; whoever has got it gives it back."""
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            if self._more_in_use < self.more:
                self._more_in_use += 1
            else:
                await self._free.acquire()

    def give_back(self) -> None:
        """Let the next one in, unless there are more than those that are kept."""
        if self._more_in_use:
            self._more_in_use -= 1
        else:
            self._free.release()
