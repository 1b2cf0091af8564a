"""Readers whose lines are cut: each goes on elsewhere, another way, from where it was."""

import asyncio

from tests.campaigns.answers.checks import misread
from tests.campaigns.answers.house import Asked, House, Say
from tests.campaigns.answers.tales import make_up

AT_ONCE = 12
CUTS_MAX = 10
PIECES, PAUSES_SECONDS = (30, 90), (0.01, 0.04)
TOLD_EVERY = 100


async def cut(house: House, answers: int, say: Say) -> list[Asked]:
    """Ask so many questions, and cut their readers off again and again; return the answers."""
    gate, done = asyncio.Semaphore(AT_ONCE), list[Asked]()

    async def one() -> None:
        async with gate:
            asked = await _one(house)
        done.append(asked)
        if len(done) % TOLD_EVERY == 0:
            say(f"       {len(done)} answers")

    await asyncio.gather(*(one() for _ in range(answers)))
    stored = await house.stored()
    for asked in done:
        again = await house.read_again(asked)
        if again is not None:
            asked.flaws += misread(asked.name, again[1], again[0], stored.get(asked.row_id))
    return done


async def _one(house: House) -> Asked:
    chance = house.chance
    tale = make_up(chance, pieces=chance.randint(*PIECES), pause_seconds=chance.uniform(*PAUSES_SECONDS))
    asked = await house.ask(chance.choice(house.ground.working("api")), tale)
    await house.follow(asked, cuts=chance.randint(1, CUTS_MAX))
    return asked
