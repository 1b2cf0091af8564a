"""Three servers, a model that tells tales, and people who ask and read on whichever server is there."""

import asyncio
import base64
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

import httpx
import websockets
from sqlalchemy import text

from lexora_gql.storage.database import Database
from tests.campaigns.answers.tales import QUESTION, Narrator, Tale, Told
from tests.campaigns.answers.views import Seen, Stored, View
from tests.campaigns.answers.ways import WAYS
from tests.campaigns.ground import Ground, Place
from tests.database import connect
from tests.end_to_end.client import Client, Failed, Json

APIS, PEOPLE = 3, 6
CANTEEN = b"The canteen of the wombatorium opens at noon."
TROUBLE = (httpx.HTTPError, OSError, websockets.WebSocketException, Failed, json.JSONDecodeError)
RECONCILE_SECONDS = 2.0
PAUSE_SECONDS = 0.1
TRIES = 5
# A frozen server is silent for ever; a client that wants to know asks another one.
PATIENCE_SECONDS = 4.0
ENDLESS_SECONDS = 40.0
# How many events a line brings before it is cut; none: it is cut as soon as it stands.
Say = Callable[[str], None]
GAPS = (0, 0, 1, 1, 1, 2, 3, 5, 8)


@dataclass(slots=True)
class Asked:
    """One answer.

    Attributes:
        expected: The status it must end with.
        struck_at: When its writer was killed or frozen.
        flaws: What was found wrong with it on the way.
    """

    number: int
    answer_id: str
    person: Client
    tale: Tale
    view: View
    expected: str = "COMPLETED"
    struck_at: float | None = None
    flaws: list[str] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"answer {self.number}"

    @property
    def row_id(self) -> str:
        """The id of its row; clients know it as `Message:…` in Base64."""
        return base64.urlsafe_b64decode(self.answer_id + "==").decode().removeprefix("Message:")

    def note(self, event: Json) -> None:
        """Note an event."""
        self.view.events.append(seen(event))
        self._news.set()

    async def has_shown(self, pieces: int) -> None:
        """Wait until its reader has seen so many pieces of text, or the end."""
        async with asyncio.timeout(ENDLESS_SECONDS):
            while self.view.texts < pieces and self.view.finished is None:
                self._news.clear()
                await self._news.wait()


