"""Hundreds of faults while documents are taken in, and the checks when the last one is over."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from lexora_gql.storage.database import Database, DatabaseAway, translated_errors
from tests.campaigns.echo import Echo
from tests.campaigns.ground import Ground
from tests.campaigns.ingestion import checks
from tests.campaigns.ingestion.cleaning import Cleaning
from tests.campaigns.ingestion.faults import Faults
from tests.campaigns.ingestion.ledger import Ledger
from tests.campaigns.ingestion.papers import Stationery
from tests.campaigns.ingestion.people import Person, Seen
from tests.campaigns.ingestion.plan import Counts, plan
from tests.campaigns.ingestion.stock import Stock, take_stock, unfinished
from tests.campaigns.report import Report
from tests.database import connect
from tests.end_to_end.client import Client

WORKERS, APIS, PEOPLE = 3, 2, 3
CONCURRENCY = 2
LEASE_SECONDS = 2.5
ENDED_SECONDS = 60.0
# Nobody promises how long it takes to read dozens of documents again, only that it ends.
READ_AGAIN_SECONDS = 600.0
TOLD_SECONDS = 30.0
# More waiting documents than this would be no more of a strain, but take longer when the faults are over.
WAITING_MAX = 8
LOOK_SECONDS = 0.1
SETTINGS = {
    "LEASE_SECONDS": f"{LEASE_SECONDS}",
    "LEASE_RENEWAL_SECONDS": "0.6",
    "RECONCILE_SECONDS": "0.3",
    "WORKER_CONCURRENCY": f"{CONCURRENCY}",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "1440",
}

Say = Callable[[str], None]


@dataclass(slots=True)
class Campaign:
    """One run.

    Attributes:
        ended_seconds: The limit between the last fault and the end of the last document.
    """

    ground: Ground
    database: Database
    ledger: Ledger
    people: list[Person]
    faults: Faults
    echo: Echo
    counts: Counts
    say: Say
    ended_seconds: float
    report: Report = field(default_factory=Report)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, counts: Counts, seed: int, *, say: Say, without: str = "", ended_seconds: float = ENDED_SECONDS
    ) -> "AsyncIterator[Campaign]":
        """Start processes and people; end them afterwards."""
        async with AsyncExitStack() as ending:
            opening = Ground.open(workers=WORKERS, apis=APIS, settings=SETTINGS, without=without)
            ground = await ending.enter_async_context(opening)
            database = connect(ground.stack.database_url, connections=4)
            ending.push_async_callback(database.dispose)
            echo = await ending.enter_async_context(Echo.open(ground.stack.redis.url))
            papers = ground.stack.folder / "papers"
            papers.mkdir()
            addresses = [f"http://127.0.0.1:{place.port}" for place in ground.places.values() if place.port]
            ledger = Ledger()
            people = [
                Person(Client(addresses[n % APIS]), addresses, ledger, random.Random(f"person {n} {seed}"))
                for n in range(PEOPLE)
            ]
            for person in people:
                ending.push_async_callback(person.client.close)
                await person.arrive()
            stationery = Stationery(papers, seed)
            chance = random.Random(f"faults {seed}")
            faults = Faults(ground, people, stationery, chance, LEASE_SECONDS * 1.5, reach_seconds=12.0)
            yield cls(ground, database, ledger, people, faults, echo, counts, say, ended_seconds)

    async def run(self, seed: int) -> Report:
        """Do what is planned, and check."""
        watching = [asyncio.create_task(person.watch()) for person in self.people]
        try:
            await self._do(seed)
            await self._check_ends()
            await self._check_all()
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return self.report

    async def _do(self, seed: int) -> None:
        steps = plan(self.counts, seed)
        started = time.monotonic()
        for number, step in enumerate(steps, 1):
            await self._not_too_many_wait()
            await self.faults.do(step)
            if number % 10 == 0 or number == len(steps):
                accepted = len(self.ledger.accepted)
                self.say(f"{time.monotonic() - started:6.0f} s  {number} of {len(steps)} steps, {accepted} accepted")
        await self.faults.finish()
        await self.ground.someone_works(at_least=WORKERS)
        await self.ground.someone_works("api", at_least=APIS)
        self.report.figures["steps"] = f"{len(steps)} in {time.monotonic() - started:.0f} s"
        self.report.figures |= {what: str(count) for what, count in sorted(self.faults.done.items())}
        self.report.check("somebody came to every point", self.faults.missed)
        uncounted = checks.uncounted(self.ground.processes, len(self.ground.places))
        self.report.check("what was killed has ended", uncounted)

    async def _check_ends(self) -> None:
        """Check what only holds before anything is started again."""
        self.say("The last fault is over; waiting for the last document.")
        left = await self._ended(self.ended_seconds)
        self.report.check("all ended within 60 s of the last fault", left)
        stock = await self._stock()
        self.report.figures["ends"] = _counted(stock)
        self.report.figures["workers lost, by document"] = _losses(stock)
        losses_max = (self.counts.kills + self.counts.freezes + self.counts.postgres * WORKERS) * CONCURRENCY
        self.report.check("no attempt was lost but with a worker", checks.overcharged(stock, losses_max=losses_max))
        self.report.check("nothing FAILED but for lost workers", checks.unforeseen(stock))
        self.say("Starting again what FAILED.")
        again = sum([await person.reprocess_failed() for person in self.people])
        self.report.figures["started again by reprocessFailedDocuments"] = str(again)
        left = await self._ended(READ_AGAIN_SECONDS)
        stock = await self._stock()
        failed = [one.id for one in stock.documents.values() if one.status != "READY"]
        self.report.check("then all became READY", [*left, *failed])

    async def _check_all(self) -> None:
        self.say("Replacing the workers, and looking everything up.")
        cleaning = Cleaning(self.ground, self.database)
        codes = self.faults.exit_codes + await cleaning.deploy()
        self.report.check("orderly stops ended with 0", [f"exit code {code}" for code in codes if code != 0])
        await cleaning.wait()
        found = await cleaning.audit()
        self.report.figures["files without a document that the audit removed"] = str(found)
        tries = sum(self.ledger.unknown.values())
        self.report.figures["uploads whose outcome was not told, tried again"] = str(tries)
        surplus = [f"{found} files of nobody, but only {tries} uploads without an answer"] if found > tries else []
        self.report.check("files without a document are of uploads that broke off", surplus)
        stock = await self._stock()
        views = await self._views(stock)
        self.report.check("0 lost", checks.lost(self.ledger, stock) + self._unanswered())
        self.report.check("all have ended", checks.unended(stock))
        self.report.check("0 doubled", checks.doubled(self.ledger, stock))
        self.report.check("0 orphans", checks.orphans(stock))
        self.report.check("deleted means deleted", checks.undeleted(self.ledger, stock))
        self.report.check("subscribers heard of every end", checks.unseen(self.ledger, stock, views))
        self.report.check("no share fell within an attempt", checks.fallen(views))
        self.report.check("no process met what it did not expect", cleaning.troubles())
        self._figures(views)

    def _unanswered(self) -> list[str]:
        refused = [f"{sha256} was refused: {code}" for sha256, code in self.ledger.refused.items()]
        return refused + [f"somebody gave up: {failure}" for failure in self.faults.failures]

    def _figures(self, views: dict[str, list[Seen]]) -> None:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.ledger.kinds.items()))
        self.report.figures |= {
            "documents accepted": f"{len(self.ledger.accepted)} ({kinds})",
            "documents deleted": str(len(self.ledger.deleted)),
            "messages, each delivered five times": f"{self.echo.heard} and {self.echo.copies} copies",
            "processes started": str(sum(place.starts for place in self.ground.places.values())),
            "connections of subscribers": str(sum(person.connections for person in self.people)),
            "states that they were told": str(sum(map(len, views.values()))),
        }

    async def _ended(self, within_seconds: float) -> list[str]:
        """Wait until all documents have ended, as long as they may take; return what has not."""
        started = time.monotonic()
        while left := await self._unfinished():
            if time.monotonic() - started > within_seconds:
                return [f"{document_id} has not ended" for document_id in left]
            await asyncio.sleep(LOOK_SECONDS)
        self.report.figures.setdefault("last end after the last fault", f"{time.monotonic() - started:.1f} s")
        return []

    async def _unfinished(self) -> list[str]:
        while True:
            try:
                with translated_errors():
                    return await unfinished(self.database)
            except DatabaseAway:
                await asyncio.sleep(LOOK_SECONDS)

    async def _not_too_many_wait(self) -> None:
        async with asyncio.timeout(self.ended_seconds * 2):
            while True:
                if len(await self._unfinished()) <= WAITING_MAX:
                    return
                await asyncio.sleep(LOOK_SECONDS)

    async def _stock(self) -> Stock:
        return await take_stock(self.database, self.ground.stack.folder / "data" / "blobs")

    async def _views(self, stock: Stock) -> dict[str, list[Seen]]:
        """Return what subscribers saw, once they have seen the last of it, or should have."""
        started = time.monotonic()
        while True:
            views = {document: seen for person in self.people for document, seen in person.seen.items()}
            if not checks.unseen(self.ledger, stock, views) or time.monotonic() - started > TOLD_SECONDS:
                return views
            await asyncio.sleep(LOOK_SECONDS)


def _counted(stock: Stock) -> str:
    return ", ".join(f"{count} {what}" for what, count in checks.with_reasons(stock.documents).most_common())


def _losses(stock: Stock) -> str:
    losses = [stored.losses for stored in stock.documents.values()]
    return ", ".join(f"{losses.count(n)} lost {n}" for n in sorted(set(losses)))
