"""How long a report of 107 pages takes from its upload over HTTP to READY, beside the bare libraries in the same run.

    python -m tests.benchmarks.upload_to_ready [repetitions]

The bare loop does in this process what cannot be done without: pdfium's text, the splitter, WordLlama, FAISS, tantivy.
Each repetition runs it and then uploads the same report, a comment added so that it is no duplicate, with a subscriber
on documentEvents that sees it become READY. The limit: at most twice as long as the bare loop and a second, by the
medians.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import UUID

import faiss
import pypdfium2

from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.splitting import split
from lexora_gql.ports.passage_index import IndexedPassage
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.settings import Settings
from tests.benchmarks.figures import Limit, line
from tests.benchmarks.search_latency import Bare
from tests.benchmarks.stand import open_stand, run
from tests.end_to_end.client import ENDS, Client, Json
from tests.shared_data import SHARED_DATA

REPORT = SHARED_DATA / "docs" / "pdf" / "good" / "kgrag-us" / "EPA2022.pdf"
REPETITIONS = 7
DOCUMENT = UUID(int=1)


@dataclass(slots=True)
class Watcher:
    """When each document ended, as a subscriber saw it."""

    ended: dict[str, tuple[float, Json]] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    @asynccontextmanager
    async def on(cls, client: Client) -> AsyncIterator["Watcher"]:
        """Watch everything that changes from now on."""
        watcher = cls()
        cursor = (await client.run("DocumentFeedCursor"))["documentFeedCursor"]
        task = asyncio.create_task(watcher._watch(client, cursor))
        try:
            yield watcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def end_of(self, document_id: str) -> float:
        """Wait for a document to be READY; return when that was seen."""
        async with self._news:
            await self._news.wait_for(lambda: document_id in self.ended)
        at, document = self.ended[document_id]
        assert document["status"] == "READY", document
        return at

    async def _watch(self, client: Client, cursor: str) -> None:
        async with aclosing(client.subscribe("DocumentEvents", after=cursor)) as events:
            async for event in events:
                if event["document"]["status"] in ENDS:
                    async with self._news:
                        self.ended[event["document"]["id"]] = (time.perf_counter(), event["document"])
                        self._news.notify_all()


def bare(data: bytes, embedder: WordLlamaEmbedder, settings: Settings) -> float:
    """Take text, passages, vectors and an index from a PDF; return the seconds."""
    started = time.perf_counter()
    pages = (page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(data))
    passages = split(
        ExtractedText("\n\n".join(pages)),
        characters=settings.chunk_characters,
        overlap=settings.chunk_overlap_characters,
    )
    texts = [passage.text for passage in passages]
    vectors = embedder._embed_slice(texts)
    rows = enumerate(zip(texts, vectors, strict=True))
    Bare([IndexedPassage(number, DOCUMENT, text, vector) for number, (text, vector) in rows])
    return time.perf_counter() - started


def fresh(data: bytes) -> bytes:
    """Return a PDF with a comment of its own at the end, which no reader looks at."""
    return data + f"\n% {secrets.token_hex(8)}\n".encode()


async def measure(repetitions: int, folder: Path) -> bool:
    """Measure; returns whether the limit holds."""
    faiss.omp_set_num_threads(1)
    data, settings = REPORT.read_bytes(), Settings()
    embedder = WordLlamaEmbedder()
    await embedder.prepare()
    alone: list[float] = []
    whole: list[float] = []
    found: list[float] = []
    async with open_stand() as stand, Watcher.on(stand.client) as watcher:
        for at in range(repetitions + 1):
            own = bare(data, embedder, settings)
            path = folder / f"report-{at}.pdf"
            path.write_bytes(fresh(data))
            started = time.perf_counter()
            accepted = await stand.client.upload(path)
            document = accepted["document"]
            seconds = await watcher.end_of(document["id"]) - started
            await stand.client.run("Search", query="drinking water", scope={"documentIds": [document["id"]]})
            searched = time.perf_counter() - started
            # The first round warms all of them up.
            if at > 0:
                alone.append(own)
                whole.append(seconds)
                found.append(searched)
                print(f"   bare {own:6.3f} s   upload to READY {seconds:6.3f} s   to a search's end {searched:6.3f} s")
    await embedder.aclose()
    line("bare libraries, median", median(alone), "s")
    line("upload to READY, median", median(whole), "s", f"{median(whole) / median(alone):.2f} times as long")
    line("upload to the end of a search in it, median", median(found), "s")
    return Limit("upload to READY", median(whole), 2 * median(alone) + 1, "s").holds()


def main() -> None:
    """Run as often as the command line says."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    with tempfile.TemporaryDirectory() as folder:
        run("upload to READY", lambda: measure(count, Path(folder)))


if __name__ == "__main__":
    main()
