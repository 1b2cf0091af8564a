"""Every real and every hostile document ends as its manifest says, and takes nothing down with it."""

import json
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.client import Client
from tests.end_to_end.corpus import Sample, run, samples, verdict
from tests.end_to_end.stack import Program, Stack
from tests.shared_data import require_shared_data


def family(program: Program) -> list[tuple[int, float]]:
    """The process and its children, each with its start, so that a number used again does not pass for the same."""
    process = psutil.Process(program.process.pid)
    return [(one.pid, one.create_time()) for one in (process, *process.children())]


def troubles(program: Program) -> list[str]:
    """What the log holds beyond information and warnings, traces that went past it included."""
    rows = program.output().splitlines()
    return [row for row in rows if not row.startswith("{") or json.loads(row)["level"] in {"error", "critical"}]


class TestTheCorpus:
    # As long as it takes: on two busy cores a minute or more.
    @pytest.mark.timeout(600)
    async def test_everything_ends_as_it_should_and_every_process_lives(
        self, postgres_url: str, tmp_path: Path
    ) -> None:
        documents = samples(require_shared_data("docs", "manifest.csv").parent)
        async with Stack.open(postgres_url) as stack:
            api, worker = await stack.start_api(), await stack.start_worker()
            client = Client(api.address)
            await client.register()
            await self._first_document(client, tmp_path)
            families = [family(api), family(worker)]

            report = await run(client, documents)

            assert report.surprises == []
            assert report.ended == len(documents) > 400
            assert [family(api), family(worker)] == families
            assert troubles(api) + troubles(worker) == []
            await client.close()

    async def _first_document(self, client: Client, folder: Path) -> None:
        """The worker starts the parent of its parsers with the first document, and keeps it."""
        path = folder / "first.txt"
        path.write_text("The canteen opens at noon.", encoding="utf-8")
        accepted = await client.upload(path)
        [state] = (await client.finished(accepted["document"]["id"])).values()
        assert state["status"] == "READY"


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("expected", "outcome", "code"),
        [
            ("parse", "READY", None),
            ("error", "refused", "UNSUPPORTED_FILE_TYPE"),
            ("error", "FAILED", "ENCRYPTED"),
            ("error", "FAILED", "NO_TEXT"),
            ("empty-text", "FAILED", "NO_TEXT"),
            ("parse|error", "READY", None),
            ("parse|error", "FAILED", "CORRUPT"),
            ("empty-text|error", "FAILED", "PARSER_TIMEOUT"),
        ],
    )
    def test_the_right_end_passes(self, expected: str, outcome: str, code: str | None) -> None:
        assert verdict(Sample(Path("some.pdf"), expected), outcome, code) is None

    @pytest.mark.parametrize(
        ("expected", "outcome", "code"),
        [
            ("parse", "FAILED", "CORRUPT"),
            ("parse", "FAILED", "NO_TEXT"),
            ("parse", "refused", "UNSUPPORTED_FILE_TYPE"),
            ("error", "READY", None),
            ("empty-text", "READY", None),
            ("empty-text", "FAILED", "CORRUPT"),
            ("empty-text", "refused", "EMPTY_FILE"),
            ("error", "FAILED", "INTERNAL"),
            ("error", "FAILED", "WORKER_LOST"),
            ("parse|error", "FAILED", "INTERNAL"),
        ],
    )
    def test_a_wrong_end_is_seen(self, expected: str, outcome: str, code: str | None) -> None:
        surprise = verdict(Sample(Path("some.pdf"), expected), outcome, code)
        assert surprise == f"some.pdf: {outcome} {code or ''}, expected {expected}"
