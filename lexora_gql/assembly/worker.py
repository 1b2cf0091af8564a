"""`lexora work`: a worker from its start to its orderly end."""

import asyncio
import functools
import os
from collections.abc import Coroutine

import structlog
import uvloop

from lexora_gql.adapters.arq_queue import JOB_NAME, QUEUE_NAME, connect, job_deserializer, job_serializer
from lexora_gql.assembly.memory import keep_what_is_here, share_heaps
from lexora_gql.assembly.process import Process, open_process
from lexora_gql.assembly.signals import stop_requested
from lexora_gql.housekeeping import TIDY_SECONDS, Housekeeping
from lexora_gql.settings import Settings
from lexora_gql.telemetry.logs import configure_logging
from lexora_gql.workers.ending import ended
from lexora_gql.workers.jobs import Slots
from lexora_gql.workers.runner import Rings, hear
from lexora_gql.workers.schedule import every

# A frozen Redis is a lost one after so long.
REPLY_SECONDS = 5.0

log = structlog.get_logger(__name__)


def work(settings: Settings) -> int:
    """Read documents until told to stop; return the exit code.

    Raises:
        WrongSettings: Something that is needed is not set.
    """
    configure_logging(settings.log_level, settings.log_format)
    share_heaps()
    # Reading can wait a moment longer; somebody who searches on the same machine cannot.
    os.nice(settings.worker_niceness)
    uvloop.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    async with open_process(settings) as process:
        keep_what_is_here()
        with stop_requested() as stop:
            slots = Slots(process.upkeep.ingestion, settings.worker_concurrency, process.upkeep.reembedding)
            reconcile = functools.partial(_reconcile, process, slots)
            tasks = [
                asyncio.create_task(_hear(settings, slots)),
                asyncio.create_task(process.metrics.watch_event_loop("worker")),
                asyncio.create_task(every(settings.reconcile_seconds, "reconcile", reconcile)),
                *keep_house(process.upkeep.housekeeping, settings),
            ]
            # Beside the work: whoever uploads right now waits no longer for it than otherwise.
            preparing = asyncio.create_task(process.adapters.extractor.prepare())
            log.info("worker_started", concurrency=settings.worker_concurrency)
            asked_to = asyncio.create_task(stop.wait())
            # None of them ends by itself; if one does, it is better to be started anew than to run on half.
            await asyncio.wait({asked_to, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            # The work first: rings that wait for it then end as they should.
            await slots.stop()
            failed = [task for task in tasks if task.done() and not stop.is_set()]
            await ended([asked_to, preparing, *tasks])
            for task in failed:
                task.result()
    log.info("worker_stopped")


def keep_house(housekeeping: Housekeeping, settings: Settings) -> list["asyncio.Task[None]"]:
    """Start what puts things in order; the daily audit is the API's, whose metrics everybody reads."""
    purge = every(settings.reconcile_seconds, "purge", housekeeping.purge)
    tidy = every(TIDY_SECONDS, "tidy", housekeeping.tidy_unsearched)
    return [asyncio.create_task(each) for each in (purge, tidy)]


def _hear(settings: Settings, slots: Slots) -> Coroutine[None, None, None]:
    address = settings.require_redis_url()
    rings = Rings(
        connect=functools.partial(connect, address, reply_seconds=REPLY_SECONDS),
        job_name=JOB_NAME,
        queue_name=QUEUE_NAME,
        serialize=job_serializer,
        deserialize=job_deserializer,
    )
    return hear(rings, slots.work, concurrency=settings.worker_concurrency)


async def _reconcile(process: Process, slots: Slots) -> None:
    try:
        await process.upkeep.reconcile()
    finally:
        # Whatever could not be made good: without bells, documents are read only if somebody looks for them.
        if await process.adapters.bus.is_away():
            slots.work_if_idle()
