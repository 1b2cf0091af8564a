"""What is done to workers, servers and documents, one step of the plan after another."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.campaigns.ground import Ground, Place
from tests.campaigns.ingestion.papers import Stationery
from tests.campaigns.ingestion.people import Person
from tests.campaigns.ingestion.plan import MET_BY_DELETING, Fault, Step
from tests.campaigns.points import ArmedPoint, Point, Standing

TRIES = 4
MOMENT_SECONDS = 0.6
AWAY_SECONDS = 0.8
# PostgreSQL ends a transaction whose process is silent for ten seconds.
LONG_FREEZE_SECONDS = 12.0
LONG_FREEZES = 0.2


class NobodyCame(Exception):
    """Nobody came to a point, however often it was provoked."""


@dataclass(slots=True)
class Faults:
    """Does the steps of a plan.

    Attributes:
        freeze_seconds: Longer than a lease.
        reach_seconds: How long somebody may take to come to a point.
        done: How often each fault happened, and each at each point.
        exit_codes: Of the workers that were stopped in order.
        failures: What people gave up on.
        missed: Points that nobody came to.
    """

    ground: Ground
    people: list[Person]
    stationery: Stationery
    chance: random.Random
    freeze_seconds: float
    reach_seconds: float
    done: Counter[str] = field(default_factory=Counter)
    exit_codes: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    _beside: set["asyncio.Task[Any]"] = field(default_factory=set)

    async def do(self, step: Step) -> None:
        """Do one step; uploads, deletions and the end of a freeze may go on beside the next."""
        for _ in range(step.uploads):
            self._upload(None)
        try:
            await self._happen(step)
        except NobodyCame as missed:
            self.missed.append(str(missed))
        else:
            self.done[step.fault] += 1

    async def _happen(self, step: Step) -> None:
        match step.fault:
            case Fault.KILL_AT | Fault.KILL_API if step.point is not None:
                await self._kill_at(step.point)
            case Fault.FREEZE_AT if step.point is not None:
                await self._freeze_at(step.point)
            case Fault.KILL:
                await self.ground.kill(await self._anyone())
            case Fault.FREEZE:
                await self._can_spare_one()
                self._go_on(self.ground.freeze(await self._anyone(), self.freeze_seconds))
            case Fault.STOP:
                self.exit_codes.append(await self.ground.stop(await self._anyone()))
            case Fault.REDIS_EMPTIED:
                await self.ground.empty_redis()
            case Fault.REDIS_KILLED:
                await self.ground.kill_redis(away_seconds=self.chance.uniform(0.0, AWAY_SECONDS))
            case Fault.POSTGRES:
                await self.ground.crash_postgres(away_seconds=self.chance.uniform(0.0, AWAY_SECONDS))
            case Fault.DELETE:
                await self._delete()

    async def finish(self) -> None:
        """Wait until everything that went on beside the steps is over."""
        while self._beside:
            await asyncio.wait(self._beside)

    async def _kill_at(self, point: Point) -> None:
        async with self._met(point) as (armed, standing):
            await self.ground.kill(self.ground.places[standing.who])
            if point is Point.COMMITTING:
                # Else PostgreSQL would go on without it, and commit.
                await armed.end_session(standing)
        self.done[f"killed: {point}"] += 1

    async def _freeze_at(self, point: Point) -> None:
        await self._can_spare_one()
        seconds = LONG_FREEZE_SECONDS if self.chance.random() < LONG_FREEZES else self.freeze_seconds
        async with self._met(point) as (_, standing):
            self._go_on(self.ground.freeze(self.ground.places[standing.who], seconds))
            # The task begins at the next turn of the loop, and the point must not be let go before.
            await asyncio.sleep(0)
        self.done[f"frozen: {point}"] += 1

    @asynccontextmanager
    async def _met(self, point: Point) -> AsyncIterator[tuple[ArmedPoint, Standing]]:
        """Give the process that has come to a point and stands there until the end of the context."""
        async with self.ground.points.armed(point) as armed:
            for size in range(1, TRIES + 1):
                await self._provoke(point, size)
                standing = await armed.reached(self._is_there, self._is_gone, within_seconds=self.reach_seconds)
                if standing is not None:
                    break
            else:
                message = f"nobody came to: {point}"
                raise NobodyCame(message)
            yield armed, standing

    def _is_there(self, standing: Standing) -> bool:
        place = self.ground.places[standing.who]
        return place.is_alive and not place.is_frozen

    def _is_gone(self, standing: Standing) -> bool:
        """Return whether it is not the process of now: PostgreSQL may go on for one that was killed."""
        return standing.signed_in_at < self.ground.places[standing.who].launched_at

    async def _provoke(self, point: Point, size: int) -> None:
        if point in MET_BY_DELETING:
            await self._delete()
        elif point is Point.TAKING_BACK:
            await self._kill_at(Point.CLAIMED)
        else:
            self._upload(point, size)

    def _upload(self, point: Point | None, size: int = 1) -> None:
        self._go_on(self.chance.choice(self.people).upload(self.stationery.paper(point, size=size)))

    async def _delete(self) -> None:
        person = self.chance.choice(self.people)
        own = sorted(person.own)
        if not own:
            document_id = await person.upload(self.stationery.paper())
            own = [document_id] if document_id is not None else []
        if own:
            self._go_on(person.delete(self.chance.choice(own)))

    async def _anyone(self) -> Place:
        await asyncio.sleep(self.chance.uniform(0.0, MOMENT_SECONDS))
        return self.chance.choice(await self.ground.someone_works())

    async def _can_spare_one(self) -> None:
        await self.ground.someone_works(at_least=2)

    def _go_on(self, what: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(what)
        self._beside.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[Any]") -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures.append(repr(error))
