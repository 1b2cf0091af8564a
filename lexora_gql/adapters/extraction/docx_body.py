"""Walking a DOCX in reading order: paragraphs, headings, lists, tables, text boxes and notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.cleaning import clean_text, one_line
from lexora_gql.adapters.extraction.docx_numbering import Numbering
from lexora_gql.adapters.extraction.docx_runs import Notes, Runs, chosen_of
from lexora_gql.adapters.extraction.docx_styles import Styles
from lexora_gql.adapters.extraction.docx_tables import TRANSPARENT, Cell, flat, markdown, rows_of
from lexora_gql.adapters.extraction.office_xml import child, local_name

# Text of another format, or in another file, that Word fetches when it opens the document.
_ELSEWHERE = {"altChunk", "subDoc"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph as it reads, its list label in front."""

    text: str
    level: int | None = None
    is_title: bool = False
    is_item: bool = False
    has_page_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table as Markdown."""

    text: str


Block = Paragraph | Table


@dataclass(slots=True)
class DocxBody:
    """Turns elements into blocks.

    Attributes:
        styles: Of the document.
        numbering: Of the document; counts as the walk goes on.
        notes: Elements of foot and end notes, by kind and identity.
        elsewhere: How many parts were met whose text stands elsewhere.
    """

    styles: Styles
    numbering: Numbering
    notes: Notes = field(default_factory=dict)
    elsewhere: int = 0
    _carried: Runs | None = None

    def blocks(self, container: etree._Element) -> Iterator[Block]:
        """Yield what stands in a body, a cell, a text box or a note."""
        for element in container:
            name = local_name(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
            elif name == "AlternateContent":
                if (chosen := chosen_of(element)) is not None:
                    yield from self.blocks(chosen)
            elif name in _ELSEWHERE:
                self.elsewhere += 1
            elif name in TRANSPARENT:
                yield from self.blocks(element)

    def _paragraph(self, element: etree._Element) -> Iterator[Block]:
        properties = child(element, "pPr")
        runs = Runs(self.styles, self.notes, properties)
        if self._carried is not None:
            runs.pieces, runs.beside, self._carried = self._carried.pieces, self._carried.beside, None
        runs.read(element)
        if child(properties, "rPr", "del") is not None and _goes_on(element):
            # The mark at its end was deleted: it goes on with the next paragraph, and takes that one's style.
            self._carried = runs
            return
        self.elsewhere += sum(1 for below in element if local_name(below) in _ELSEWHERE)
        text = clean_text("".join(runs.pieces)).strip()
        if text:
            yield self._styled(text, properties, has_page_numbers=runs.has_page_numbers)
        # A text box or a note is read after the paragraph that it hangs on.
        for container in runs.beside:
            yield from self.blocks(container)

    def _styled(self, text: str, properties: etree._Element | None, *, has_page_numbers: bool) -> Paragraph:
        number, place = self.styles.numbering(properties)
        label = self.numbering.label(number, place) if number is not None else ""
        level = self.styles.heading_level(properties)
        if level is not None:
            title = one_line(f"{label} {text}" if label not in {"", "-"} else text)
            return Paragraph(title, level, self.styles.is_title(properties))
        if not label:
            return Paragraph(text, has_page_numbers=has_page_numbers)
        return Paragraph(f"{'  ' * place}{label} {text}", is_item=True)

    def _table(self, element: etree._Element) -> Iterator[Block]:
        rows = rows_of(element)
        width = max((sum(cell.span for cell in row) for row in rows), default=0)
        if width <= 1:
            # A single column is a frame around text, not a table.
            for row in rows:
                for cell in row:
                    if cell.element is not None:
                        yield from self.blocks(cell.element)
            return
        texts = [texts for row in rows if any(texts := self._row(row, width))]
        if texts:
            yield Table(markdown(texts))

    def _row(self, row: list[Cell], width: int) -> list[str]:
        texts: list[str] = []
        for cell in row:
            texts.append("" if cell.element is None or cell.is_continued else self._cell(cell.element))
            texts.extend([""] * (cell.span - 1))
        return texts + [""] * (width - len(texts))

    def _cell(self, cell: etree._Element) -> str:
        """Return a cell on one line; of a table within, the words remain."""
        parts = [
            flat(block.text) if isinstance(block, Table) else block.text.replace("|", "\\|")
            for block in self.blocks(cell)
        ]
        return " ".join(" ".join(parts).split())


def _goes_on(paragraph: etree._Element) -> bool:
    following = paragraph.getnext()
    return following is not None and local_name(following) == "p"
