"""What a paragraph of a DOCX says: its runs, through fields, links, tracked changes and equations."""

from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.docx_equations import linear
from lexora_gql.adapters.extraction.docx_styles import Styles
from lexora_gql.adapters.extraction.docx_symbols import symbol
from lexora_gql.adapters.extraction.office_xml import child, local_name, value

_SILENT = {
    "pPr", "rPr", "sdtPr", "sdtEndPr", "del", "moveFrom", "delText", "delInstrText", "rt", "rubyPr", "ctrlPr",
    "annotationRef", "ffData",
}  # fmt: skip
_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}
# The number of the page it happens to be printed on says nothing.
_PAGE_FIELDS = {"PAGE", "NUMPAGES", "SECTIONPAGES"}
SOFT_HYPHEN = "\u00ad"
Notes = dict[tuple[str, str | None], etree._Element]  # noqa: SLF001  # lxml has no public name for its elements


@dataclass(slots=True)
class Field:
    """A field that is being read.

    Attributes:
        instruction: What Word computes, such as PAGE.
        is_result: Whether what follows is what Word has computed.
    """

    instruction: str = ""
    is_result: bool = False


@dataclass(slots=True)
class Runs:
    """Reads one paragraph.

    Attributes:
        styles: Of the document.
        notes: Elements of foot and end notes, by kind and identity; taken out when they are referred to.
        paragraph: The paragraph's properties.
        pieces: What it says.
        beside: Text boxes and notes that hang on it, in order.
        has_page_numbers: Whether page numbers were left out.
    """

    styles: Styles
    notes: Notes
    paragraph: etree._Element | None
    pieces: list[str] = field(default_factory=list)
    beside: list[etree._Element] = field(default_factory=list)
    has_page_numbers: bool = False
    _fields: list[Field] = field(default_factory=list)

    def read(self, element: etree._Element) -> None:
        """Take in what stands below an element."""
        for below in element:
            name = local_name(below)
            if name == "t":
                self._say((below.text or "").replace(SOFT_HYPHEN, ""))
            elif name in _SIGNS:
                self._say(_SIGNS[name])
            elif name == "r":
                if not self.styles.hides(self.paragraph, child(below, "rPr")):
                    self.read(below)
            elif name == "sym":
                self._say(symbol(value(below, "char"), value(below, "font")))
            elif name == "fldChar":
                self._mark_field(value(below, "fldCharType"))
            elif name == "instrText":
                if self._fields:
                    self._fields[-1].instruction += below.text or ""
            elif name == "fldSimple":
                self._read_field(below)
            elif name == "oMath":
                self._say(f" {linear(below)} ")
            else:
                self._read_beside(name, below)

    def _read_beside(self, name: str, element: etree._Element) -> None:
        if name in _NOTES:
            note = self.notes.pop((_NOTES[name], value(element, "id")), None)
            self.beside.extend([] if note is None else [note])
        elif name == "txbxContent":
            self.beside.append(element)
        elif name == "AlternateContent":
            if (chosen := chosen_of(element)) is not None:
                self.read(chosen)
        elif name and name not in _SILENT:
            self.read(element)

    def _say(self, text: str) -> None:
        if any(_is_page_number(field) for field in self._fields if field.is_result):
            self.has_page_numbers = True
        elif all(field.is_result for field in self._fields):
            self.pieces.append(text)

    def _mark_field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].is_result = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _read_field(self, element: etree._Element) -> None:
        self._fields.append(Field(value(element, "instr") or "", is_result=True))
        self.read(element)
        self._fields.pop()


def chosen_of(alternatives: etree._Element) -> etree._Element | None:
    """Return one of several renderings of the same thing: the newer, or else the one for old programs."""
    choice = child(alternatives, "Choice")
    return choice if choice is not None else child(alternatives, "Fallback")


def _is_page_number(field: Field) -> bool:
    words = field.instruction.split(maxsplit=1)
    return bool(words) and words[0].upper() in _PAGE_FIELDS
