"""What a ring starts: documents are claimed and read until none is left, and a reindex gets the time between them."""

import asyncio
from dataclasses import dataclass, field

import structlog

from lexora_gql.documents.generations.work import ReembeddingService
from lexora_gql.documents.ingestion import IngestionService
from lexora_gql.errors import Unavailable
from lexora_gql.workers.ending import ended

RING_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Slots:
    """So many documents at a time; each slot's work outlives the ring that began it, and a lost Redis too."""

    ingestion: IngestionService
    concurrency: int
    reembedding: ReembeddingService | None = None
    _free: asyncio.Semaphore = field(init=False)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _is_stopped: bool = False

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.concurrency)

    async def work(self) -> None:
        """Take up documents in a slot of its own until none is due; giving up waiting does not stop the work.

        Returns after a minute even so: a ring that is held for long would look lost when this process is killed.
        """
        if not self._is_stopped:
            await asyncio.wait({self._start()}, timeout=RING_SECONDS)

    def work_if_idle(self) -> None:
        """Take up documents in a slot that is free, without waiting: for when nobody can ring."""
        if not self._is_stopped and not self._free.locked():
            self._start()

    async def stop(self) -> None:
        """End the work now: what is being read goes back into the queue and costs no attempt.

        A ring that is still being heard starts nothing any more.
        """
        self._is_stopped = True
        await ended(tuple(self._tasks))

    def _start(self) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._drain())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _drain(self) -> None:
        async with self._free:
            try:
                while await self._read_one() or await self._embed_some():
                    pass
            except Unavailable as error:
                # The reconciler rings again when PostgreSQL is back.
                log.warning("claiming_failed", reason=error.message)
            except Exception:
                log.exception("slot_failed")

    async def _read_one(self) -> bool:
        claim = await self.ingestion.claim()
        if claim is None:
            return False
        with structlog.contextvars.bound_contextvars(request_id=claim.document.request_id):
            await self.ingestion.ingest(claim)
        return True

    async def _embed_some(self) -> bool:
        # Only where no document is due: who has just uploaded waits for a moment's work at most.
        return self.reembedding is not None and await self.reembedding.step()
