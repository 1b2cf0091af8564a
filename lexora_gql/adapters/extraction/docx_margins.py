"""Headers and footers of a DOCX, each once, however many sections repeat them."""

import re
from collections.abc import Iterator

from lxml import etree

from lexora_gql.adapters.extraction.docx_body import Block, DocxBody, Paragraph
from lexora_gql.adapters.extraction.office_xml import local_name, switched, value

_WORD = re.compile(r"[^\W\d_]+")
# What is left of "Page 3 of 12" without its numbers.
_PAGE_WORDS = {
    "page", "of", "pg", "p", "seite", "von", "s", "sur", "de", "página", "pagina", "pág", "di", "van", "strona", "z",
    "sida", "av", "side", "af", "страница", "стр", "из", "页", "第", "共", "頁", "ページ", "페이지", "صفحة", "من",
}  # fmt: skip


class Margins:
    """Headers and footers of one document.

    Args:
        body: The document's body, whose sections name them.
        settings: Says whether even pages have their own.
        parts: The headers and footers, by the identity of their relationship.
    """

    def __init__(self, body: etree._Element, settings: etree._Element | None, parts: dict[str, etree._Element]) -> None:
        even = {"even"} if switched(settings, "evenAndOddHeaders") else set()
        self._parts: dict[str, list[etree._Element]] = {"header": [], "footer": []}
        unread = dict(parts)
        for section in _sections(body) if parts else ():
            printed = {"default", *even, *({"first"} if switched(section, "titlePg") else ())}
            for reference in section:
                kind = local_name(reference).removesuffix("Reference")
                if kind in self._parts and (value(reference, "type") or "default") in printed:
                    part = unread.pop(value(reference, "id") or "", None)
                    self._parts[kind] += [] if part is None else [part]
        self._said: set[str] = set()

    def blocks(self, kind: str, reader: DocxBody) -> Iterator[Block]:
        """Yield what the headers, or the footers, say and no other has said; page numbers and headings are none.

        Args:
            kind: "header" or "footer".
            reader: Turns elements into blocks.
        """
        for part in self._parts[kind]:
            for block in reader.blocks(part):
                if block.text not in self._said and not _is_page_number(block):
                    self._said.add(block.text)
                    yield Paragraph(block.text) if isinstance(block, Paragraph) else block


def _sections(body: etree._Element) -> Iterator[etree._Element]:
    return (element for element in body.iter() if local_name(element) == "sectPr")


def _is_page_number(block: Block) -> bool:
    if not isinstance(block, Paragraph) or not block.has_page_numbers:
        return False
    return {word.lower() for word in _WORD.findall(block.text)} <= _PAGE_WORDS
