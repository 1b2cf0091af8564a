"""One who waits for the bells of a topic."""

import asyncio
from typing import Self


class BellListener:
    """One reader of one topic; rings between two reads are one."""

    __slots__ = ("_is_over", "_rung", "is_owed")

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._is_over = False
        # Something may have been missed: to be rung as soon as the topic is heard again.
        self.is_owed = False

    def ring(self) -> None:
        """Wake the reader."""
        self._rung.set()

    def end(self) -> None:
        """Let the iteration end: the bus was closed."""
        self._is_over = True
        self._rung.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> None:
        await self._rung.wait()
        if self._is_over:
            raise StopAsyncIteration
        self._rung.clear()
