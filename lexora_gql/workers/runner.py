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


async def hear(rings: Rings, work: Callable[[], Awaitable[None]], *, concurrency: int) -> None:
    """Start work at each ring until cancelled, at most `concurrency` at a time."""

    async def job(_context: dict[Any, Any]) -> None:
        await work()

    # A coroutine function has the `__qualname__` that ARQ's Protocol asks for; its type does not say so.
    function = func(cast("Any", job), name=rings.job_name, keep_result=0, max_tries=1, timeout=JOB_SECONDS)

    while True:
        redis = rings.connect()
        worker = Worker(
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
        try:
            await worker.async_run()
        except Exception as error:  # noqa: BLE001  # whatever ends ARQ's loop, the next one may fare better
            log.warning("rings_lost", reason=type(error).__name__)
        finally:
            await _close(worker, redis)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _close(worker: Worker, redis: ArqRedis) -> None:
    """Let go of what ARQ began; its own `close` passes on the cancellation of a job as if it were ours."""
    tasks = [task for task in (worker.main_task, *worker.tasks.values()) if task is not None]
    await ended(tasks)
    await redis.connection_pool.disconnect(inuse_connections=True)
