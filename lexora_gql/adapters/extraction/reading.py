"""Inside the child: from a file's type to its reader, and from what it finds to frames."""

import importlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import BinaryIO

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.csv_extractor import read_csv
from lexora_gql.adapters.extraction.docx_extractor import read_docx
from lexora_gql.adapters.extraction.frames import (
    FRAME_BYTES_MAX,
    PICTURE,
    PROGRESS,
    WORDS,
    Write,
    pack,
    pack_json,
    write_failure,
    write_rows,
    write_text,
    write_version,
)
from lexora_gql.adapters.extraction.html_extractor import read_html
from lexora_gql.adapters.extraction.languages import language_of
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX, Limits, confine
from lexora_gql.adapters.extraction.markdown_extractor import read_markdown
from lexora_gql.adapters.extraction.page_recognition import recognise_page
from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.adapters.extraction.pdf_picture import draw_page
from lexora_gql.adapters.extraction.pdf_words import read_words
from lexora_gql.adapters.extraction.plain_text_extractor import read_plain_text
from lexora_gql.adapters.extraction.pptx_extractor import read_pptx
from lexora_gql.ports.page_reader import Mark
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed

PROGRESS_SECONDS = 0.1
Progress = Callable[[int, int | None], None]
# A reader yields what it knows, and may yield again when it knows more about the same text: should it then be stopped,
# what it yielded before stands.
Reader = Callable[[BinaryIO, Progress], Iterator[ExtractedText]]

PDF = "application/pdf"
# Asked for by who has pages without text recognised: they come as U+FFFD.
PDF_WITH_SCANS = f"{PDF}; scans"
_PAGE_OF_PDF = f"{PDF}; page="
# Asked for by who wants to know where words stand.
_WORDS_OF_PDF = f"{PDF}; words="
# Asked for by who shows a page: its number, and the edges of what is marked on it.
_PICTURE_OF_PDF = f"{PDF}; picture="
READERS: dict[str, Reader] = {
    PDF: read_pdf,
    PDF_WITH_SCANS: partial(read_pdf, keeps_scans=True),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": read_docx,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": read_pptx,
    "text/markdown": read_markdown,
    "text/plain": read_plain_text,
    "text/csv": read_csv,
    "text/html": read_html,
}
# Modules that the readers import only when they first need them; imported once here, every child has them.
LATE_MODULES = (
    "encodings.iso2022_jp_ext",
    "encodings.utf_16",
    "encodings.utf_32",
    "pypdf.generic",
)


def preload(modules: Sequence[str]) -> None:
    """Import what readers import late, and further modules."""
    # Not the tables of chardet, which it loads with its first guess, in an eighth of a second: they would double what
    # each fork takes, and few texts need guessing.
    for name in (*LATE_MODULES, *modules):
        importlib.import_module(name)


def page_of(number: int) -> str:
    """Return what asks for a page of a PDF to be recognised, the first being 1."""
    return f"{_PAGE_OF_PDF}{number}"


def words_of(pages: Sequence[int]) -> str:
    """Return what asks for the words of a PDF's pages, and where they stand."""
    return f"{_WORDS_OF_PDF}{','.join(map(str, pages))}"


def picture_of(page: int, marks: Sequence[Mark]) -> str:
    """Return what asks for a picture of a PDF's page."""
    edges = (f"{edge:.1f}" for mark in marks for edge in mark)
    return f"{_PICTURE_OF_PDF}{','.join((str(page), *edges))}"


def _reader_of(media_type: str) -> Reader:
    if media_type.startswith(_PAGE_OF_PDF):
        return partial(recognise_page, number=int(media_type.removeprefix(_PAGE_OF_PDF)))
    if (reader := READERS.get(media_type)) is None:
        raise failures.unknown_type(media_type)
    return reader


def read_in_child(file: int, pipe: int, media_type: str, limits: Limits) -> None:
    """Read a file and tell the server of it; never returns.

    Args:
        file: Descriptor of the file, open for reading.
        pipe: Descriptor to write frames to.
        media_type: Decides the reader.
        limits: What this process may use.
    """
    _keep_only(file, pipe)
    confine(limits)
    os.chdir("/")
    with os.fdopen(file, "rb") as source, os.fdopen(pipe, "wb", buffering=65_536) as sink:

        def write(frame: bytes) -> None:
            sink.write(frame)

        try:
            if media_type.startswith(_WORDS_OF_PDF):
                _read_words(source, write, media_type)
            elif media_type.startswith(_PICTURE_OF_PDF):
                _draw(source, write, media_type)
            else:
                _read(source, write, sink.flush, media_type)
        except ExtractionFailed as failure:
            write_failure(write, failure)
        except MemoryError:
            write_failure(write, failures.out_of_memory(limits))
        sink.flush()
    os._exit(0)


def _read(source: BinaryIO, write: Write, flush: Callable[[], None], media_type: str) -> None:
    reader = _reader_of(media_type)
    told = time.monotonic()

    def progress(done: int, total: int | None) -> None:
        nonlocal told
        if (now := time.monotonic()) - told >= PROGRESS_SECONDS or done == total:
            told = now
            write(pack_json(PROGRESS, [done, total]))
            flush()

    is_text_sent = False
    for found in reader(source, progress):
        if not is_text_sent:
            if len(found.text) > CHARACTERS_MAX:
                raise failures.too_much_text()
            write_text(write, found.text)
            is_text_sent = True
        write_version(write, replace(found, language=language_of(found.text, found.language)))
        flush()


def _read_words(source: BinaryIO, write: Write, wanted: str) -> None:
    words = read_words(source, [int(number) for number in wanted.removeprefix(_WORDS_OF_PDF).split(",")])
    rows = ([page, word.text, word.bottom, word.top, list(chain(*word.sides))] for page, word in words)
    write_rows(write, WORDS, rows)


def _draw(source: BinaryIO, write: Write, wanted: str) -> None:
    page, *edges = wanted.removeprefix(_PICTURE_OF_PDF).split(",")
    sides = [float(edge) for edge in edges]
    marks = list(zip(sides[::4], sides[1::4], sides[2::4], sides[3::4], strict=True))
    picture = draw_page(source, int(page), marks)
    for start in range(0, len(picture), FRAME_BYTES_MAX):
        write(pack(PICTURE, picture[start : start + FRAME_BYTES_MAX]))


def _keep_only(*descriptors: int) -> None:
    """Close every descriptor but these; standard input, output and error lead nowhere."""
    low = 3
    for descriptor in sorted(descriptors):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))
