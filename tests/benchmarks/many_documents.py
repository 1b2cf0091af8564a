"""How much memory API, worker and the parent of its readers take after many documents.

    python -m tests.benchmarks.many_documents [documents, 10,000 when not given]

Small documents, all different, are uploaded into ten collections in turn, read, and now and then searched for. At a
tenth, at a half and at the end all are READY, and memory is read. The limit: from the tenth to the end no process
grows by more than 32 MiB, beside what the index of the API holds by then, which has a limit of its own: ten thousand
documents of one passage are 4 KiB each in it.
"""

import asyncio
import sys
import time
from dataclasses import dataclass

import psutil

from tests.benchmarks.figures import Limit, all_hold, line
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end.client import Client

DOCUMENTS = 10_000
COLLECTIONS = 10
A_STEP = 100
UPLOADS_AT_ONCE = 8
GROWTH_MEBIBYTES = 32.0
MEBIBYTE = 1024 * 1024
INDEX_BYTES_A_DOCUMENT = 4_096


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory after so many documents, in MiB, by process."""

    documents: int
    resident: dict[str, float]


def memory(stand: Stand, documents: int) -> Memory:
    """Read it; the worker's one child is the parent of its readers."""
    api, worker = (psutil.Process(program.process.pid) for program in (stand.api, stand.worker))
    [parent] = worker.children()
    processes = {"API": api, "worker": worker, "parent of the readers": parent}
    return Memory(documents, {name: one.memory_info().rss / MEBIBYTE for name, one in processes.items()})


def text(number: int) -> bytes:
    """Return a small document of its own."""
    sentences = (f"Room {number * 31 + at} is opened by key {number * 17 + at * at} of floor {at}." for at in range(8))
    return " ".join(sentences).encode()


async def step(client: Client, collections: list[str], first: int) -> None:
    """Upload a number of documents, wait until they are READY, and search for one of them."""
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(number: int) -> str:
        async with slots:
            place = collections[number % COLLECTIONS]
            result = await client.upload_bytes(text(number), f"room-{number}.txt", collectionId=place)
        return str(result["document"]["id"])

    ids = await asyncio.gather(*(upload(number) for number in range(first, first + A_STEP)))
    states = await client.finished(*ids)
    assert {state["status"] for state in states.values()} == {"READY"}
    found = (await client.run("Search", query=f"Which key opens room {first * 31}?"))["search"]["hits"]
    assert any(f"Room {first * 31} " in hit["chunk"]["text"] for hit in found)


async def measure(documents: int) -> bool:
    """Measure; returns whether the limits hold."""
    seen: list[Memory] = []
    async with open_stand() as stand:
        client = stand.client
        names = [await client.run("CreateCollection", name=f"Floor {at}") for at in range(COLLECTIONS)]
        collections = [name["createCollection"]["collection"]["id"] for name in names]
        started = time.monotonic()
        for first in range(0, documents, A_STEP):
            await step(client, collections, first)
            done = first + A_STEP
            if done in {documents // 10, documents // 2, documents}:
                seen.append(memory(stand, done))
                figures = ", ".join(f"{name} {size:.0f} MiB" for name, size in seen[-1].resident.items())
                print(f"   after {done:6} documents and {time.monotonic() - started:5.0f} s: {figures}", flush=True)
    early, late = seen[0], seen[-1]
    line("documents a second", documents / (time.monotonic() - started), "/s")
    index = (late.documents - early.documents) * INDEX_BYTES_A_DOCUMENT / MEBIBYTE
    return all_hold(
        [
            Limit(f"{name} grows by", late.resident[name] - early.resident[name], GROWTH_MEBIBYTES + held, "MiB")
            for name, held in (("API", index), ("worker", 0.0), ("parent of the readers", 0.0))
        ]
    )


def main() -> None:
    """Run with as many documents as the command line says, rounded down to a multiple of what it counts in."""
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    documents -= documents % (10 * A_STEP)
    run(f"{documents} documents", lambda: measure(documents))


if __name__ == "__main__":
    main()
