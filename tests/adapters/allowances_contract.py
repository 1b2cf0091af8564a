"""What all Allowances promise, to be run by each of them."""

import asyncio
from abc import ABC, abstractmethod
from uuid import uuid4

import pytest

from lexora_gql.ports.allowances import Allowance, Allowances, Charge, Verdict

# One comes back in 100 seconds: what a test takes to run brings nothing back.
POINTS = Allowance("points", 100, 0.01)
UPLOADS = Allowance("uploads", 10, 0.01)


def somebody() -> str:
    return f"user:{uuid4()}"


class Shelf(ABC):
    """Allowances over which time can be made to pass."""

    allowances: Allowances

    @abstractmethod
    async def pass_time(self, seconds: float) -> None: ...

    async def take(self, owner: str, amount: int, *, uploads: int | None = None) -> Verdict:
        more = [] if uploads is None else [Charge(UPLOADS, uploads)]
        return await self.allowances.take(owner, [Charge(POINTS, amount), *more])


class AllowancesContract:
    """What all Allowances promise."""

    async def test_a_bucket_is_full_at_first_and_tells_what_is_left(self, shelf: Shelf) -> None:
        owner = somebody()

        assert await shelf.take(owner, 30) == Verdict(True, 0.0, {"points": 70})
        assert await shelf.take(owner, 70) == Verdict(True, 0.0, {"points": 0})

    async def test_what_is_not_there_is_refused_and_the_wait_told(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 95)

        verdict = await shelf.take(owner, 8)

        assert (verdict.is_granted, verdict.remaining) == (False, {"points": 5})
        assert verdict.retry_after_seconds == pytest.approx(300, abs=15)
        assert await shelf.take(owner, 5) == Verdict(True, 0.0, {"points": 0})

    async def test_all_charges_are_taken_or_none(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 10, uploads=8)

        refused = await shelf.take(owner, 10, uploads=3)

        assert (refused.is_granted, refused.remaining) == (False, {"points": 90, "uploads": 2})
        assert refused.retry_after_seconds == pytest.approx(100, abs=15)
        assert await shelf.take(owner, 90, uploads=2) == Verdict(True, 0.0, {"points": 0, "uploads": 0})

    async def test_the_longest_of_several_waits_is_told(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100, uploads=10)

        assert (await shelf.take(owner, 2, uploads=7)).retry_after_seconds == pytest.approx(700, abs=15)

    async def test_of_two_hundred_at_once_as_many_are_granted_as_there_is_for(self, shelf: Shelf) -> None:
        owner = somebody()

        verdicts = await asyncio.gather(*[shelf.take(owner, 1) for _ in range(200)])

        assert sum(verdict.is_granted for verdict in verdicts) == 100
        assert sorted({verdict.remaining["points"] for verdict in verdicts}) == list(range(100))

    async def test_after_the_wait_that_was_told_it_is_granted_and_not_before(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100)
        wait_seconds = (await shelf.take(owner, 20)).retry_after_seconds

        await shelf.pass_time(wait_seconds - 50)
        assert not (await shelf.take(owner, 20)).is_granted
        await shelf.pass_time(50)
        assert await shelf.take(owner, 20) == Verdict(True, 0.0, {"points": 0})

    async def test_a_full_bucket_does_not_grow(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100)

        await shelf.pass_time(1_000_000)

        assert await shelf.take(owner, 1) == Verdict(True, 0.0, {"points": 99})

    async def test_more_than_a_bucket_holds_is_never_granted(self, shelf: Shelf) -> None:
        owner = somebody()

        assert await shelf.take(owner, 101) == Verdict(False, 10_000.0, {"points": 100})
        await shelf.take(owner, 100)
        verdict = await shelf.take(owner, 101)

        assert not verdict.is_granted
        assert verdict.retry_after_seconds == pytest.approx(10_000, abs=15)

    async def test_nothing_is_granted_to_somebody_with_nothing(self, shelf: Shelf) -> None:
        owner = somebody()
        await shelf.take(owner, 100)

        assert await shelf.take(owner, 0) == Verdict(True, 0.0, {"points": 0})

    async def test_owners_do_not_meet(self, shelf: Shelf) -> None:
        empty = somebody()
        await shelf.take(empty, 100, uploads=10)

        assert await shelf.take(somebody(), 1, uploads=1) == Verdict(True, 0.0, {"points": 99, "uploads": 9})

    async def test_once_closed_they_still_count(self, shelf: Shelf) -> None:
        await shelf.allowances.aclose()
        owner = somebody()

        verdicts = await asyncio.gather(*[shelf.take(owner, 60) for _ in range(2)])

        assert [verdict.is_granted for verdict in verdicts] == [True, False]
