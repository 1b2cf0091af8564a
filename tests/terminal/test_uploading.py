import asyncio
import re
import signal
from pathlib import Path

import pytest

from tests.terminal.relay import Relay
from tests.terminal.running_server import RunningServer, lexora, start_command


def timeless(output: str) -> list[str]:
    """Return the lines without seconds, and without the stages between first and last, which may be quick."""
    lines = [re.sub(r"\d+\.\d s$", "… s", line) for line in output.splitlines()]
    return [line for line in lines if not re.search(r": (queued|parsing|chunking|embedding|indexing|done)$", line)]


class TestUploading:
    async def test_each_file_is_watched_until_it_can_be_asked_about(
        self, folder: Path, environment: dict[str, str]
    ) -> None:
        (folder / "below").mkdir()
        (folder / "below" / "invoices.txt").write_text("Invoices are paid within 30 days.\n", encoding="utf-8")

        done = await lexora("upload", str(folder), environment=environment)

        assert (done.code, done.errors) == (0, "")
        assert sorted(timeless(done.output)) == [
            "below/invoices.txt: READY 1 chunk, … s",
            "below/invoices.txt: uploading 34 bytes",
            "canteen.md: READY 1 chunk, … s",
            "canteen.md: uploading 66 bytes",
        ]

    async def test_what_is_there_already_is_said(self, folder: Path, environment: dict[str, str]) -> None:
        await lexora("upload", str(folder), environment=environment)

        done = await lexora("upload", str(folder / "canteen.md"), environment=environment)

        assert (done.code, done.output.splitlines()[-1]) == (0, "canteen.md: READY 1 chunk, was there already")

    async def test_one_that_fails_leaves_the_others_alone(self, folder: Path, environment: dict[str, str]) -> None:
        (folder / "empty.txt").touch()
        (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"nothing that a PDF holds\n" * 10)

        done = await lexora("upload", str(folder), environment=environment)

        last = {line.partition(": ")[0]: line.partition(": ")[2] for line in timeless(done.output)}
        assert done.code == 1
        assert last["canteen.md"] == "READY 1 chunk, … s"
        assert last["empty.txt"].startswith("FAILED ")
        assert last["broken.pdf"].startswith("FAILED ")
        assert last["broken.pdf"].endswith("(CORRUPT)")

    async def test_a_broken_stream_is_taken_up_where_it_was(
        self, server: RunningServer, folder: Path, environment: dict[str, str]
    ) -> None:
        async with Relay(server.url, cut_after=b'"documentEvents"', cuts_left=2) as relay:
            done = await lexora("upload", str(folder), environment={**environment, "LEXORA_URL": relay.url})

        assert (done.code, relay.sockets_cut) == (0, 2)
        assert timeless(done.output)[-1] == "canteen.md: READY 1 chunk, … s"

    async def test_a_collection_can_be_named(self, folder: Path, environment: dict[str, str]) -> None:
        done = await lexora("upload", str(folder), "--collection", "PERSONAL", "--tag", "food", environment=environment)

        assert done.code == 0
        asked = await lexora("ask", "When does the canteen open?", "--tag", "drink", environment=environment)
        assert asked.code == 3


class TestInterrupting:
    async def test_ctrl_c_ends_watching_and_not_reading(self, folder: Path, environment: dict[str, str]) -> None:
        (folder / "long.txt").write_text(
            "".join(f"Line {number} is one of many.\n" for number in range(200_000)), "utf-8"
        )
        process = await start_command("upload", str(folder / "long.txt"), environment=environment)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            await process.stdout.readuntil(b"queued\n")
            process.send_signal(signal.SIGINT)
            _, errors = await process.communicate()

        assert (process.returncode, errors) == (
            130,
            b"lexora: Stopped watching; what has been uploaded is read all the same.\n",
        )


class TestRefusing:
    async def test_a_collection_that_is_not_there(self, folder: Path, environment: dict[str, str]) -> None:
        done = await lexora("upload", str(folder), "--collection", "Other", environment=environment)

        assert (done.code, done.output) == (2, "")
        assert done.errors == "lexora: There is no collection Other; there are: Personal.\n"

    async def test_a_token_that_is_no_good(self, server: RunningServer, folder: Path) -> None:
        done = await lexora("upload", str(folder), "--token", "forged", "--url", server.url)

        assert (done.code, done.output, done.errors.count("\n")) == (1, "", 1)
        assert done.errors.startswith("lexora: The access token is not valid")

    @pytest.mark.parametrize(
        ("url", "code", "line"),
        [
            ("http://127.0.0.1:1", 1, "No server answers at http://127.0.0.1:1 (All connection attempts failed)."),
            ("127.0.0.1:8000", 2, "127.0.0.1:8000 is no address; it must read like http://127.0.0.1:8000."),
            ("http://127.0.0.1:99999", 2, "http://127.0.0.1:99999 is no address"),
        ],
    )
    async def test_a_server_that_is_not_there(self, folder: Path, url: str, code: int, line: str) -> None:
        done = await lexora("upload", str(folder), "--token", "any", "--url", url)

        assert (done.code, done.output, done.errors.count("\n")) == (code, "", 1)
        assert done.errors.startswith(f"lexora: {line}")

    async def test_nobody_signed_in(self, folder: Path, tmp_path: Path) -> None:
        done = await lexora("upload", str(folder), environment={"XDG_CONFIG_HOME": str(tmp_path / "config")})

        assert (done.code, done.errors.count("\n")) == (2, 1)
        assert done.errors.startswith("lexora: Nobody is signed in: set LEXORA_TOKEN")
