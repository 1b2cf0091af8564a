"""How often an answer's text is passed on while it is written."""

import asyncio
from dataclasses import dataclass

PIECE_SECONDS = 0.03
"""Pieces closer together than this become one: nobody reads faster, and each costs work on its way."""
PIECE_SECONDS_MAX = 0.25
"""Longer than this nobody waits for text that is there, however busy the server is."""
# Of the time that this process has, the streams of all answers together then leave as much again for everything else.
_TIMES_LATE = 4.0
_NEWEST_SHARE = 0.1


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

    async def pause(self) -> None:
        """Wait until it is time for the next piece."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self.seconds
        await asyncio.sleep(due - loop.time())
        self.late_seconds += _NEWEST_SHARE * (loop.time() - due - self.late_seconds)
