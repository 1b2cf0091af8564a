"""Walking a DOCX in reading order: paragraphs, headings, lists, tables, text boxes and notes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.cleaning import clean_text, one_line
from lexora_gql.adapters.extraction.docx_numbering import Numbering
from lexora_gql.adapters.extraction.docx_styles import Styles, child, local_name, value, whole_number

SPAN_MAX = 63
_TRANSPARENT = {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body", "docPartBody"}
_SILENT = {
    "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr", "sdtPr", "sdtEndPr", "tblGrid",
    "del", "moveFrom", "delText", "instrText", "delInstrText", "rt", "ctrlPr",
}  # fmt: skip
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph as it reads, its list label in front."""

    text: str
    level: int | None = None
    is_title: bool = False
    is_item: bool = False


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
    """

    styles: Styles
    numbering: Numbering
    notes: dict[tuple[str, str | None], etree._Element] = field(default_factory=dict)

    def blocks(self, container: etree._Element) -> Iterator[Block]:
        """Yield what stands in a body, a cell, a text box or a note."""
        for element in container:
            name = local_name(element)
            if name == "p":
                yield from self._paragraph(element)
            elif name == "tbl":
                yield from self._table(element)
            elif name == "AlternateContent":
                if (chosen := _chosen(element)) is not None:
                    yield from self.blocks(chosen)
            elif name in _TRANSPARENT:
                yield from self.blocks(element)

    def _paragraph(self, element: etree._Element) -> Iterator[Block]:
        pieces: list[str] = []
        beside: list[etree._Element] = []
        self._inline(element, pieces, beside)
        text = clean_text("".join(pieces)).strip()
        properties = child(element, "pPr")
        if text:
            yield self._styled(text, properties)
        # A text box or a note is read after the paragraph that it hangs on.
        for container in beside:
            yield from self.blocks(container)

    def _styled(self, text: str, properties: etree._Element | None) -> Paragraph:
        number, place = self.styles.numbering(properties)
        label = self.numbering.label(number, place) if number is not None else ""
        level = self.styles.heading_level(properties)
        if level is not None:
            title = one_line(f"{label} {text}" if label not in {"", "-"} else text)
            return Paragraph(title, level, self.styles.is_title(properties))
        if not label:
            return Paragraph(text)
        return Paragraph(f"{'  ' * place}{label} {text}", is_item=True)

    def _inline(self, element: etree._Element, pieces: list[str], beside: list[etree._Element]) -> None:
        for below in element:
            name = local_name(below)
            if name == "t":
                pieces.append(below.text or "")
            elif name in _SIGNS:
                pieces.append(_SIGNS[name])
            elif name == "sym":
                pieces.append(_symbol(value(below, "char")))
            elif name in _NOTES:
                note = self.notes.pop((_NOTES[name], value(below, "id")), None)
                beside.extend([] if note is None else [note])
            elif name == "txbxContent":
                beside.append(below)
            elif name == "AlternateContent":
                if (chosen := _chosen(below)) is not None:
                    self._inline(chosen, pieces, beside)
            elif name and name not in _SILENT:
                self._inline(below, pieces, beside)

    def _table(self, element: etree._Element) -> Iterator[Block]:
        rows = [list(_cells(row)) for row in _named(element, "tr")]
        width = max((sum(span for _, span, _ in row) for row in rows), default=0)
        if width <= 1:
            # A single column is a frame around text, not a table.
            for row in rows:
                for cell, _, _ in row:
                    yield from self.blocks(cell)
            return
        texts = [texts for row in rows if any(texts := self._row(row, width))]
        if texts:
            head, *others = ("| " + " | ".join(row) + " |" for row in texts)
            yield Table("\n".join([head, "|" + " --- |" * width, *others]))

    def _row(self, row: list[tuple[etree._Element, int, bool]], width: int) -> list[str]:
        texts: list[str] = []
        for cell, span, is_continued in row:
            texts.append("" if is_continued else self._cell(cell))
            texts.extend([""] * (span - 1))
        return texts + [""] * (width - len(texts))

    def _cell(self, cell: etree._Element) -> str:
        """Return a cell on one line; of a table within, the words remain."""
        parts = [
            _flat(block.text) if isinstance(block, Table) else block.text.replace("|", "\\|")
            for block in self.blocks(cell)
        ]
        return " ".join(" ".join(parts).split())


def _flat(table: str) -> str:
    head, _, *others = table.split("\n")
    rows = (", ".join(cell.strip() for cell in row.strip("| ").split(" | ") if cell.strip()) for row in [head, *others])
    return "; ".join(row for row in rows if row)


def _cells(row: etree._Element) -> Iterator[tuple[etree._Element, int, bool]]:
    """Yield each cell with the columns that it spans, and whether it only goes on with the one above."""
    for cell in _named(row, "tc"):
        properties = child(cell, "tcPr")
        merged = child(properties, "vMerge")
        span = whole_number(value(child(properties, "gridSpan"))) or 1
        yield cell, min(span, SPAN_MAX), merged is not None and value(merged) != "restart"


def _named(container: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, through what may stand around them."""
    for element in container:
        name = local_name(element)
        if name == wanted:
            yield element
        elif name in _TRANSPARENT:
            yield from _named(element, wanted)


def _chosen(alternatives: etree._Element) -> etree._Element | None:
    """Return one of several renderings of the same thing: the newer, or else the one for old programs."""
    choice = child(alternatives, "Choice")
    return choice if choice is not None else child(alternatives, "Fallback")


def _symbol(code: str | None) -> str:
    """Return a character of a symbol font; those of a font's private area mean nothing without the font."""
    try:
        point = int(code or "", 16)
    except ValueError:
        return ""
    is_readable = 0x20 <= point < 0xD800 or 0xF900 <= point <= 0xFFFD
    return chr(point) if is_readable else ""
