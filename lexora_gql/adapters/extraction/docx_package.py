"""The parts of a DOCX, by their relationships."""

import posixpath
import re
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.office_package import Kind, Package

KIND = "DOCX"
DOCX = Kind(KIND, "Word", ".doc", re.compile(r"(?:^|/)word/document\d*\.xml$", re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class DocxParts:
    """The XML that a document's text is made of; what is missing is None.

    Attributes:
        margins: Headers and footers, by the identity of their relationship.
    """

    document: etree._Element
    styles: etree._Element | None
    numbering: etree._Element | None
    settings: etree._Element | None
    footnotes: etree._Element | None
    endnotes: etree._Element | None
    margins: dict[str, etree._Element]
    title: str | None


def open_docx(source: BinaryIO) -> DocxParts:
    """Return a document's parts, found by their relationships, as both editions of the standard name them.

    A part beside the text that is damaged counts as missing.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT or TOO_LARGE_TO_PARSE.
    """
    package = Package.open(source, DOCX)
    document = package.part(package.main)
    if document is None:
        raise failures.corrupt(KIND)
    folder = posixpath.dirname(package.main)
    related: dict[str, str] = {}
    margins: dict[str, etree._Element] = {}
    for relation in package.relations(package.main):
        if relation.kind not in {"header", "footer"}:
            related.setdefault(relation.kind, relation.target)
        elif (margin := package.part(relation.target)) is not None:
            margins[relation.identity] = margin

    def beside(kind: str) -> etree._Element | None:
        return package.part(related.get(kind, f"{folder}/{kind}.xml"))

    return DocxParts(
        document=document,
        styles=beside("styles"),
        numbering=beside("numbering"),
        settings=beside("settings"),
        footnotes=beside("footnotes"),
        endnotes=beside("endnotes"),
        margins=margins,
        title=package.title(),
    )
