"""What every EventBus promises, to be run by each of them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from lexora_gql.ports.event_bus import BusAway, EventBus, LiveText

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Ids of an answer that is being written."""

    owner: UUID = field(default_factory=uuid4)
    id: UUID = field(default_factory=uuid4)
    lease: UUID = field(default_factory=uuid4)

    async def append(self, bus: EventBus, offset: int, text: str) -> None:
        await bus.append_text(self.owner, self.id, self.lease, offset=offset, text=text)

    async def read(self, bus: EventBus, offset: int = 0) -> LiveText | None:
        return await bus.read_text(self.owner, self.id, self.lease, offset=offset)

    async def finish(self, bus: EventBus) -> None:
        await bus.finish_text(self.owner, self.id, self.lease)


async def hear(bells: AsyncIterator[None]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await anext(bells)


async def is_silent(bus: EventBus, bells: AsyncIterator[None]) -> bool:
    """Return whether nothing has rung before now; bells of one bus are heard in the order they were rung."""
    waiting = asyncio.ensure_future(anext(bells))
    async with bus.listen("fence") as fence:
        await bus.ring("fence")
        await hear(fence)
    is_pending = not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])
    return is_pending


async def until_away(bus: EventBus, *, expected: bool) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await bus.is_away() is not expected:  # noqa: ASYNC110  # what happens in Redis sets no event here
            await asyncio.sleep(0.01)


class Outage(ABC):
    """A bus that can be taken away and brought back."""

    bus: EventBus

    @abstractmethod
    async def begin(self) -> None: ...

    @abstractmethod
    async def end(self) -> None: ...


