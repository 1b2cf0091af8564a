"""Answers that are stopped from another server than the one that writes them."""

import asyncio
import time
from dataclasses import replace

import httpx

from tests.campaigns.answers.house import Asked, House, address_of
from tests.campaigns.answers.tales import make_up
from tests.end_to_end.client import Client, Failed

AT_ONCE = 4
PIECES, PAUSE_SECONDS = 400, 0.03
PIECES_SEEN_MAX = 20


async def stop(house: House, stops: int) -> tuple[list[Asked], list[float]]:
    """Stop so many answers at a random piece.

    Returns:
        The answers, and how many seconds after it was asked for each provider's stream was closed.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> tuple[Asked, float]:
        async with gate:
            return await _one(house)

    outcomes = await asyncio.gather(*(one() for _ in range(stops)))
    return [asked for asked, _ in outcomes], [seconds for _, seconds in outcomes]


async def _one(house: House) -> tuple[Asked, float]:
    writer, other = house.chance.sample(house.ground.working("api"), 2)
    asked = await house.ask(writer, make_up(house.chance, pieces=PIECES, pause_seconds=PAUSE_SECONDS))
    asked.expected = "STOPPED"
    reading = asyncio.create_task(house.follow(asked, cuts=0))
    await asked.has_shown(house.chance.randint(1, PIECES_SEEN_MAX))
    stopped_at = time.monotonic()
    await _stop(replace(asked.person, address=address_of(other)), asked.answer_id)
    request = house.told.requests[asked.number]
    await request.disconnected.wait()
    await reading
    assert request.disconnected_at is not None
    return asked, request.disconnected_at - stopped_at


async def _stop(client: Client, answer_id: str) -> None:
    try:
        answer = await client.run("StopAnswer", id=answer_id)
    except httpx.TransportError:
        # The server has just closed a connection that had been idle; stopping twice is stopping once.
        answer = await client.run("StopAnswer", id=answer_id)
    if answer["stopAnswer"]["__typename"] != "AnswerStopped":
        raise Failed(answer)
