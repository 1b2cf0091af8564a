"""What campaigns take place on: a PostgreSQL and a Redis of their own, and processes that come back when killed."""

import asyncio
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from lexora_gql.embedded.postgres import EmbeddedPostgres
from tests.campaigns.nursery import Nursery
from tests.campaigns.points import Points
from tests.embedded.running_up import free_port
from tests.end_to_end.stack import Program, Stack, reachable_folder

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.02
STARTS = 20
API_RECONCILE_SECONDS = 5.0


@dataclass(slots=True)
class Place:
    """Where one process works after another, under one name.

    Attributes:
        name: worker1, api1 and so on; also its user at PostgreSQL.
        port: Of an API; 0 for a worker.
        program: The latest, which may still be starting: it can stand at a point before it says that it works.
        launched_at: When that began, as PostgreSQL's clock has it: all are on one machine.
        starts: How many processes it has seen.
    """

    name: str
    database_url: str
    port: int = 0
    program: Program | None = None
    launched_at: float = 0.0
    is_frozen: bool = False
    starts: int = 0
    coming: "asyncio.Task[None] | None" = None

    @property
    def is_alive(self) -> bool:
        """Whether there is a process, starting or frozen perhaps."""
        return self.program is not None and self.program.process.returncode is None

    @property
    def is_coming(self) -> bool:
        """Whether a process is being started."""
        return self.coming is not None and not self.coming.done()

    @property
    def is_working(self) -> bool:
        """Whether there is a process that runs."""
        return self.is_alive and not self.is_coming and not self.is_frozen


