"""People who upload, delete and watch over the API, come what may, and write down what they were told."""

import asyncio
import base64
import json
import random
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx
import websockets

from tests.campaigns.ingestion.ledger import Ledger
from tests.campaigns.ingestion.papers import Paper
from tests.end_to_end.client import Client, Failed, Json

# What a client meets while servers are killed under it.
TROUBLE = (httpx.HTTPError, OSError, websockets.WebSocketException, Failed, json.JSONDecodeError, AssertionError)
TRIES_SECONDS = 90.0
PAUSE_SECONDS = 0.1


def row_id(global_id: str) -> str:
    """Return the id of a document's row; clients know it as `Document:…` in Base64."""
    return base64.b64decode(global_id).decode().removeprefix("Document:")


def _global_id(document_id: str) -> str:
    return base64.b64encode(f"Document:{document_id}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Seen:
    """A document's state as a subscriber saw it; `status` is DELETED where it had gone."""

    status: str
    attempt: int = 0
    fraction: float = 0.0


@dataclass(slots=True)
class Person:
    """Somebody with documents.

    Attributes:
        addresses: Of the APIs; the next one is tried when one fails.
        own: Documents of this person's that were accepted, and that nobody has asked to delete.
        seen: What the subscription said of each document, in order, over all connections.
        connections: How many the subscription took.
    """

    client: Client
    addresses: list[str]
    ledger: Ledger
    chance: random.Random
    own: set[str] = field(default_factory=set)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    connections: int = 0
    cursor: str = ""

    async def arrive(self) -> None:
        """Make an account, and take a place in the feed before the first document."""
        await self.client.register()
        self.cursor = (await self.client.run("DocumentFeedCursor"))["documentFeedCursor"]

    async def upload(self, paper: Paper) -> str | None:
        """Send a file until it is accepted or refused, as a client does; return the document's id."""
        sha256 = await asyncio.to_thread(self.ledger.begin, paper)
        async with asyncio.timeout(TRIES_SECONDS):
            while True:
                try:
                    answer = await self.client.upload(paper.path)
                except TROUBLE:
                    self.ledger.unknown[sha256] = self.ledger.unknown.get(sha256, 0) + 1
                    await self._elsewhere()
                    continue
                if answer["__typename"] == "DocumentAccepted":
                    document_id = row_id(answer["document"]["id"])
                    self.ledger.accepted[document_id] = sha256
                    self.own.add(document_id)
                    return document_id
                self.ledger.refused[sha256] = answer["code"]
                return None

    async def delete(self, document_id: str) -> None:
        """Delete a document, trying again until told that it is gone."""
        self.own.discard(document_id)
        self.ledger.perhaps_deleted.add(document_id)
        async with asyncio.timeout(TRIES_SECONDS):
            while True:
                try:
                    answer = await self.client.run("DeleteDocument", id=_global_id(document_id))
                except TROUBLE:
                    await self._elsewhere()
                    continue
                result = answer["deleteDocument"]
                # NOT_FOUND: an earlier try had done it.
                if result["__typename"] == "DocumentErased" or result["code"] == "NOT_FOUND":
                    self.ledger.deleted.add(document_id)
                    return
                await self._elsewhere()

    async def reprocess_failed(self) -> int:
        """Start again all that failed and is worth it; return how many that were."""
        async with asyncio.timeout(TRIES_SECONDS):
            while True:
                try:
                    return int((await self.client.run("ReprocessFailedDocuments"))["reprocessFailedDocuments"])
                except TROUBLE:
                    await self._elsewhere()

    async def watch(self) -> None:
        """Follow one's documents until cancelled, going on after the last cursor whenever the line is cut."""
        while True:
            self.connections += 1
            patience = self.chance.randint(5, 60)
            try:
                async with aclosing(self.client.subscribe("DocumentEvents", after=self.cursor)) as events:
                    async for event in events:
                        self._note(event)
                        patience -= 1
                        if not patience:
                            break
            except TROUBLE:
                await asyncio.sleep(PAUSE_SECONDS)

    def _note(self, event: Json) -> None:
        self.cursor = event["cursor"]
        if event["__typename"] == "DocumentDeleted":
            self.seen.setdefault(row_id(event["documentId"]), []).append(Seen("DELETED"))
            return
        document = event["document"]
        progress = document["progress"]
        state = Seen(document["status"], progress["attempt"], progress["fraction"])
        self.seen.setdefault(row_id(document["id"]), []).append(state)

    async def _elsewhere(self) -> None:
        here = self.addresses.index(self.client.address)
        self.client.address = self.addresses[(here + 1) % len(self.addresses)]
        await asyncio.sleep(PAUSE_SECONDS)
