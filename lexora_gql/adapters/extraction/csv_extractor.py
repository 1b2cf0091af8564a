"""CSV: each row as a paragraph that names its columns, so that a row makes sense wherever it is read."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import BinaryIO, Literal

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import clean_text, has_text
from lexora_gql.adapters.extraction.limits import BLOCKS_MAX, CHARACTERS_MAX
from lexora_gql.adapters.extraction.plain_text_extractor import read_decoded
from lexora_gql.ports.text_extractor import ExtractedText, Span

KIND = "CSV file"
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARACTERS = 65_536
SAMPLE_ROWS = 50
# Between quotes there is hardly ever as much: a quote that nobody closes has swallowed the rows behind it.
CELL_CHARACTERS_MAX = 100_000
NAME_CHARACTERS_MAX = 100
ROWS_A_REPORT = 1_000
Progress = Callable[[int, int | None], None]
# Quotes hold cells, or are characters as any other: csv.QUOTE_MINIMAL and csv.QUOTE_NONE.
Quoting = Literal[0, 3]


def read_csv(source: BinaryIO, progress: Progress) -> Iterator[ExtractedText]:
    """Yield the rows, such as "Name: Ada; Born: 1815", an empty line between them; empty cells are left out.

    The first row names the columns where it has a text for each, no two alike and none a number; else cells stand by
    themselves. A row is not cut where it fits into a passage.

    Raises:
        ExtractionFailed: CORRUPT, NO_TEXT or TOO_LARGE_TO_PARSE.
    """
    written = clean_text(read_decoded(source, KIND))
    if not has_text(written):
        raise failures.blank(KIND)
    # Quotes are most often what they seem; where they are not, each line is a row.
    yield _read(written, progress, csv.QUOTE_MINIMAL) or _read(written, progress, csv.QUOTE_NONE) or _whole(written)


def _read(written: str, progress: Progress, quoting: Quoting) -> ExtractedText | None:
    """Return the text of all rows, None where they cannot be told apart in this way."""
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    told, text = _told_delimiter(written)
    delimiter = told or _likeliest_delimiter(text, quoting)
    lines = io.StringIO(text, newline="")
    rows = (row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting) if any(row))
    try:
        first = list(islice(rows, 2))
        names = _names(first[0]) if len(first) > 1 else None
        return _assembled(chain(first[1:] if names else first, rows), names or [], progress)
    except csv.Error:
        return None


def _assembled(rows: Iterator[list[str]], names: list[str], progress: Progress) -> ExtractedText:
    pieces: list[str] = []
    spans: list[Span] = []
    end = 0
    for count, row in enumerate(rows, 1):
        if text := _row(row, names):
            start = end + (2 if pieces else 0)
            end = start + len(text)
            if end > CHARACTERS_MAX:
                raise failures.too_much_text()
            pieces.append(text)
            if len(spans) < BLOCKS_MAX:
                spans.append(Span(start, end))
        if count % ROWS_A_REPORT == 0:
            progress(count, None)
    found = "\n\n".join(pieces)
    if not has_text(found):
        raise failures.blank(KIND)
    return ExtractedText(text=found, blocks=tuple(spans))


def _row(row: list[str], names: list[str]) -> str:
    """Return a row's cells, each behind the name of its column."""
    cells = []
    for column, written in enumerate(row):
        if cell := " ".join(written.split()):
            name = names[column] if column < len(names) else ""
            cells.append(f"{name}: {cell}" if name else cell)
    return "; ".join(cells)


def _names(row: list[str]) -> list[str] | None:
    names = [" ".join(cell.split())[:NAME_CHARACTERS_MAX] for cell in row]
    are_names = all(names) and len({name.casefold() for name in names}) == len(names) > 1
    return names if are_names and not any(_is_number(name) for name in names) else None


def _is_number(text: str) -> bool:
    return any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def _told_delimiter(text: str) -> tuple[str | None, str]:
    """Return what the first line says in the way of spreadsheets ("sep=;"), and the rest."""
    line, _, rest = text.partition("\n")
    is_told = line.startswith("sep=") and len(line) == len("sep=") + 1
    return (line[-1], rest) if is_told and line[-1] not in '"\r' else (None, text)


def _likeliest_delimiter(text: str, quoting: Quoting) -> str:
    """Return what parts most rows into as many cells, more than one."""
    lines = text[:SAMPLE_CHARACTERS].splitlines(keepends=True)

    def regularity(delimiter: str) -> tuple[float, int]:
        try:
            rows = [row for row in islice(csv.reader(lines, delimiter=delimiter, quoting=quoting), SAMPLE_ROWS) if row]
        except csv.Error:
            return 0.0, 0
        widths = Counter(map(len, rows))
        [(width, count)] = widths.most_common(1) or [(1, 0)]
        return (count / len(rows), width) if width > 1 else (0.0, 0)

    return max(DELIMITERS, key=regularity)


def _whole(written: str) -> ExtractedText:
    """Return what has cells that no table has, as it stands."""
    return ExtractedText(text=written.strip())
