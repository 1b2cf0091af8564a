"""Ending tasks that may not hear it the first time."""

import asyncio
from collections.abc import Collection
from typing import Any

AGAIN_SECONDS = 0.5


async def ended(tasks: Collection["asyncio.Future[Any]"]) -> None:
    """Cancel tasks until they have ended; how they did is not asked.

    Once is not enough: `asyncio.wait_for` before Python 3.12 can lose a cancellation that comes with a result, and
    clients of Redis use it. A worker that waited for such a task would outlive its SIGTERM.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            # Whoever ends a task has no use for its error, but asyncio would complain that nobody looked.
            task.exception()
