"""How many pages a second become READY, beside the bare libraries on one core in the same run, and where time goes.

    python -m tests.benchmarks.throughput [rounds]

Each round reads the same real files by the bare libraries in this process, and by one worker, each on a core of its
own: first PDFs, as people have them in thousands, and then those together with small DOCX, Markdown and text files, of
which each costs what a document costs, and little more. At last two workers read all of them. Bare is what cannot be
done without: pdfium's text, or the same reader for what is no PDF, then the splitter and WordLlama. The others are
uploads over HTTP until the last document is READY. A page is a PDF's, or 3,000 characters. The limits, for PDFs: one
worker makes at least half as many pages as the bare libraries, on the clock and in a second of computing; on a machine
with other work, only the second says something.

On two cores the second worker shares its core with the API, PostgreSQL and this client: what it adds is printed beside
the computing of all processes, and no limit.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import pypdfium2

from lexora_gql.adapters.extraction.docx_extractor import read_docx
from lexora_gql.adapters.extraction.markdown_extractor import read_markdown
from lexora_gql.adapters.extraction.plain_text_extractor import read_plain_text
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.splitting import split
from lexora_gql.ports.text_extractor import ExtractedText
from lexora_gql.settings import Settings
from tests.benchmarks.figures import Limit, all_hold, line
from tests.benchmarks.metrics_page import MetricsPage
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end.corpus import samples
from tests.end_to_end.stack import Program
from tests.shared_data import SHARED_DATA

ROUNDS = 3
SLOWER = 2.0
UPLOADS_AT_ONCE = 8
PAGE_CHARACTERS = 3_000
STAGES = ("PARSING", "CHUNKING", "EMBEDDING", "INDEXING")
FOLDERS = ("pdf/good/kgrag-us", "pdf/good/kgrag-ntsb", "pdf/good/sample-files", "docx/good", "txt/good", "md/good")
READERS = {".docx": read_docx, ".md": read_markdown, ".txt": read_plain_text}


@dataclass(frozen=True, slots=True)
class Work:
    """The files, and how many pages they have."""

    paths: Sequence[Path]
    pages: float


@dataclass(frozen=True, slots=True)
class Pass:
    """One reading of all files; times in seconds.

    Attributes:
        computing: Of workers, API, PostgreSQL, Redis and this client.
        workers: Of it, the workers with their readers.
    """

    seconds: float
    computing: float = 0.0
    workers: float = 0.0


def files() -> list[Path]:
    """Return real documents that parse: reports of many pages, and of the small ones every fourth."""
    docs = SHARED_DATA / "docs"
    good = [one.path for one in samples(docs) if one.expected == "parse" and one.path.suffix in {".pdf", *READERS}]
    chosen = [path for path in good if path.relative_to(docs).as_posix().startswith(FOLDERS)]
    return [path for path in chosen if path.suffix == ".pdf"] + [path for path in chosen if path.suffix != ".pdf"][::4]


def bare_text(path: Path) -> tuple[str, float]:
    """Return a file's text by what is needed least, and how many pages it has."""
    if path.suffix == ".pdf":
        pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path.read_bytes())]
        return "\n\n".join(pages), len(pages)
    with path.open("rb") as source:
        text = next(READERS[path.suffix](source, lambda *_: None)).text
    return text, len(text) / PAGE_CHARACTERS


def bare(work: Sequence[Path], embedder: WordLlamaEmbedder, settings: Settings) -> Work:
    """Read, split and embed every file; return how much that was."""
    pages = 0.0
    for path in work:
        text, count = bare_text(path)
        passages = split(
            ExtractedText(text), characters=settings.chunk_characters, overlap=settings.chunk_overlap_characters
        )
        for start in range(0, len(passages), settings.embedding_batch_size):
            embedder._embed_slice([one.text for one in passages[start : start + settings.embedding_batch_size]])
        pages += count
    return Work(work, pages)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this thread, and those it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def pin(program: Program, core: int) -> None:
    """Keep a process, with all its threads and what it starts from now on, on one core."""
    process = psutil.Process(program.process.pid)
    for one in (process, *process.children(recursive=True)):
        for thread in one.threads():
            os.sched_setaffinity(thread.id, {core})


def computing(pids: Sequence[int]) -> float:
    """Return the seconds that processes have computed, with their children, ended ones included."""
    total = 0.0
    for pid in pids:
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


