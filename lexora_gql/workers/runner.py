"""ARQ's worker, kept running: it hears rings and starts work, and comes back when Redis does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, func

from lexora_gql.workers.ending import ended

# A ring is held for a minute at most; what a killed worker held is forgotten after so long.
JOB_SECONDS = 120
POLL_SECONDS = 0.1
RECONNECT_SECONDS = 1.0
# How long ARQ may take to put away what it has heard, once it is to end; less than whoever ends us waits to ask again.
PUT_AWAY_SECONDS = 0.3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rings:
    """Where rings come from.

    Attributes:
        connect: Opens a client of ARQ's; closed again when Redis is lost.
        job_name: The function that rings call.
    """

    connect: Callable[[], ArqRedis]
    job_name: str
    queue_name: str
    serialize: Callable[[dict[str, Any]], bytes]
    deserialize: Callable[[bytes], dict[str, Any]]


class Ears(Worker):
    """ARQ's worker, which leaves it to us to say that Redis is lost, and once.

    Its own writes an error with a traceback for each ring that is cancelled, and asyncio one for each that could not
    be put away: neither is an error, as rings carry nothing and the work goes on without them.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], rings: Rings, redis: ArqRedis, concurrency: int) -> None:
        self._is_closing = asyncio.Event()

        async def job(_context: dict[Any, Any]) -> None:
            await self._until_closing(work())

        # A coroutine function has the `__qualname__` that ARQ's Protocol asks for; its type does not say so.
        function = func(cast("Any", job), name=rings.job_name, keep_result=0, max_tries=1, timeout=JOB_SECONDS)
        super().__init__(
            functions=[function],
            queue_name=rings.queue_name,
            redis_pool=redis,
            handle_signals=False,
            max_jobs=concurrency,
            keep_result=0,
            max_tries=1,
            poll_delay=POLL_SECONDS,
            retry_jobs=False,
            allow_abort_jobs=False,
            log_results=False,
            job_serializer=rings.serialize,
            job_deserializer=rings.deserialize,
        )

    async def finish_job(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # whatever ARQ gives it
        """Take a ring out of the queue; when all is being closed, only where that is still possible."""
        try:
            await super().finish_job(*args, **kwargs)
        except Exception:
            # ARQ shields this from a cancellation, and then nobody would hear of the error but asyncio.
            if not self._is_closing.is_set():
                raise

    async def put_away(self) -> None:
        """Let go of what it began; its own `close` passes on the cancellation of a job as if it were ours."""
        self._is_closing.set()
        tasks = [task for task in (self.main_task, *self.tasks.values()) if task is not None]
        if self.main_task is not None:
            self.main_task.cancel()
        try:
            # The rings end by themselves now and are put away: nothing is cancelled that would be told as an error.
            if tasks:
                await asyncio.wait(tasks, timeout=PUT_AWAY_SECONDS)
        finally:
            # Also where we are cancelled meanwhile, as happens when the process ends just after Redis was lost.
            await self._disconnect()
            await ended(tasks)
            # Who was just connecting has given back a connection that was not there to be closed.
            await self._disconnect()

    async def _disconnect(self) -> None:
        """Close each connection: who waits for an answer of Redis gets an error instead, and gives it back."""
        await self.pool.connection_pool.disconnect(inuse_connections=True)

    async def _until_closing(self, work: Awaitable[None]) -> None:
        working = asyncio.ensure_future(work)
        closing = asyncio.ensure_future(self._is_closing.wait())
        try:
            await asyncio.wait({working, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ended([working, closing])
        if not working.cancelled():
            working.result()


async def hear(rings: Rings, work: Callable[[], Awaitable[None]], *, concurrency: int) -> None:
    """Start work at each ring until cancelled, at most `concurrency` at a time."""
    while True:
        ears = Ears(work, rings, rings.connect(), concurrency)
        try:
            await ears.async_run()
        except Exception as error:  # noqa: BLE001  # whatever ends ARQ's loop, the next one may fare better
            log.warning("rings_lost", reason=type(error).__name__)
        finally:
            await ears.put_away()
        await asyncio.sleep(RECONNECT_SECONDS)
