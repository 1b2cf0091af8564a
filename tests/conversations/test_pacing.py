"""The pause between two pieces: short, and longer where the event loop does not keep up."""

import asyncio
import time

from lexora_gql.conversations.pacing import PIECE_SECONDS, PIECE_SECONDS_MAX, Pace


async def hold_up(seconds: float) -> None:
    """Keep the event loop from waking anybody for so long, again and again, until cancelled."""
    while True:
        time.sleep(seconds)  # noqa: ASYNC251  # that is what it is for
        await asyncio.sleep(0)


async def paused(pace: Pace, times: int, *, held_up_seconds: float) -> None:
    busy = asyncio.ensure_future(hold_up(held_up_seconds))
    for _ in range(times):
        await pace.pause()
    busy.cancel()


class TestPace:
    def test_is_the_shortest_to_begin_with(self) -> None:
        assert Pace().seconds == PIECE_SECONDS

    async def test_slows_where_the_loop_does_not_keep_up(self) -> None:
        pace = Pace()
        await paused(pace, 20, held_up_seconds=0.05)

        assert pace.seconds > 2 * PIECE_SECONDS

    async def test_nobody_waits_longer_than_the_longest(self) -> None:
        pace = Pace()
        await paused(pace, 5, held_up_seconds=0.5)

        assert pace.seconds == PIECE_SECONDS_MAX

    async def test_is_the_shortest_again_where_it_does(self) -> None:
        pace = Pace(late_seconds=0.02)
        assert pace.seconds > PIECE_SECONDS
        for _ in range(20):
            await pace.pause()

        assert pace.seconds == PIECE_SECONDS
