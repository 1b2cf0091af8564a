"""Turns at connections: in order, few at a time, and more only where nothing moves."""

import asyncio

import pytest

from lexora_gql.storage import turns
from lexora_gql.storage.turns import Turns


async def waiting(place: Turns, number: int = 1) -> list["asyncio.Task[None]"]:
    """Return so many who wait for a turn already, the first of them first."""
    tasks = [asyncio.create_task(place.take()) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


class TestTurns:
    async def test_they_come_in_order(self) -> None:
        place = Turns(1, 5)
        await place.take()
        first, second = await waiting(place, 2)
        place.give_back()
        await first
        assert not second.done()
        place.give_back()
        await second

    async def test_nobody_overtakes_who_was_just_let_in(self) -> None:
        place = Turns(1, 0)
        await place.take()
        [first] = await waiting(place)
        place.give_back()
        [late] = await waiting(place)
        await first
        assert not late.done()
        place.give_back()
        await late

    async def test_who_has_waited_for_long_gets_one_more_and_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.02)
        place = Turns(1, 1)
        await place.take()
        first, second = await waiting(place, 2)
        await first
        done, _ = await asyncio.wait({second}, timeout=0.1)
        assert not done
        place.give_back()
        place.give_back()
        await second

    async def test_afterwards_there_are_as_many_as_before(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.02)
        place = Turns(2, 2)
        await asyncio.gather(*(place.take() for _ in range(4)))
        for _ in range(4):
            place.give_back()
        monkeypatch.undo()
        await asyncio.gather(place.take(), place.take())
        [third] = await waiting(place)
        assert not third.done()
        third.cancel()

    async def test_who_gives_up_takes_nothing_along(self) -> None:
        place = Turns(1, 0)
        await place.take()
        impatient, patient = await waiting(place, 2)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        place.give_back()
        await patient