@dataclass(slots=True)
class Ground:
    """Servers and processes, and what can be done to them."""

    postgres: EmbeddedPostgres
    stack: Stack
    points: Points
    places: dict[str, Place]
    api_reconcile_seconds: float

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        workers: int,
        apis: int,
        settings: dict[str, str],
        without: str = "",
        api_reconcile_seconds: float = API_RECONCILE_SECONDS,
    ) -> "AsyncIterator[Ground]":
        """Start everything; end it afterwards.

        Args:
            workers: How many.
            apis: How many.
            settings: Of all processes.
            without: A protection that they lack; see `protections`.
            api_reconcile_seconds: How often APIs tidy up. Where it is as often as workers do, they are mostly first.
        """
        folder = reachable_folder()
        # Commits must survive: it will be crashed.
        postgres = EmbeddedPostgres(folder / "postgres")
        async with AsyncExitStack() as ending:
            ending.callback(shutil.rmtree, folder)
            # First, as it imports for seconds, and others need not wait for that.
            nursery = await ending.enter_async_context(Nursery.open(without=without))
            ending.push_async_callback(postgres.stop)
            await postgres.start()
            stack = await ending.enter_async_context(Stack.open(postgres.url, **settings))
            stack.launch = nursery.launch
            points = Points(stack.database_url)
            places = await _places(points, workers=workers, apis=apis)
            ground = cls(postgres, stack, points, places, api_reconcile_seconds)
            ending.push_async_callback(ground._stay_away)
            for place in places.values():
                ground._bring_back(place)
            await asyncio.gather(*(place.coming for place in places.values() if place.coming))
            yield ground

    @property
    def processes(self) -> int:
        """How many processes there are; never more than places."""
        return sum(program.process.returncode is None for program in self.stack.programs)

    def working(self, kind: str = "worker") -> list[Place]:
        """Return the places of a kind where a process works."""
        return [place for name, place in self.places.items() if name.startswith(kind) and place.is_working]

    async def someone_works(self, kind: str = "worker", *, at_least: int = 1) -> list[Place]:
        """Wait until so many places of a kind have a process that works; return them."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if len(working := self.working(kind)) >= at_least:
                    return working
                await asyncio.sleep(LOOK_SECONDS)

    async def kill(self, place: Place) -> None:
        """End a process at once; another one comes in its place."""
        assert place.program is not None
        await place.program.kill()
        place.is_frozen = False
        self._bring_back(place)

    async def stop(self, place: Place) -> int:
        """Ask a process to end and return its exit code; another one comes in its place."""
        assert place.program is not None
        code = await place.program.stop()
        self._bring_back(place)
        return code

    async def retire(self, place: Place) -> int:
        """Ask a process to end, for good, and return its exit code."""
        assert place.program is not None
        return await place.program.stop()

    async def freeze(self, place: Place, seconds: float) -> None:
        """Stop a process where it stands, and let it go on after some seconds, unless it was killed meanwhile."""
        program = place.program
        assert program is not None
        place.is_frozen = True
        program.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            program.signal(signal.SIGCONT)
            if place.program is program:
                place.is_frozen = False

    async def crash_postgres(self, *, away_seconds: float) -> None:
        """Stop PostgreSQL as `pg_ctl stop -m immediate` does, and start it again."""
        assert self.postgres.child is not None
        self.postgres.child.process.send_signal(signal.SIGQUIT)
        await self.postgres.child.process.wait()
        await asyncio.sleep(away_seconds)
        await self.postgres.start()

    async def empty_redis(self) -> None:
        """Wipe all that Redis holds."""
        redis = Redis.from_url(self.stack.redis.url)
        try:
            await redis.flushall()
        except RedisError as error:
            message = "Redis could not be emptied."
            raise AssertionError(message) from error
        finally:
            await redis.aclose()

    async def kill_redis(self, *, away_seconds: float) -> None:
        """End Redis at once, with all that it holds, and start it again."""
        assert self.stack.redis.child is not None
        self.stack.redis.child.kill()
        await self.stack.redis.child.wait()
        await asyncio.sleep(away_seconds)
        await self.stack.redis.start()

    async def freeze_redis(self, seconds: float) -> None:
        """Stop Redis where it stands for some seconds."""
        child = self.stack.redis.child
        assert child is not None
        child.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            child.process.send_signal(signal.SIGCONT)

    async def pause_redis(self, seconds: float) -> None:
        """Let Redis take commands and do none of them for some seconds."""
        redis = Redis.from_url(self.stack.redis.url)
        try:
            await redis.client_pause(int(seconds * 1_000))
            await asyncio.sleep(seconds)
        finally:
            await redis.aclose()

    def _bring_back(self, place: Place) -> None:
        # Whoever is starting one sees that it has ended, and starts another.
        if not place.is_coming:
            place.coming = asyncio.create_task(self._start(place))

    async def _start(self, place: Place) -> None:
        for _ in range(STARTS):
            place.starts += 1
            place.launched_at = time.time()
            try:
                await self._launch(place)
            except (AssertionError, TimeoutError):
                # One that starts while PostgreSQL is away may end or wait, or it was killed already.
                if place.program is not None:
                    await place.program.kill()
                continue
            if place.is_alive:
                return
        message = f"{place.name} did not start, {STARTS} times."
        raise AssertionError(message)

    async def _launch(self, place: Place) -> None:
        settings = {"DATABASE_URL": place.database_url}
        if place.port:
            settings |= {"RECONCILE_SECONDS": f"{self.api_reconcile_seconds}"}
            place.program = await self.stack.launch_api(place.port, **settings)
            await place.program.ready()
        else:
            place.program = await self.stack.launch_worker(**settings)
            await place.program.works()

    async def _stay_away(self) -> None:
        coming = [place.coming for place in self.places.values() if place.coming is not None]
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)


async def _places(points: Points, *, workers: int, apis: int) -> dict[str, Place]:
    """Return where processes are going to work, each with a user of its own at PostgreSQL."""
    names = [f"worker{n + 1}" for n in range(workers)] + [f"api{n + 1}" for n in range(apis)]
    password = secrets.token_hex(16)
    await points.prepare([(name, password) for name in names])
    _, _, rest = points.url.partition("@")
    return {
        name: Place(name, f"postgresql://{name}:{password}@{rest}", free_port() if name[0] == "a" else 0)
        for name in names
    }
