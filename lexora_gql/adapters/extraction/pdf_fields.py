"""What people have filled into a PDF's form, or written over its pages: it stands beside the page's own text.

The values are read rather than the way they are drawn: many programs leave the drawing to whoever shows the file.
"""

import contextlib
import ctypes
from collections.abc import Callable
from dataclasses import dataclass, replace

import pypdfium2
from pypdfium2 import raw

from lexora_gql.adapters.extraction.cleaning import strip_control_characters
from lexora_gql.adapters.extraction.pdf_lines import Line

ANNOTATIONS_MAX = 5_000
VALUE_BYTES_MAX = 400_000
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_WRITTEN = {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
_TICKED = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_PASSWORD = 1 << 13
TICK = "\u2612"
HYPHENATED = "\ufffe"


@dataclass(frozen=True, slots=True)
class Value:
    """What is filled in, and the lower left and the upper edge of its place, in points."""

    text: str
    x: float
    bottom: float
    top: float


def prepare(document: pypdfium2.PdfDocument) -> None:
    """Have pdfium know of the form, where there is one; before the first page is opened."""
    with contextlib.suppress(pypdfium2.PdfiumError):
        document.init_forms()


def values(document: pypdfium2.PdfDocument, page: raw.FPDF_PAGE) -> list[Value]:
    """Return what is filled in on a page, from above."""
    form = document.formenv.raw if document.formenv is not None else None
    found: list[Value] = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), ANNOTATIONS_MAX)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            text = "" if raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN else _text(form, annotation)
            box = raw.FS_RECTF()
            if text and raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box)):
                low, high = sorted((box.bottom, box.top))
                found.append(Value(text, min(box.left, box.right), low, high))
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return sorted(found, key=lambda value: (-value.top, value.x))


def beside(lines: tuple[Line, ...], filled: list[Value]) -> tuple[Line, ...]:
    """Return a page's lines with what is filled in behind the line that it stands beside, or the nearest above."""
    behind: dict[int, list[Value]] = {}
    for value in filled:
        behind.setdefault(_place(lines, value), []).append(value)
    merged = [_line(value) for value in behind.get(-1, ())]
    for place, line in enumerate(lines):
        merged.append(line)
        for value in sorted(behind.get(place, ()), key=lambda value: value.x):
            if _is_in_row(line, value) and not merged[-1].text.endswith(HYPHENATED):
                merged[-1] = replace(merged[-1], text=f"{merged[-1].text} {value.text}")
            else:
                merged.append(_line(value))
    return tuple(merged)


def _text(form: raw.FPDF_FORMHANDLE | None, annotation: raw.FPDF_ANNOTATION) -> str:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind == raw.FPDF_ANNOT_FREETEXT:
        return _entry(annotation, b"Contents")
    if kind != raw.FPDF_ANNOT_WIDGET:
        return ""
    if form is None:
        # Pages that were taken out of a form: what is written in their fields still stands there.
        return _entry(annotation, b"V") if _entry(annotation, b"FT") in {"Tx", "Ch"} else ""
    field = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if field in _TICKED:
        return "" if _entry(annotation, b"AS") in {"", "Off"} else TICK
    if field not in _WRITTEN or raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD:
        return ""
    return _told(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))


def _entry(annotation: raw.FPDF_ANNOTATION, key: bytes) -> str:
    return _told(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _told(ask: Callable[[object, int], int]) -> str:
    """Return what pdfium says, in paragraphs as it was written but without empty lines."""
    size = ask(None, 0)
    if not 2 < size <= VALUE_BYTES_MAX:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    text = ctypes.string_at(buffer, size).decode("utf-16-le", "ignore")
    return "\n".join(filter(None, map(_one_line, text.splitlines())))


def _one_line(text: str) -> str:
    return " ".join(strip_control_characters(text).split())


def _line(value: Value) -> Line:
    return Line(value.text, value.x, value.bottom)


def _is_in_row(line: Line, value: Value) -> bool:
    return value.bottom <= line.y < value.top and line.x <= value.x


def _place(lines: tuple[Line, ...], value: Value) -> int:
    """Return the place of the line to put a value behind; -1 before all others."""
    in_row = [place for place, line in enumerate(lines) if _is_in_row(line, value)]
    if in_row:
        return max(in_row, key=lambda place: lines[place].x)
    above = [place for place, line in enumerate(lines) if line.y >= value.bottom]
    return min(above, key=lambda place: lines[place].y - value.bottom + abs(lines[place].x - value.x) / 2, default=-1)
