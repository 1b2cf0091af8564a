"""Reading what pages of a PDF show where they have no text."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.page_recognition import MODULES
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.adapters.extraction.scan_reader import ScanReader, open_extractor
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, PageSpan
from tests.adapters.made_files import PDF, PLAIN_TEXT, pdf, written
from tests.adapters.reading_processes import eventually, ignore, reader_of, small_in, zygote_of
from tests.adapters.scanned import needs_ocr, scanned, together

PAY = [(700.0, "Invoices are paid within thirty days."), (686.0, "After that they cost interest.")]
LEAVE = [(700.0, "There are twenty five days of leave."), (686.0, "They are taken in summer.")]
RECOGNISED_PAY = "Invoices are paid within thirty days.\nAfter that they cost interest."
RECOGNISED_LEAVE = "There are twenty five days of leave.\nThey are taken in summer."
READ = "read by text recognition (OCR): some characters may be wrong."


@pytest.fixture(scope="module")
async def reader() -> AsyncIterator[ScanReader]:
    made = ScanReader(pages_max=3)
    yield made
    await made.aclose()


async def read(reader: ScanReader, folder: Path, data: bytes) -> ExtractedText:
    return await reader.extract(await stored(folder, data), PDF, ignore)


async def stored(folder: Path, data: bytes) -> Path:
    file = folder / "file.pdf"
    await asyncio.to_thread(file.write_bytes, data)
    return file


@needs_ocr
class TestRecognising:
    async def test_a_scanned_page_has_its_text_between_the_others(self, reader: ScanReader, tmp_path: Path) -> None:
        writer = together(pdf(LEAVE), scanned(pdf(PAY)), pdf(LEAVE))
        writer.add_outline_item(title="First", page_number=0)
        writer.add_outline_item(title="After that", page_number=1)
        writer.add_outline_item(title="They are", page_number=2)

        found = await read(reader, tmp_path, written(writer))

        assert found.text == f"{RECOGNISED_LEAVE}\n\n{RECOGNISED_PAY}\n\n{RECOGNISED_LEAVE}"
        assert found.pages == (PageSpan(1, 0, 64), PageSpan(2, 64, 134), PageSpan(3, 134, 196))
        assert found.headings == (
            Heading(1, "First", 0),
            Heading(1, "After that", found.text.index("After that")),
            Heading(1, "They are", found.text.rindex("They are")),
        )
        assert found.warnings == (f"Page 2 was {READ}",)

    async def test_a_wholly_scanned_file_is_read(self, reader: ScanReader, tmp_path: Path) -> None:
        told: list[tuple[int, int | None]] = []
        file = await stored(tmp_path, scanned(pdf(PAY, LEAVE)))

        found = await reader.extract(file, PDF, lambda done, total: told.append((done, total)))

        assert found.text == f"{RECOGNISED_PAY}\n\n{RECOGNISED_LEAVE}"
        assert found.page_count == 2
        assert found.language == "en"
        assert found.warnings == (f"Pages 1-2 were {READ}",)
        assert told == [(1, 2), (2, 2)]

    async def test_two_columns_are_read_one_after_the_other(self, reader: ScanReader, tmp_path: Path) -> None:
        left = ["The first column of the page", "goes on over several lines", "and ends at this place here."]
        right = ["Then the second column begins", "and it has several lines too", "before the page is at its end."]
        pages = pdf([(700.0 - 16 * row, line) for row, line in enumerate(left)])
        shifted = together(pages, pdf([(700.0 - 16 * row, line) for row, line in enumerate(right)]))
        page, other = shifted.pages
        page.merge_translated_page(other, 240, 0)
        shifted.remove_page(1)

        found = await read(reader, tmp_path, scanned(written(shifted)))

        assert found.text.split() == " ".join((*left, *right)).split()

    async def test_more_pages_than_are_recognised_are_named(self, reader: ScanReader, tmp_path: Path) -> None:
        found = await read(reader, tmp_path, written(together(*[scanned(pdf(PAY))] * 3, pdf(LEAVE), scanned(pdf(PAY)))))

        assert found.warnings == (
            f"Pages 1-3 were {READ}",
            "Page 5 has no text; at most 3 of a file are recognised.",
        )

    async def test_a_file_that_shows_nothing_has_no_text(self, reader: ScanReader, tmp_path: Path) -> None:
        with pytest.raises(ExtractionFailed) as caught:
            await read(reader, tmp_path, pdf([], []))

        assert (caught.value.code, caught.value.is_retryable) == ("NO_TEXT", False)
        assert "scan it anew" in caught.value.message

    async def test_what_forks_the_children_has_no_thread_that_they_would_lack(self, reader: ScanReader) -> None:
        assert (await zygote_of(reader.scans)).num_threads() == 1


@needs_ocr
class TestFailing:
    async def test_a_page_that_takes_too_long_is_a_warning(self, tmp_path: Path) -> None:
        reader = ScanReader(pages_max=3)
        reader.scans = SandboxedExtractor(Limits(cpu_seconds=1, wall_seconds=0.2), MODULES)
        try:
            found = await read(reader, tmp_path, written(together(pdf(LEAVE), scanned(pdf(PAY)))))
        finally:
            await reader.aclose()

        assert found.text == RECOGNISED_LEAVE
        assert found.warnings == ("Page 2 has no text, and text recognition (OCR) failed.",)

    async def test_a_page_whose_child_is_killed_takes_no_other_with_it(
        self, reader: ScanReader, tmp_path: Path
    ) -> None:
        file = await stored(tmp_path, scanned(pdf(PAY, LEAVE)))
        reading = asyncio.ensure_future(reader.extract(file, PDF, ignore))
        (await reader_of(await zygote_of(reader.scans))).kill()

        found = await reading

        assert found.text == RECOGNISED_LEAVE
        assert found.warnings == (
            f"Page 2 was {READ}",
            "Page 1 has no text, and text recognition (OCR) failed.",
        )

    async def test_cancelling_kills_the_child(self, reader: ScanReader, tmp_path: Path) -> None:
        file = await stored(tmp_path, scanned(pdf(PAY)))
        reading = asyncio.ensure_future(reader.extract(file, PDF, ignore))
        zygote = await zygote_of(reader.scans)
        child = await reader_of(zygote)
        reading.cancel()

        with pytest.raises(asyncio.CancelledError):
            await reading
        await eventually(lambda: not psutil.pid_exists(child.pid))
        assert (await reader.extract(await small_in(tmp_path), PLAIN_TEXT, ignore)).text == "Small."


class TestWithoutRecognition:
    def test_off_is_off(self) -> None:
        assert isinstance(open_extractor(recognises=False, pages_max=3), SandboxedExtractor)

    async def test_the_message_says_what_to_install(self, tmp_path: Path) -> None:
        extractor = open_extractor(recognises=False, pages_max=3)
        try:
            with pytest.raises(ExtractionFailed) as caught:
                await extractor.extract(await stored(tmp_path, pdf([])), PDF, ignore)
        finally:
            await extractor.aclose()

        assert caught.value.code == "NO_TEXT"
        assert 'the extra "ocr" (OCR=auto)' in caught.value.message
