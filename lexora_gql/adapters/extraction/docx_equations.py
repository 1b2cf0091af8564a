"""Equations of a DOCX on one line, as people type them: (a+b)/2, x^2, √(y)."""

from collections.abc import Callable, Iterable

from lxml import etree

from lexora_gql.adapters.extraction.office_xml import child, local_name, value

_SILENT = {"rPr", "ctrlPr", "del", "moveFrom", "instrText"}
_OPENING, _CLOSING = "(", ")"
_BOUNDS = (("_", "sub"), ("^", "sup"))


def linear(element: etree._Element) -> str:
    """Return what an element of an equation says."""
    name = local_name(element)
    if name in _FORMS:
        return _FORMS[name](element)
    return "" if name in _SILENT or name.endswith("Pr") else _joined(element)


def _joined(elements: Iterable[etree._Element]) -> str:
    return "".join(map(linear, elements))


def _said(element: etree._Element) -> str:
    return element.text or ""


def _fraction(element: etree._Element) -> str:
    return f"{_grouped(element, 'num')}/{_grouped(element, 'den')}"


def _script(element: etree._Element) -> str:
    """Return a name with what stands under or over its end."""
    scripts = (f"{sign}{_grouped(element, name)}" for sign, name in _BOUNDS if child(element, name) is not None)
    return f"{_part(element, 'e')}{''.join(scripts)}"


def _root(element: etree._Element) -> str:
    return f"{_part(element, 'deg')}√{_OPENING}{_part(element, 'e')}{_CLOSING}"


def _matrix(element: etree._Element) -> str:
    return "; ".join(linear(row) for row in element if local_name(row) in {"mr", "e"})


def _row(element: etree._Element) -> str:
    return ", ".join(linear(cell) for cell in element if local_name(cell) == "e")


def _part(element: etree._Element, name: str) -> str:
    found = child(element, name)
    return "" if found is None else _joined(found)


def _grouped(element: etree._Element, name: str) -> str:
    """Return a part, in brackets unless it is one name or number."""
    part = _part(element, name).strip()
    return part if part.isalnum() else f"{_OPENING}{part}{_CLOSING}"


def _nary(element: etree._Element) -> str:
    """Return a sum, an integral or the like, with its bounds."""
    properties = child(element, "naryPr")
    bounds = (
        f"{sign}{_grouped(element, name)}"
        for sign, name in (("_", "sub"), ("^", "sup"))
        if _part(element, name).strip()
    )
    return f"{value(child(properties, 'chr')) or '∫'}{''.join(bounds)} {_part(element, 'e')}"


def _delimited(element: etree._Element) -> str:
    """Return what stands in brackets, or between other signs; a sign may be left out on purpose."""
    properties = child(element, "dPr")
    opening, between, closing = (value(child(properties, name)) for name in ("begChr", "sepChr", "endChr"))
    parts = (_joined(part) for part in element if local_name(part) == "e")
    inner = ("|" if between is None else between).join(parts)
    return f"{_OPENING if opening is None else opening}{inner}{_CLOSING if closing is None else closing}"


_FORMS: dict[str, Callable[[etree._Element], str]] = {
    "t": _said,
    "f": _fraction,
    "sSup": _script,
    "sSub": _script,
    "sSubSup": _script,
    "rad": _root,
    "nary": _nary,
    "d": _delimited,
    "m": _matrix,
    "eqArr": _matrix,
    "mr": _row,
}