class EventBusContract:
    """What every EventBus promises."""

    async def test_a_ring_wakes_all_who_listen_to_its_topic_and_nobody_else(self, bus: EventBus) -> None:
        topic = f"feed:{uuid4()}"
        async with bus.listen(topic) as first, bus.listen(topic) as second, bus.listen(f"feed:{uuid4()}") as other:
            await bus.ring(topic)

            await hear(first)
            await hear(second)
            assert await is_silent(bus, other)

    async def test_rings_between_two_reads_are_one(self, bus: EventBus) -> None:
        topic = f"feed:{uuid4()}"
        async with bus.listen(topic) as bells, bus.listen("last") as last:
            for _ in range(5):
                await bus.ring(topic)
            await bus.ring("last")
            await hear(last)

            await hear(bells)
            assert await is_silent(bus, bells)

    async def test_what_rings_as_soon_as_the_context_is_entered_is_heard(self, bus: EventBus) -> None:
        for _ in range(50):
            topic = f"feed:{uuid4()}"
            async with bus.listen(topic) as bells:
                await bus.ring(topic)
                await hear(bells)

    async def test_a_topic_left_and_entered_again_is_heard(self, bus: EventBus) -> None:
        for _ in range(50):
            async with bus.listen("feed:again") as bells:
                await bus.ring("feed:again")
                await hear(bells)

    async def test_one_who_leaves_takes_nothing_from_those_who_stay(self, bus: EventBus) -> None:
        topic = f"feed:{uuid4()}"
        async with bus.listen(topic) as stays:
            async with bus.listen(topic):
                pass
            await bus.ring(topic)
            await hear(stays)

    async def test_a_cancelled_wait_loses_no_ring(self, bus: EventBus) -> None:
        topic = f"feed:{uuid4()}"
        async with bus.listen(topic) as bells:
            waiting = asyncio.ensure_future(anext(bells))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])

            await bus.ring(topic)

            await hear(bells)

    async def test_text_is_read_from_any_place_in_code_points(self, bus: EventBus) -> None:
        answer = Answer()
        await answer.append(bus, 0, "a😀é")
        await answer.append(bus, 3, "漢字\n")

        assert await answer.read(bus, 0) == LiveText(0, "a😀é漢字\n", is_finished=False)
        assert await answer.read(bus, 2) == LiveText(2, "é漢字\n", is_finished=False)
        assert await answer.read(bus, 6) == LiveText(6, "", is_finished=False)
        assert await answer.read(bus, 99) == LiveText(99, "", is_finished=False)

    async def test_adding_text_rings_the_answers_bell(self, bus: EventBus) -> None:
        answer = Answer()
        async with bus.listen(f"answer:{answer.id}") as bells:
            await answer.append(bus, 0, "Yes.")
            await hear(bells)

    @pytest.mark.parametrize(
        ("_case", "offset", "text"),
        [("the same again", 3, "def"), ("an earlier piece", 0, "abc"), ("all and more", 0, "abcdefghi")],
    )
    async def test_text_that_is_there_already_is_not_doubled(
        self, bus: EventBus, _case: str, offset: int, text: str
    ) -> None:
        answer = Answer()
        await answer.append(bus, 0, "abc")
        await answer.append(bus, 3, "def")

        await answer.append(bus, offset, text)

        expected = "abcdefghi"[: max(6, offset + len(text))]
        assert await answer.read(bus) == LiveText(0, expected, is_finished=False)

    @pytest.mark.parametrize("begun", [True, False])
    async def test_text_after_a_gap_is_refused_and_changes_nothing(self, bus: EventBus, *, begun: bool) -> None:
        answer = Answer()
        if begun:
            await answer.append(bus, 0, "abc")

        with pytest.raises(BusAway):
            await answer.append(bus, 4, "e")

        assert await answer.read(bus) == (LiveText(0, "abc", is_finished=False) if begun else None)

    async def test_an_ended_text_says_so_rings_and_never_grows(self, bus: EventBus) -> None:
        answer = Answer()
        await answer.append(bus, 0, "abc")
        async with bus.listen(f"answer:{answer.id}") as bells:
            await answer.finish(bus)
            await hear(bells)
        await answer.append(bus, 0, "abc")
        with pytest.raises(BusAway):
            await answer.append(bus, 3, "def")

        assert await answer.read(bus, 1) == LiveText(1, "bc", is_finished=True)

    async def test_another_owner_or_another_lease_reads_nothing(self, bus: EventBus) -> None:
        answer = Answer()
        await answer.append(bus, 0, "secret")

        assert await bus.read_text(uuid4(), answer.id, answer.lease, offset=0) is None
        assert await bus.read_text(answer.owner, answer.id, uuid4(), offset=0) is None
        assert await bus.read_text(answer.owner, uuid4(), answer.lease, offset=0) is None

    async def test_the_text_of_one_lease_does_not_touch_anothers(self, bus: EventBus) -> None:
        answer, successor = Answer(), Answer()
        successor = Answer(answer.owner, answer.id, successor.lease)
        await answer.append(bus, 0, "frozen")
        await successor.append(bus, 0, "new")
        await answer.append(bus, 6, " and awake")

        assert await successor.read(bus) == LiveText(0, "new", is_finished=False)

    async def test_ending_what_was_never_begun_keeps_nothing(self, bus: EventBus) -> None:
        answer = Answer()

        await answer.finish(bus)

        assert await answer.read(bus) is None

    async def test_an_outage_is_told_and_everyone_is_woken_once_as_it_begins_and_ends(self, outage: Outage) -> None:
        bus, answer, topic = outage.bus, Answer(), f"feed:{uuid4()}"
        async with AsyncExitStack() as stack:
            before = [await stack.enter_async_context(bus.listen(topic)) for _ in range(2)]
            await answer.append(bus, 0, "abc")
            assert not await bus.is_away()
            await outage.begin()

            for bells in before:
                await hear(bells)
            await until_away(bus, expected=True)
            during = await stack.enter_async_context(bus.listen(topic))
            waiting = [asyncio.ensure_future(anext(bells)) for bells in [*before, during]]
            await bus.ring("feed:another")
            await answer.finish(bus)
            with pytest.raises(BusAway):
                await answer.append(bus, 3, "def")
            with pytest.raises(BusAway):
                await answer.read(bus)
            assert not any(future.done() for future in waiting)

            await outage.end()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*waiting)
            await until_away(bus, expected=False)
            assert [await is_silent(bus, bells) for bells in [*before, during]] == [True, True, True]
            await bus.ring(topic)
            for bells in [*before, during]:
                await hear(bells)
            # What was forgotten is refused until it is sent again from the beginning.
            with pytest.raises(BusAway):
                await answer.append(bus, 3, "def")
            await answer.append(bus, 0, "abcdef")
            assert await answer.read(bus, 3) == LiveText(3, "def", is_finished=False)

    async def test_closing_ends_every_iteration(self, bus: EventBus) -> None:
        async with bus.listen("feed:closing") as bells:
            waiting = asyncio.ensure_future(anext(bells, "ended"))
            await asyncio.sleep(0)

            await bus.aclose()

            assert await waiting == "ended"
        async with bus.listen("feed:closed") as bells:
            assert [bell async for bell in bells] == []
