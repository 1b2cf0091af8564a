"""A Redis that stands still, is wiped and is killed while answers are written and read."""

import asyncio
from enum import StrEnum

from tests.campaigns.answers.house import Asked, House, Say
from tests.campaigns.answers.tales import make_up

AT_ONCE = 10
PIECES, PAUSES_SECONDS = (40, 120), (0.03, 0.05)
AWAY_SECONDS = 1.5
REST_SECONDS = (0.3, 2.0)
# The reader waits for the server to say something, however long that takes: a hang must be seen.
PATIENCE_SECONDS = 35.0
CUTS_MAX = 3
TOLD_EVERY = 10


class Famine(StrEnum):
    """What is done to Redis."""

    FREEZE = "stopped"
    PAUSE = "paused for its clients"
    WIPE = "wiped"
    KILL = "killed"


async def starve(house: House, pauses: int, wipes: int, kills: int, say: Say, *, pause_seconds: float) -> list[Asked]:
    """Do so much to Redis under a steady stream of answers; return them once all have ended."""
    famines = [(Famine.FREEZE, Famine.PAUSE)[n % 2] for n in range(pauses)]
    famines += [Famine.WIPE] * wipes + [Famine.KILL] * kills
    house.chance.shuffle(famines)
    done, is_over = list[Asked](), asyncio.Event()
    supply = [asyncio.create_task(_supply(house, done, is_over)) for _ in range(AT_ONCE)]
    try:
        for number, famine in enumerate(famines, 1):
            await asyncio.sleep(house.chance.uniform(*REST_SECONDS))
            await _happen(house, famine, pause_seconds)
            if number % TOLD_EVERY == 0:
                say(f"       {number} times, {len(done)} answers")
    finally:
        is_over.set()
        await asyncio.gather(*supply)
    return done


async def _happen(house: House, famine: Famine, pause_seconds: float) -> None:
    match famine:
        case Famine.FREEZE:
            await house.ground.freeze_redis(pause_seconds)
        case Famine.PAUSE:
            await house.ground.pause_redis(pause_seconds)
        case Famine.WIPE:
            await house.ground.empty_redis()
        case Famine.KILL:
            await house.ground.kill_redis(away_seconds=house.chance.uniform(0.0, AWAY_SECONDS))


async def _supply(house: House, done: list[Asked], is_over: asyncio.Event) -> None:
    chance = house.chance
    while not is_over.is_set():
        tale = make_up(chance, pieces=chance.randint(*PIECES), pause_seconds=chance.uniform(*PAUSES_SECONDS))
        asked = await house.ask(chance.choice(house.ground.working("api")), tale)
        await house.follow(asked, cuts=chance.randint(0, CUTS_MAX), patience_seconds=PATIENCE_SECONDS)
        done.append(asked)
