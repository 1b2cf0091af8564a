"""Writers of answers that are killed, or frozen until everybody takes them for dead, in the middle of the text."""

import asyncio
import time
from enum import StrEnum

from tests.campaigns.answers.house import Asked, House, Say
from tests.campaigns.answers.tales import make_up
from tests.campaigns.ground import Place

# The model has said all by the time a frozen writer wakes, which then has a whole answer to commit.
PIECES, PAUSE_SECONDS = 300, 0.03
PIECES_SEEN_MAX = 30
AT_ONCE = 2
# Past the lease, and past the end of a transaction that it may have had open.
FROZEN_SECONDS = 13.0
TOLD_EVERY = 10


class Blow(StrEnum):
    """What is done to a writer."""

    KILL = "killed"
    FREEZE = "frozen past its lease"


async def kill(house: House, kills: int, freezes: int, say: Say) -> list[Asked]:
    """Kill and freeze so many writers at a random piece; return their answers once all have ended."""
    blows = [Blow.KILL] * kills + [Blow.FREEZE] * freezes
    house.chance.shuffle(blows)
    reading, frozen, struck = list[asyncio.Task[None]](), list[asyncio.Task[None]](), list[Asked]()
    for number, blow in enumerate(blows, 1):
        places = await house.ground.someone_works("api", at_least=2)
        place = house.chance.choice(places)
        answers = [await _ask(house, place) for _ in range(AT_ONCE)]
        reading += [asyncio.create_task(house.follow(one, cuts=house.chance.randint(0, 2))) for one in answers]
        await answers[0].has_shown(house.chance.randint(0, PIECES_SEEN_MAX))
        for one in answers:
            one.struck_at = time.monotonic()
        struck += answers
        if blow is Blow.KILL:
            await house.ground.kill(place)
        else:
            frozen.append(asyncio.create_task(house.ground.freeze(place, FROZEN_SECONDS)))
            # It begins at the next turn of the loop.
            await asyncio.sleep(0)
        if number % TOLD_EVERY == 0:
            say(f"       {number} writers")
    await asyncio.gather(*reading, *frozen)
    return struck


async def _ask(house: House, place: Place) -> Asked:
    asked = await house.ask(place, make_up(house.chance, pieces=PIECES, pause_seconds=PAUSE_SECONDS))
    asked.expected = "INTERRUPTED"
    return asked
