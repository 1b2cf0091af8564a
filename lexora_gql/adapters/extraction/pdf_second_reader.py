"""Text and structure of a PDF by pypdf, which reads some files that pdfium gives up; slower by far."""

import io
from collections.abc import Iterator

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError
from pypdf.generic import Destination

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.pdf_structure import DEPTH_MAX, ENTRIES_MAX, Entry, Structure, structure_of
from lexora_gql.ports.text_extractor import ExtractionFailed


def open_second(data: bytes) -> PdfReader:
    """Return a reader that knows how many pages there are.

    Raises:
        ExtractionFailed: ENCRYPTED or CORRUPT.
    """
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        len(reader.pages)
    except (ExtractionFailed, MemoryError):
        raise
    except FileNotDecryptedError:
        raise failures.encrypted("PDF") from None
    except Exception:  # noqa: BLE001  # pypdf raises whatever a damaged file leads it to
        raise failures.corrupt("PDF") from None
    return reader


def read_second(reader: PdfReader, index: int) -> str | None:
    """Return a page's text; None when it cannot be read.

    Raises:
        ExtractionFailed: ENCRYPTED.
    """
    try:
        return reader.pages[index].extract_text()
    except MemoryError:
        raise
    except FileNotDecryptedError:
        raise failures.encrypted("PDF") from None
    except Exception:  # noqa: BLE001  # pypdf raises whatever a damaged page leads it to
        return None


def read_structure_second(reader: PdfReader) -> Structure:
    """Return what the file says about itself. May raise anything: what is read is not to be trusted."""
    return structure_of(
        title=str((reader.metadata.title if reader.metadata else None) or ""),
        language=str(reader.root_object.get("/Lang", "")),
        labels=reader.page_labels if "/PageLabels" in reader.root_object else (),
        entries=_entries(reader),
    )


def _entries(reader: PdfReader) -> Iterator[Entry]:
    # pypdf's own way from a destination to a page number walks all pages each time.
    numbers = {
        reference.idnum: number
        for number, page in enumerate(reader.pages)
        if (reference := page.indirect_reference) is not None
    }
    remaining: list[tuple[int, Iterator[object]]] = [(1, iter(reader.outline))]
    count = 0
    while remaining and count < ENTRIES_MAX:
        level, entries = remaining[-1]
        entry = next(entries, None)
        if entry is None:
            remaining.pop()
        elif isinstance(entry, list):
            remaining.append((min(level + 1, DEPTH_MAX), iter(entry)))
        elif isinstance(entry, Destination):
            count += 1
            number = numbers.get(getattr(entry.page, "idnum", -1))
            if number is not None:
                yield Entry(level, str(entry.title or ""), number)
