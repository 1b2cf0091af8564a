"""The pause between two pieces, which is longer where the event loop does not keep up, and the way in."""

import asyncio
import time

import pytest

from lexora_gql.conversations import pacing
from lexora_gql.conversations.pacing import BEGINNING_AT_ONCE, PIECE_SECONDS, PIECE_SECONDS_MAX, Doorway, Pace


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

    async def test_where_it_keeps_up_nobody_need_wait(self) -> None:
        begun = asyncio.get_running_loop().time()
        await Pace().pause_where_late()
        assert asyncio.get_running_loop().time() - begun < PIECE_SECONDS
        await Pace(late_seconds=0.02).pause_where_late()
        assert asyncio.get_running_loop().time() - begun >= PIECE_SECONDS

    async def test_is_the_shortest_again_where_it_does(self) -> None:
        pace = Pace(late_seconds=0.02)
        assert pace.seconds > PIECE_SECONDS
        for _ in range(20):
            await pace.pause()

        assert pace.seconds == PIECE_SECONDS


class TestDoorway:
    async def test_so_many_pass_at_once_and_the_next_in_their_order(self) -> None:
        doorway, inside, leave = Doorway(), list[int](), asyncio.Semaphore(0)

        async def pass_through(number: int) -> None:
            async with doorway.passing():
                inside.append(number)
                await leave.acquire()

        tasks = [asyncio.create_task(pass_through(number)) for number in range(BEGINNING_AT_ONCE + 2)]
        await asyncio.sleep(0)
        assert inside == list(range(BEGINNING_AT_ONCE))
        leave.release()
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)
        assert inside == list(range(BEGINNING_AT_ONCE + 1))
        for _ in tasks:
            leave.release()
        await asyncio.gather(*tasks)

    async def test_who_takes_long_keeps_nobody_and_gives_one_place_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pacing, "BEGINNING_SECONDS", 0.02)
        doorway, patience = Doorway(asyncio.Semaphore(1)), asyncio.timeout(5)
        async with patience, doorway.passing(), doorway.passing():
            pass
        monkeypatch.undo()
        async with doorway.passing():
            second = asyncio.create_task(doorway.passing().__aenter__())
            done, _ = await asyncio.wait({second}, timeout=0.05)
            assert not done
            second.cancel()
