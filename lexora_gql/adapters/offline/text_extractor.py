"""A TextExtractor without child processes, for tests of what comes after extraction."""

from collections.abc import Callable
from pathlib import Path

from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, PageSpan

PAGE_END = "\f"


class OfflineTextExtractor:
    """Reads UTF-8 in the calling process, whatever the media type; form feeds end pages.

    Attributes:
        read: The paths asked for, in order.
        failures: What to raise instead, by a file's whole text: how tests make documents that fail.
    """

    def __init__(self) -> None:
        self.read: list[Path] = []
        self.failures: dict[str, ExtractionFailed] = {}

    async def extract(
        self, path: Path, media_type: str, on_progress: Callable[[int, int | None], None]
    ) -> ExtractedText:
        """Return the text of a file; see `TextExtractor.extract`."""
        del media_type
        self.read.append(path)
        try:
            # Small files of tests: reading them takes less time than a thread would.
            text = path.read_bytes().decode()  # noqa: ASYNC240  # a test waits for nobody else
        except UnicodeDecodeError:
            raise ExtractionFailed("CORRUPT", "The file is not UTF-8. Save it as UTF-8 and upload that.") from None
        if failure := self.failures.get(text):
            raise failure
        pages = text.split(PAGE_END)
        if not text.replace(PAGE_END, "").strip():
            raise ExtractionFailed("NO_TEXT", "The file holds no text.")
        for done in range(1, len(pages) + 1):
            on_progress(done, len(pages))
        if len(pages) == 1:
            return ExtractedText(text=text)
        return _paged(pages)

    async def prepare(self) -> None:
        """Nothing takes long here."""

    async def aclose(self) -> None:
        """Nothing is held open."""


def _paged(pages: list[str]) -> ExtractedText:
    spans: list[PageSpan] = []
    end = 0
    for number, page in enumerate(pages, 1):
        length = len(page) + (2 if number < len(pages) else 0)
        spans.append(PageSpan(number, end, end + length))
        end += length
    return ExtractedText(text="\n\n".join(pages), pages=tuple(spans), page_count=len(spans))
