"""What every TextExtractor does, the sandboxed one and its twin."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, PageSpan, TextExtractor

PLAIN_TEXT = "text/plain"


def ignore(_done: int, _total: int | None) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module", params=[SandboxedExtractor, OfflineTextExtractor])
async def extractor(request: pytest.FixtureRequest) -> AsyncIterator[TextExtractor]:
    make: Callable[[], TextExtractor] = request.param
    made = make()
    yield made
    await made.aclose()


class TestTextExtractor:
    async def test_returns_the_text(self, extractor: TextExtractor, tmp_path: Path) -> None:
        file = tmp_path / "pay.txt"
        file.write_text("Rechnungen werden bezahlt.\n\n発票", "utf-8")

        found = await extractor.extract(file, PLAIN_TEXT, ignore)

        # The twin knows no languages.
        assert replace(found, language=None) == ExtractedText("Rechnungen werden bezahlt.\n\n発票")
        assert found.language == ("de" if isinstance(extractor, SandboxedExtractor) else None)

    async def test_form_feeds_end_pages(self, extractor: TextExtractor, tmp_path: Path) -> None:
        file = tmp_path / "pages.txt"
        file.write_text("One.\fTwo.")

        found = await extractor.extract(file, PLAIN_TEXT, ignore)

        assert found.text == "One.\n\nTwo."
        assert found.pages == (PageSpan(1, 0, 6), PageSpan(2, 6, 10))
        assert found.page_count == 2

    async def test_a_blank_file_has_no_text(self, extractor: TextExtractor, tmp_path: Path) -> None:
        file = tmp_path / "blank.txt"
        file.write_text(" \n\f\n")

        with pytest.raises(ExtractionFailed) as failure:
            await extractor.extract(file, PLAIN_TEXT, ignore)

        assert (failure.value.code, failure.value.is_retryable) == ("NO_TEXT", False)

    async def test_a_file_that_is_not_there_is_no_failure_of_the_file(
        self, extractor: TextExtractor, tmp_path: Path
    ) -> None:
        with pytest.raises(FileNotFoundError):
            await extractor.extract(tmp_path / "gone.txt", PLAIN_TEXT, ignore)
