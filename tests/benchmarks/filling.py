"""Real text for the benchmarks: pages of the shared data, through the API, and questions about them."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from tests.end_to_end.client import Client
from tests.shared_data import SHARED_DATA

UPLOADS_AT_ONCE = 8
# The second set's questions are about other things, as people's often are.
ALSO = ("pdf/good/kgrag-us", "md/good/18f-handbook")
QUESTION_SETS = ("aws-docs", "xquad-en")


def lines(name: str, file: str) -> list[dict[str, str]]:
    """Read one of a set's files of JSON lines."""
    text = (SHARED_DATA / "retrieval" / name / file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def pages(folder: Path) -> list[Path]:
    """Return files of about ten thousand passages; those of the AWS set are written into the folder, as Markdown."""
    paths = [path for part in ALSO for path in sorted((SHARED_DATA / "docs" / part).iterdir())]
    for at, page in enumerate(lines("aws-docs", "corpus.jsonl")):
        path = folder / f"page-{at:03}.md"
        path.write_text(page["text"], encoding="utf-8")
        paths.append(path)
    return paths


def questions(count: int) -> list[str]:
    """Return so many different questions."""
    texts = [query["text"] for name in QUESTION_SETS for query in lines(name, "queries.jsonl")]
    return list(dict.fromkeys(texts))[:count]


async def fill(client: Client, paths: Sequence[Path]) -> None:
    """Upload files and wait until all are READY."""
    slots = asyncio.Semaphore(UPLOADS_AT_ONCE)

    async def upload(path: Path) -> str:
        async with slots:
            result = await client.upload(path)
        assert result["__typename"] == "DocumentAccepted", result
        return str(result["document"]["id"])

    ids = await asyncio.gather(*(upload(path) for path in paths))
    states = await client.finished(*set(ids))
    assert all(state["status"] == "READY" for state in states.values()), states
