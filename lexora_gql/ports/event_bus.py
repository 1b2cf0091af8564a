"""Bells between processes, and the text of answers that are being written.

Both are conveniences: PostgreSQL holds the truth, and every reader can do without, more slowly.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class BusAway(Exception):
    """Bells and live text cannot be had for the moment; PostgreSQL has the checkpoints."""


@dataclass(frozen=True, slots=True)
class LiveText:
    """What is known of an answer's text beyond a place in it.

    Attributes:
        offset: Where `text` begins, in code points.
        text: The rest of the text so far.
        is_finished: The producer has written its last; PostgreSQL has the outcome.
    """

    offset: int
    text: str
    is_finished: bool


class EventBus(Protocol):
    """Topics are short strings that name their owner: `feed:<user>`, `answer:<message>`."""

    async def ring(self, topic: str) -> None:
        """Wake all who listen, on every server. Never raises."""
        ...

    def listen(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """Hear the bells of a topic from the moment the context is entered; rings between two reads are one.

        The iterator yields once when the bus is lost, so that who waits looks elsewhere; it is silent while the bus is
        away, and yields once when it is back. Waiting for the next bell may be given up without harm.
        """
        ...

    async def append_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int, text: str) -> None:
        """Add text that begins at `offset`, keyed by the producer's lease, and ring `answer:<answer_id>`.

        What is there already is not doubled: after BusAway, send the whole text so far from 0 until that is kept.

        Raises:
            BusAway: It was not kept, or nothing is kept that ends at `offset`.
        """
        ...

    async def finish_text(self, owner_id: UUID, answer_id: UUID, lease: UUID) -> None:
        """Mark the text as ended and ring. Never raises."""
        ...

    async def read_text(self, owner_id: UUID, answer_id: UUID, lease: UUID, *, offset: int) -> LiveText | None:
        """Return the text from `offset` on; None where nothing is kept for this lease and owner.

        Raises:
            BusAway: It cannot be read.
        """
        ...

    @property
    def is_known_away(self) -> bool:
        """Whether it was away when it was last needed, which costs nothing to know."""
        ...

    async def is_away(self) -> bool:
        """Ask whether bells and live text cannot be had for the moment."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


async def heard(bells: AsyncIterator[None], *, within_seconds: float) -> bool:
    """Wait for the next bell of a topic, but not for ever: a lost ring must not matter.

    Raises:
        BusAway: The bus was closed; there will be no more bells.
    """
    try:
        async with asyncio.timeout(within_seconds):
            await anext(bells)
    except TimeoutError:
        return False
    except StopAsyncIteration:
        raise BusAway from None
    return True
