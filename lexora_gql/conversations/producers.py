"""The answers that this process is writing, each in a task of its own, whoever listens."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from lexora_gql.conversations.answering import Answerer, AnswerJob

Begun = TypeVar("Begun")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Producers:
    """Keeps the tasks alive, and ends them when the server does."""

    answerer: Answerer
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _beginning: set["asyncio.Task[Any]"] = field(default_factory=set)

    def start(self, job: AnswerJob) -> None:
        """Write an answer from now on, detached from the request that asked for it."""
        task = asyncio.create_task(self.answerer.answer(job), name=f"answer {job.lease.answer_id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def shielded(self, beginning: Coroutine[Any, Any, Begun]) -> Begun:
        """Run what begins an answer to its end, even when the caller is cancelled."""
        task = asyncio.create_task(beginning)
        # The loop itself holds tasks weakly.
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
        return await asyncio.shield(task)

    @property
    def count(self) -> int:
        """Answers being written."""
        return len(self._tasks)

    async def drain(self, grace_seconds: float) -> None:
        """Let the answers finish for so long, then end them as INTERRUPTED."""
        if self._beginning:
            # Each is a short transaction, and what it begins must be ended, too.
            await asyncio.wait(set(self._beginning))
        if not self._tasks:
            return
        await asyncio.wait(set(self._tasks), timeout=grace_seconds)
        remaining = set(self._tasks)
        for task in remaining:
            task.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease runs out, and the reconciler ends it.
            log.error("answer_task_failed", exc_info=error)
