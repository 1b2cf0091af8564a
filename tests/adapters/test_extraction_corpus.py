"""Every file of the shared data ends as its manifest says."""

import asyncio
import csv
from collections import Counter
from pathlib import Path

from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.documents.media_types import HEAD_BYTES, TAIL_BYTES, detect
from lexora_gql.documents.splitting import split
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.adapters.reading_processes import ignore
from tests.shared_data import require_shared_data

AT_ONCE = 2
# None of the files takes so long, or crashes a reader, that its end could be another tomorrow.
ENDS = {"NO_TEXT": "empty-text", "ENCRYPTED": "error", "CORRUPT": "error", "TOO_LARGE_TO_PARSE": "error"}


async def outcome(extractor: SandboxedExtractor, file: Path) -> str:
    """Return what becomes of a file, in the words of the manifest."""
    data = await asyncio.to_thread(file.read_bytes)
    media_type = detect(data[:HEAD_BYTES], data[-TAIL_BYTES:], file.name)
    if media_type is None:
        return "error"
    try:
        found = await extractor.extract(file, media_type, ignore)
    except ExtractionFailed as failure:
        return ENDS.get(failure.code, failure.code)
    passages = split(found, characters=1_000, overlap=150)
    assert passages, file.name
    assert all(found.text[heading.start :].strip() for heading in found.headings), file.name
    return "parse"


class TestTheSharedData:
    async def test_every_file_ends_as_expected(self) -> None:
        folder = require_shared_data("docs")
        with (folder / "manifest.csv").open(newline="") as manifest:
            expected = {row["file"]: row["expected"].split("|") for row in csv.DictReader(manifest)}
        extractor = SandboxedExtractor()
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(name: str) -> tuple[str, str]:
            async with turns:
                return name, await outcome(extractor, folder / name)

        try:
            outcomes = dict(await asyncio.gather(*map(in_turn, expected)))
        finally:
            await extractor.aclose()

        # A file that is found to hold no text has failed with a code, which is what is expected of an error.
        surprising = {
            name: found
            for name, found in outcomes.items()
            if found not in expected[name] and not (found == "empty-text" and "error" in expected[name])
        }
        assert surprising == {}
        assert Counter(outcomes.values())["parse"] > 350
