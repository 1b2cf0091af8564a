"""What a hostile file can do to the server: nothing."""

import asyncio
import signal
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.adapters.extraction.zygote_client import Exit
from tests.adapters.made_files import DOCX, MARKDOWN, PDF, PLAIN_TEXT, paragraphs, pdf, raw_docx
from tests.adapters.reading_processes import (
    PATIENCE_SECONDS,
    Stuck,
    ended,
    eventually,
    failure_of,
    ignore,
    reader_of,
    small,
    small_in,
    zygote_of,
)

MEBIBYTE = 1024 * 1024


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


class TestTheLog:
    async def test_it_tells_what_a_file_has_cost(self, extractor: SandboxedExtractor, tmp_path: Path) -> None:
        file = tmp_path / "invoice.pdf"
        file.write_bytes(pdf([(700, "Invoices are paid within 30 days.")]))

        with capture_logs() as logged:
            await extractor.extract(file, PDF, ignore)

        [told] = logged
        assert (told["event"], told["media_type"], told["exit_status"]) == ("file_read", PDF, 0)
        assert 1 <= told["memory_mebibytes"] < Limits().memory_bytes / MEBIBYTE
        assert 0 < told["cpu_seconds"] < Limits().cpu_seconds


class TestLimits:
    async def test_too_long_on_the_clock_is_worth_another_try_where_the_machine_was_busy(self, stuck: Stuck) -> None:
        extractor = SandboxedExtractor(Limits(wall_seconds=0.5))
        try:
            begun = time.monotonic()
            extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))

            # It waited all the while, and had no chance to compute.
            assert await failure_of(extracting) == ("PARSER_TIMEOUT", True)
            assert time.monotonic() - begun < PATIENCE_SECONDS
            assert (await zygote_of(extractor)).children() == []
        finally:
            await extractor.aclose()

    @pytest.mark.parametrize(
        ("cpu_seconds", "is_retryable"), [(0.0, True), (29.9, True), (30.1, False), (59.0, False), (61.0, False)]
    )
    def test_time_on_the_clock_is_the_files_fault_where_it_was_spent_on_the_file(
        self, cpu_seconds: float, is_retryable: bool
    ) -> None:
        ended = Exit(-signal.SIGKILL, 0, cpu_seconds, is_overdue=True)
        reason = SandboxedExtractor().reason(ended)
        assert (reason.code, reason.is_retryable) == ("PARSER_TIMEOUT", is_retryable)

    async def test_too_much_computing_is_final(self, tmp_path: Path) -> None:
        file = tmp_path / "long.docx"
        file.write_bytes(raw_docx(paragraphs(*["word"] * 400_000)))
        extractor = SandboxedExtractor(Limits(cpu_seconds=1))
        try:
            extracting = asyncio.ensure_future(extractor.extract(file, DOCX, ignore))

            assert await failure_of(extracting) == ("PARSER_TIMEOUT", False)
        finally:
            await extractor.aclose()

    async def test_too_much_memory_is_final(self, extractor: SandboxedExtractor, tmp_path: Path) -> None:
        sound = pdf([(700, "x")])
        before, stream, after = sound.partition(b"BT /F1 12 Tf 72 700 Td (x) Tj ET")
        packer = zlib.compressobj(1)
        bomb = b"".join(packer.compress(b" " * MEBIBYTE) for _ in range(900)) + packer.flush()
        file = tmp_path / "bomb.pdf"
        head = before.rpartition(b"<<")[0] + b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(bomb)
        file.write_bytes(head + bomb + after)
        assert stream

        code, is_retryable = await failure_of(asyncio.ensure_future(extractor.extract(file, PDF, ignore)))

        assert (code, is_retryable) == ("TOO_LARGE_TO_PARSE", False)

    async def test_a_text_of_too_many_characters_is_refused(
        self, extractor: SandboxedExtractor, tmp_path: Path
    ) -> None:
        file = tmp_path / "long.txt"
        file.write_bytes(b"word " * 4_000_001)

        extracting = asyncio.ensure_future(extractor.extract(file, PLAIN_TEXT, ignore))

        assert await failure_of(extracting) == ("TOO_LARGE_TO_PARSE", False)

    async def test_the_longest_text_is_read_and_does_not_block_the_loop(
        self, extractor: SandboxedExtractor, tmp_path: Path
    ) -> None:
        file = tmp_path / "longest.txt"
        file.write_bytes("wörd ".encode() * 4_000_000)
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                begun = time.monotonic()
                await asyncio.sleep(0)
                longest = max(longest, time.monotonic() - begun)

        ticking = asyncio.create_task(tick())
        found = await extractor.extract(file, PLAIN_TEXT, ignore)
        ticking.cancel()

        assert len(found.text) == 20_000_000
        assert longest < 0.5


class TestCrashing:
    async def test_a_crash_may_be_tried_again(self, extractor: SandboxedExtractor, stuck: Stuck) -> None:
        extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)
        child = await reader_of(await zygote_of(extractor))
        child.send_signal(signal.SIGSEGV)

        assert await failure_of(extracting) == ("PARSER_CRASHED", True)

    async def test_a_crash_takes_no_other_file_with_it(
        self, extractor: SandboxedExtractor, stuck: Stuck, tmp_path: Path
    ) -> None:
        extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)
        child = await reader_of(await zygote_of(extractor))
        others = [extractor.extract(await small(stuck), PLAIN_TEXT, ignore) for _ in range(3)]
        child.send_signal(signal.SIGABRT)

        assert [found.text for found in await asyncio.gather(*others)] == ["Small."] * 3
        assert await failure_of(extracting) == ("PARSER_CRASHED", True)

    async def test_what_was_read_stands_when_the_child_dies_afterwards(
        self, extractor: SandboxedExtractor, tmp_path: Path
    ) -> None:
        # Finding the headings of this takes seconds, after the text has been sent.
        file = tmp_path / "long.md"
        file.write_text("# Title\n\n- a\n" * 300_000)
        extracting = asyncio.ensure_future(extractor.extract(file, MARKDOWN, ignore))
        await extractor.extract(await small_in(tmp_path), PLAIN_TEXT, ignore)
        child = await reader_of(await zygote_of(extractor))
        # The text, and some bytes that say that it stands.
        await eventually(lambda: child.io_counters().write_chars > 13 * 300_000 + 100)
        child.kill()

        found = await extracting

        assert len(found.text) == 13 * 300_000
        assert found.headings == ()

    async def test_a_zygote_that_dies_is_replaced_and_the_file_begun_again(
        self, extractor: SandboxedExtractor, stuck: Stuck
    ) -> None:
        await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)
        extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
        first = await zygote_of(extractor)
        child = await reader_of(first)
        first.kill()

        assert await ended(child)
        await eventually(lambda: extractor._zygote is not None and extractor._zygote.process.pid != first.pid)
        await reader_of(await zygote_of(extractor))
        stuck.write(b"Read at last.")
        assert (await extracting).text == "Read at last."

    async def test_a_zygote_that_does_not_answer_is_given_up(self, stuck: Stuck) -> None:
        extractor = SandboxedExtractor(Limits(wall_seconds=1.0))
        try:
            await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)
            extracting = asyncio.ensure_future(extractor.extract(stuck.path, PLAIN_TEXT, ignore))
            zygote = await zygote_of(extractor)
            child = await reader_of(zygote)
            zygote.suspend()

            assert await failure_of(extracting) == ("PARSER_TIMEOUT", True)
            assert await ended(child)
            assert (await extractor.extract(await small(stuck), PLAIN_TEXT, ignore)).text == "Small."
        finally:
            await extractor.aclose()
