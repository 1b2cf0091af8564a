"""What happens every few seconds, whether anybody rings or not."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from lexora_gql.errors import Unavailable

log = structlog.get_logger(__name__)


async def every(
    seconds: float, name: str, step: Callable[[], Awaitable[None]], *, first_after_seconds: float = 0.0
) -> None:
    """Run a step again and again until cancelled; a failure is logged and the next time comes.

    Args:
        seconds: From the end of one run to the beginning of the next.
        name: For the log.
        step: What to do.
        first_after_seconds: From now to the beginning of the first run.
    """
    await asyncio.sleep(first_after_seconds)
    while True:
        try:
            await step()
        except* Unavailable as group:
            log.warning("step_put_off", step=name, reason=str(group.exceptions[0]))
        except* Exception:
            log.exception("step_failed", step=name)
        await asyncio.sleep(seconds)