async def whole(stand: Stand, workers: Sequence[Program], work: Work) -> Pass:
    """Upload every file into a collection of its own and wait until all are READY."""
    created = await stand.client.run("CreateCollection", name=f"Round {time.monotonic_ns()}")
    collection = created["createCollection"]["collection"]["id"]
    # All of them are children of this process.
    everybody, theirs = [os.getpid()], [worker.process.pid for worker in workers]
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(path: Path) -> str:
        async with slots:
            result = await stand.client.upload(path, collectionId=collection)
        return str(result["document"]["id"])

    before, of_workers = computing(everybody), computing(theirs)
    started = time.perf_counter()
    ids = await asyncio.gather(*(upload(path) for path in work.paths))
    states = await stand.client.finished(*set(ids))
    seconds = time.perf_counter() - started
    assert {state["status"] for state in states.values()} == {"READY"}, states
    return Pass(seconds, computing(everybody) - before, computing(theirs) - of_workers)


def print_stages(since: MetricsPage) -> None:
    """Print where documents spend their time from claim to end; between the stages progress is written."""
    totals = {stage: since.value("document_stage_duration_seconds_sum", stage=stage) for stage in STAGES}
    every = since.total("document_processing_duration_seconds_sum")
    for stage, seconds in {**totals, "between them": every - sum(totals.values())}.items():
        line(f"share of a document's time: {stage}", 100 * seconds / every, "%", f"{seconds:.2f} s of all documents")


async def measure(rounds: int) -> bool:
    """Measure; returns whether the limits hold."""
    embedder = WordLlamaEmbedder()
    paths = files()
    with on_core(1):
        # The first reading of all is not measured.
        both = [bare(each, embedder, Settings()) for each in ([path for path in paths if path.suffix == ".pdf"], paths)]
    with on_core(0), tempfile.TemporaryDirectory() as folder:
        # Read off the API's page, the worker's figures are there, too.
        async with open_stand(PROMETHEUS_MULTIPROC_DIR=folder) as stand:
            pin(stand.worker, 1)
            await whole(stand, [stand.worker], both[-1])
            pdfs, mixed = [await beside(stand, work, embedder, rounds) for work in both]
            second = await stand.stack.start_worker()
            two = [await whole(stand, [stand.worker, second], both[-1]) for _ in range(rounds + 1)][1:]
    await embedder.aclose()
    mixed.report("all files")
    report(mixed.work, "all files by two workers", two)
    factor = median(each.seconds for each in mixed.worker) / median(each.seconds for each in two)
    line("two workers make so many times as many", factor, "x")
    pdfs.report("PDFs")
    return all_hold(
        [
            Limit("PDFs: one worker computes so many times as much as bare", pdfs.dearer, SLOWER, "x"),
            Limit("PDFs: one worker takes so many times as long as bare", pdfs.slower, SLOWER, "x"),
        ]
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """The same files by the bare libraries and by one worker."""

    work: Work
    bare: Sequence[Pass]
    worker: Sequence[Pass]

    @property
    def slower(self) -> float:
        """How many times as long the worker takes."""
        return median(each.seconds for each in self.worker) / median(each.seconds for each in self.bare)

    @property
    def dearer(self) -> float:
        """How many times as much the worker computes."""
        return median(each.workers for each in self.worker) / median(each.workers for each in self.bare)

    def report(self, name: str) -> None:
        """Print the medians."""
        report(self.work, f"{name} by the bare libraries", self.bare)
        report(self.work, f"{name} by one worker", self.worker)
        line(f"{name}: a worker's time, and computing, over bare", self.slower, "x", f"{self.dearer:.2f} x")


async def beside(stand: Stand, work: Work, embedder: WordLlamaEmbedder, rounds: int) -> Beside:
    """Read the files both ways, in turn."""
    print(f"{len(work.paths)} documents, {work.pages:.0f} pages")
    alone, one = [], []
    before = await MetricsPage.of(stand.client)
    for _ in range(rounds):
        with on_core(1):
            started, computed = time.perf_counter(), time.process_time()
            bare(work.paths, embedder, Settings())
            computed = time.process_time() - computed
            alone.append(Pass(time.perf_counter() - started, computed, computed))
        one.append(await whole(stand, [stand.worker], work))
        print(f"   bare {alone[-1].seconds:6.2f} s   one worker {one[-1].seconds:6.2f} s", flush=True)
    print_stages((await MetricsPage.of(stand.client)).since(before))
    return Beside(work, alone, one)


def report(work: Work, name: str, passes: Sequence[Pass]) -> None:
    """Print the medians of a number of passes."""
    seconds = median(each.seconds for each in passes)
    workers = median(each.workers for each in passes)
    every = median(each.computing for each in passes)
    computed = f"in {seconds:.2f} s the workers computed {workers:.2f} s, all {every:.2f} s"
    line(name, work.pages / seconds, "p/s", computed)


def main() -> None:
    """Run as many rounds as the command line says."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    run("throughput", lambda: measure(rounds))


if __name__ == "__main__":
    main()
