"""How the answers that one process writes share its event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PIECE_SECONDS = 0.03
"""Pieces closer together than this become one: nobody reads faster, and each costs work on its way."""
PIECE_SECONDS_MAX = 0.25
"""Longer than this nobody waits for text that is there, however busy the server is."""
# Of the time that this process has, the streams of all answers together then leave as much again for everything else.
_TIMES_LATE = 4.0
_NEWEST_SHARE = 0.1

BEGINNING_AT_ONCE = 6
BEGINNING_SECONDS = 0.25
"""Who takes longer to begin waits for something else, such as an index, and keeps nobody waiting."""


@dataclass(slots=True)
class Pace:
    """The pause between two pieces of one answer, the same for all answers that this process writes, or watches.

    Who is woken late from a pause knows that the event loop has more to do than it can: the next pauses are longer, so
    that there are fewer and longer pieces to carry, and none of them is long on its way.
    """

    late_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the next pause is."""
        return min(PIECE_SECONDS_MAX, max(PIECE_SECONDS, _TIMES_LATE * self.late_seconds))

    async def pause_where_late(self) -> None:
        """Wait as long, but only where the loop does not keep up."""
        if self.seconds > PIECE_SECONDS:
            await self.pause()

    async def pause(self) -> None:
        """Wait until it is time for the next piece."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.seconds
        await asyncio.sleep(due - loop.time())
        self.late_seconds += _NEWEST_SHARE * (loop.time() - due - self.late_seconds)


@dataclass(slots=True)
class Doorway:
    """Lets a few answers at a time begin, in the order of coming.

    To search and to ask the model is most of what an answer costs this process. A hundred that begin at once would all
    have their first text late, and those that are being written would stand still meanwhile.
    """

    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(BEGINNING_AT_ONCE))

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Wait for a place, and give it back at the end, or earlier where that takes long."""
        await self._free.acquire()
        place = _Place(self._free)
        timer = asyncio.get_running_loop().call_later(BEGINNING_SECONDS, place.give_back)
        try:
            yield
        finally:
            timer.cancel()
            place.give_back()


@dataclass(slots=True)
class _Place:
    """Is given back once."""

    _of: asyncio.Semaphore
    _is_taken: bool = True

    def give_back(self) -> None:
        if self._is_taken:
            self._is_taken = False
            self._of.release()