@dataclass(slots=True)
class House:
    """Where the campaign takes place."""

    ground: Ground
    database: Database
    told: Told
    people: list[Client]
    chance: random.Random
    asked: list[Asked] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    @classmethod
    @asynccontextmanager
    async def open(cls, seed: int, *, without: str = "") -> "AsyncIterator[House]":
        """Start everything, and give each person a document; end it afterwards."""
        async with AsyncExitStack() as ending:
            told = Told()
            narrator = ending.enter_context(Narrator(told))
            settings = {"OPENAI_BASE_URL": narrator.url, "OPENAI_API_KEY": "key", "OPENAI_MODEL": "test-model"}
            opening = Ground.open(
                workers=1, apis=APIS, settings=settings, without=without, api_reconcile_seconds=RECONCILE_SECONDS
            )
            ground = await ending.enter_async_context(opening)
            database = connect(ground.stack.database_url, connections=2)
            ending.push_async_callback(database.dispose)
            house = cls(ground, database, told, [], random.Random(f"answers {seed}"))
            for _ in range(PEOPLE):
                person = Client(house.addresses[0])
                ending.push_async_callback(person.close)
                house.people.append(person)
            await asyncio.gather(*map(_arrive, house.people))
            yield house

    @property
    def addresses(self) -> list[str]:
        """Of the servers that work, or of all where none does."""
        places = self.ground.working("api") or [place for place in self.ground.places.values() if place.port]
        return [address_of(place) for place in places]

    async def ask(self, place: Place, tale: Tale) -> Asked:
        """Ask a new question at a server."""
        number = next(self.numbers)
        self.told.tales[number] = tale
        person = self.people[number % len(self.people)]
        began_at = time.monotonic()
        given = {"content": QUESTION.format(number=number), "idempotencyKey": f"question-{number}-of-the-campaign"}
        sent = await self._patiently(replace(person, address=address_of(place)), given)
        asked = Asked(number, sent["answer"]["id"], person, tale, View(began_at))
        self.asked.append(asked)
        return asked

    async def _patiently(self, client: Client, given: Json) -> Json:
        for left in reversed(range(TRIES)):
            try:
                sent: Json = (await client.run("SendMessage", input=given))["sendMessage"]
            except TROUBLE:
                # A connection of before the server's last death; the key makes it one question.
                if not left:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if sent["__typename"] != "MessageSent":
                raise Failed(sent)
            return sent
        raise AssertionError

    async def follow(self, asked: Asked, *, cuts: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Read an answer to its end, cutting the line so many times and going on elsewhere, another way."""
        view, names = asked.view, list(WAYS)
        try:
            async with asyncio.timeout(ENDLESS_SECONDS):
                while True:
                    name = names[(asked.number + view.lines) % len(names)]
                    client = replace(asked.person, address=self._elsewhere(asked))
                    view.lines += 1
                    view.ways.add(name)
                    gap = self.chance.choice(GAPS) if view.cuts < cuts else None
                    try:
                        if await self._read(asked, client, name, gap, patience_seconds):
                            return
                        view.cuts += 1
                    except TROUBLE:
                        view.losses += 1
                        await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError:
            asked.flaws.append(f"{asked.name} was given up after {ENDLESS_SECONDS:.0f} s")

    async def _read(self, asked: Asked, client: Client, way: str, gap: int | None, patience_seconds: float) -> bool:
        """Read one line; return whether the server has completed it, else it was cut as it was meant to be."""
        loop, left = asyncio.get_running_loop(), gap
        async with (
            asyncio.timeout(patience_seconds) as limit,
            WAYS[way](client, asked.answer_id, asked.view.cursor) as events,
        ):
            while left is None or left > 0:
                event = await anext(events, None)
                if event is None:
                    return True
                limit.reschedule(loop.time() + patience_seconds)
                asked.note(event)
                left = None if left is None else left - 1
        return False

    async def read_again(self, asked: Asked) -> tuple[Seen, list[Seen]] | None:
        """Read on from some cursor that was given before; return its event, and what came after it."""
        if not asked.view.events:
            return None
        after = self.chance.choice(asked.view.events)
        client = replace(asked.person, address=self.chance.choice(self.addresses))
        async with asyncio.timeout(ENDLESS_SECONDS):
            async with WAYS[self.chance.choice(list(WAYS))](client, asked.answer_id, after.cursor) as events:
                return after, [seen(event) async for event in events]

    def _elsewhere(self, asked: Asked) -> str:
        addresses = self.addresses
        return addresses[(asked.number // len(WAYS) + asked.view.lines) % len(addresses)]

    async def stored(self) -> dict[str, Stored]:
        """Return all answers as PostgreSQL has them."""
        query = text("SELECT id, status, content FROM messages WHERE role = 'ASSISTANT'")
        async with self.database.engine.connect() as connection:
            return {str(row.id): Stored(row.status, row.content) for row in await connection.execute(query)}


def address_of(place: Place) -> str:
    """Return where a server answers."""
    return f"http://127.0.0.1:{place.port}"


def seen(event: Json) -> Seen:
    """Return an event as it is kept."""
    message = event.get("message") or {}
    return Seen(
        event["__typename"],
        time.monotonic(),
        event["cursor"],
        event.get("offset", 0),
        event.get("text", ""),
        message.get("status", ""),
        message.get("content", ""),
    )


async def _arrive(person: Client) -> None:
    await person.register()
    accepted = await person.upload_bytes(CANTEEN, "house.txt")
    await person.finished(accepted["document"]["id"])
