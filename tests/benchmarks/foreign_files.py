"""How files of others are read: in a sandbox as in earnest, with a line for each one that has something odd about it.

    python -m tests.benchmarks.foreign_files FOLDER

Every file below the folder is read, whatever its name. Odd is: a reader that crashes or takes too long, 30 seconds or
more, signs that are no text, and words that another reader finds and ours does not: pdftotext for PDF, pandoc for DOCX,
where the machine has them. They are other opinions, not the truth. The limits: nothing crashes or runs out of time.
"""

import asyncio
import re
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lexora_gql.adapters.extraction.receiving import Receiver
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.adapters.extraction.zygote_client import Exit
from lexora_gql.documents.media_types import HEAD_BYTES, TAIL_BYTES, MediaType, detect
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed
from tests.benchmarks.text_fidelity import Fidelity, words_of

AT_ONCE = 2
SLOW_SECONDS = 30.0
RECALL_MIN = 0.95
WORDS_MIN = 20
WORDS_MIN_OF_NOTHING = 3
OTHER_READER_SECONDS = 60.0
FAULTS = ("PARSER_CRASHED", "PARSER_TIMEOUT")
OTHER_READERS = {
    MediaType.PDF: ("pdftotext", "-q", "-enc", "UTF-8", "{}", "-"),
    MediaType.DOCX: ("pandoc", "--from=docx", "--to=plain", "--wrap=none", "{}"),
}
# What no text is made of: characters that could not be told, private ones, and names of glyphs.
_NO_TEXT = re.compile("\ufffd|[\ue000-\uf8ff]|\\(cid:\\d+\\)")
NO_TEXT_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file.

    Attributes:
        name: Of the file, below the folder.
        code: READY, refused, or that of the failure.
        seconds: That it took, with what was read beside it.
        oddities: What to look at.
        fidelity: Beside another reader, where there is one.
    """

    name: str
    code: str
    seconds: float
    oddities: tuple[str, ...] = ()
    fidelity: Fidelity | None = None


@dataclass(slots=True)
class Measured(SandboxedExtractor):
    """Remembers the most memory that a child had."""

    memory_bytes: int = 0
    cpu_seconds: float = field(default=0.0)

    def _verdict(self, receiver: Receiver, ended: Exit) -> ExtractedText:
        self.memory_bytes = max(self.memory_bytes, ended.memory_bytes)
        self.cpu_seconds = max(self.cpu_seconds, ended.cpu_seconds)
        # Not super(): a dataclass with slots is a class made anew, which that does not know.
        return SandboxedExtractor._verdict(self, receiver, ended)


async def outcome(extractor: SandboxedExtractor, file: Path, name: str) -> Outcome:
    """Read a file, also by another reader, and say what is odd."""
    data = await asyncio.to_thread(file.read_bytes)
    media_type = detect(data[:HEAD_BYTES], data[-TAIL_BYTES:], file.name)
    if media_type is None:
        return Outcome(name, "refused", 0.0)
    started = time.monotonic()
    code, text = "READY", ""
    try:
        text = (await extractor.extract(file, media_type, lambda _done, _total: None)).text
    except ExtractionFailed as failure:
        code = failure.code
    seconds = time.monotonic() - started
    oddities = [code] if code in FAULTS else []
    if seconds >= SLOW_SECONDS:
        oddities.append(f"{seconds:.0f} seconds")
    if (signs := len(_NO_TEXT.findall(text))) > len(text) * NO_TEXT_SHARE:
        oddities.append(f"{signs:,} of {len(text):,} characters are none")
    fidelity = await _beside(media_type, file, name, text)
    if fidelity is not None and fidelity.recall < RECALL_MIN:
        missing, extra = (list(words)[:8] for words in (fidelity.missing, fidelity.extra))
        oddities.append(f"{code}, recall {fidelity.recall:.2f} of {fidelity.words:,}: no {missing}, but {extra}")
    return Outcome(name, code, seconds, tuple(oddities), fidelity)


async def _beside(media_type: MediaType, file: Path, name: str, text: str) -> Fidelity | None:
    command = OTHER_READERS.get(media_type)
    if command is None or shutil.which(command[0]) is None:
        return None
    arguments = [argument.format(file) for argument in command]
    pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*arguments, stdout=pipe, stderr=nowhere, stdin=nowhere)
    try:
        async with asyncio.timeout(OTHER_READER_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    expected, read = words_of(said.decode("utf-8", "replace")), words_of(text)
    # A file in which ours finds nothing is worth a look even for three words.
    if process.returncode != 0 or expected.total() < (WORDS_MIN if text else WORDS_MIN_OF_NOTHING):
        return None
    return Fidelity(name, expected.total(), expected - read, read - expected)


async def measure(folder: Path) -> bool:
    """Read all files below a folder and print what is odd; returns whether the limits hold."""
    files = await asyncio.to_thread(_files, folder)
    extractor = Measured()
    turns = asyncio.Semaphore(AT_ONCE)
    outcomes: list[Outcome] = []

    async def in_turn(file: Path) -> None:
        async with turns:
            found = await outcome(extractor, file, str(file.relative_to(folder)))
            outcomes.append(found)
            for oddity in found.oddities:
                print(f"{found.name}: {oddity}", flush=True)

    try:
        async with asyncio.TaskGroup() as group:
            for file in files:
                group.create_task(in_turn(file))
    finally:
        await extractor.aclose()
    if not outcomes:
        print(f"nothing in {folder}")
        return False
    _summarise(outcomes, extractor)
    return not any(found.code in FAULTS for found in outcomes)


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _summarise(outcomes: list[Outcome], extractor: Measured) -> None:
    codes = Counter(found.code for found in outcomes)
    print(f"{len(outcomes):,} files: {', '.join(f'{count:,} {code}' for code, count in codes.most_common())}")
    slowest = max(outcomes, key=lambda found: found.seconds)
    memory = extractor.memory_bytes / 2**20
    print(f"at most {slowest.seconds:.1f} seconds ({slowest.name}), {extractor.cpu_seconds:.1f} of computing", end="")
    print(f", {memory:,.0f} MiB")
    if compared := sorted(found.fidelity.recall for found in outcomes if found.fidelity):
        mean, low = sum(compared) / len(compared), sum(recall < RECALL_MIN for recall in compared)
        print(f"recall beside other readers: {mean:.4f} on average of {len(compared):,}, {low:,} below {RECALL_MIN}")


def main() -> None:
    """Run on the command line."""
    sys.exit(0 if asyncio.run(measure(Path(sys.argv[1]))) else 1)


if __name__ == "__main__":
    main()
