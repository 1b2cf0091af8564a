"""How the processes that read files come and go, and what they are given."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from tests.adapters.made_files import PDF, PLAIN_TEXT, pdf
from tests.adapters.reading_processes import (
    Stuck,
    ended,
    eventually,
    ignore,
    open_descriptors,
    reader_of,
    small,
    small_in,
    zygote_of,
)


@pytest.fixture(scope="module")
async def extractor() -> AsyncIterator[SandboxedExtractor]:
    made = SandboxedExtractor()
    yield made
    await made.aclose()


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stuck]:
    made = Stuck(tmp_path)
    yield made
    made.close()


class TestEnding:
    async def test_cancelling_kills_the_child(self, extractor: SandboxedExtractor, stuck: Stuck) -> None:
        await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)
        extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        child = await reader_of(await zygote_of(extractor))
        begun = time.monotonic()
        extracting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await extracting
        assert await ended(child)
        assert time.monotonic() - begun < 2

    async def test_closing_ends_everything(self, stuck: Stuck) -> None:
        extractor = SandboxedExtractor()
        extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        zygote = await zygote_of(extractor)
        left = [zygote, await reader_of(zygote)]
        extracting.cancel()
        await extractor.aclose()

        assert [await ended(process) for process in left] == [True, True]

    async def test_children_end_with_the_server(self, stuck: Stuck) -> None:
        program = (
            "import asyncio, pathlib, sys\n"
            "from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor\n"
            "path = pathlib.Path(sys.argv[1])\n"
            "asyncio.run(SandboxedExtractor().extract(path, 'text/plain', print))\n"
        )
        server = subprocess.Popen([sys.executable, "-c", program, str(stuck.path)])  # noqa: ASYNC220  # does not wait
        try:
            process = psutil.Process(server.pid)
            zygote = (await eventually(process.children))[0]
            child = await reader_of(zygote)
        finally:
            server.kill()
            server.wait()

        assert await ended(child)
        assert await ended(zygote)


class TestKeepingSecrets:
    async def test_a_child_has_neither_the_environment_nor_the_sockets_of_the_server(
        self, stuck: Stuck, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SECRET_KEY", "canary-in-the-environment")
        extractor = SandboxedExtractor()
        with socket.socket() as inherited:
            inherited.set_inheritable(True)  # socket takes it by position only
            try:
                extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
                child = await reader_of(await zygote_of(extractor))
                environment = await eventually(child.environ)
                # Right after the fork it still has what the zygote has.
                await eventually(lambda: len(open_descriptors(child.pid)) == 5)
                opened = open_descriptors(child.pid)
                extracting.cancel()
            finally:
                await extractor.aclose()

        assert sorted(environment) == ["LANG", "LC_ALL", "TZ"]
        assert sorted(opened) == ["/dev/null", "/dev/null", "/dev/null", str(stuck.path), "pipe"]


class TestSpeed:
    async def test_a_small_file_takes_milliseconds(self, extractor: SandboxedExtractor, tmp_path: Path) -> None:
        file = await small_in(tmp_path)
        await extractor.extract(file, PLAIN_TEXT, ignore)
        begun = time.monotonic()
        for _ in range(20):
            await extractor.extract(file, PLAIN_TEXT, ignore)

        # Importing the readers for each file would take most of a second.
        assert (time.monotonic() - begun) / 20 < 0.2

    async def test_several_files_are_read_at_once(self, extractor: SandboxedExtractor, stuck: Stuck) -> None:
        waiting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        files = [extractor.extract(await small(stuck), PLAIN_TEXT, ignore) for _ in range(8)]

        assert [found.text for found in await asyncio.gather(*files)] == ["Small."] * 8
        assert not waiting.done()
        stuck.write(b"Last.")
        assert (await waiting).text == "Last."


class TestProgress:
    async def test_tells_of_pages(self, extractor: SandboxedExtractor, tmp_path: Path) -> None:
        file = tmp_path / "pages.pdf"
        file.write_bytes(pdf(*([(700.0, f"Page number {number}.")] for number in range(1, 8))))
        told: list[tuple[int, int | None]] = []

        await extractor.extract(file, PDF, lambda done, total: told.append((done, total)))

        assert told[-1] == (7, 7)
        assert told == sorted(told)
