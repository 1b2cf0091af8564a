"""The elements of a page in the order in which they are read, as paragraphs, headings, items, tables and code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.docx_tables import markdown
from lexora_gql.adapters.extraction.html_tables import grid_of, is_grid

# Neither seen nor read, or only there to be operated, or the same on every page of a site.
_SKIPPED = {
    "head", "script", "style", "template", "noscript", "svg", "canvas", "iframe", "object", "embed", "audio", "video",
    "select", "datalist", "button", "textarea", "progress", "meter", "nav", "rp", "dialog", "map", "noembed",
    "noframes",
}  # fmt: skip
_SKIPPED_ROLES = {"navigation", "search", "banner", "contentinfo"}
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "input", "ins", "kbd", "label", "mark", "math", "output", "picture", "q", "rb", "rt", "ruby", "s", "samp", "small",
    "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "nobr", "source", "track", "br",
}  # fmt: skip
_HEADING = re.compile(r"h([1-6])")
_UNSEEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
# What leads from a heading to its own address.
_ANCHORS = {"#", "¶", "§", "🔗", "\U0001f517\ufe0e"}
_SPACES = re.compile(r"\s+")
_AROUND_LINE_END = re.compile(" *\n *")
_LINE_END = "\n"
INDENT_MAX = 8
NUMBER = re.compile(r"\s*-?\d{1,9}\s*")


@dataclass(slots=True)
class Flow:
    """Reads one element, without recursion: a page may be nested as deeply as its writer likes."""

    root: etree._Element
    _pieces: list[str] = field(default_factory=list)
    _lists: list[int | None] = field(default_factory=list)
    _marker: str = ""
    _level: int = 0

    def blocks(self) -> Iterator[Block]:
        """Yield what is read, in order; nothing is empty."""
        walker = etree.iterwalk(self.root, events=("start", "end"))
        for event, element in walker:
            name = name_of(element)
            if event == "start":
                if element is not self.root and is_skipped(element, name):
                    walker.skip_subtree()
                    continue
                if name not in _INLINE:
                    yield from self._flushed()
                whole = self._begin(element, name)
                if whole is None:
                    self._add(element.text)
                else:
                    yield from whole
                    walker.skip_subtree()
                continue
            if not is_skipped(element, name):
                if name not in _INLINE:
                    yield from self._flushed()
                self._end(name)
            if element is not self.root:
                self._add(element.tail)
        yield from self._flushed()

    def _begin(self, element: etree._Element, name: str) -> list[Block] | None:
        """Take note of an element; returns the blocks of one that is read as a whole."""
        if name == "br":
            self._pieces.append(_LINE_END)
        elif heading := _HEADING.fullmatch(name):
            self._level = int(heading[1])
        elif name in {"ul", "menu", "ol"}:
            first = element.get("start", "1")
            self._lists.append((int(first) if NUMBER.fullmatch(first) else 1) if name == "ol" else None)
        elif name == "li":
            self._marker = self._next_marker()
        elif name == "pre":
            code = "".join(_texts(element)).strip("\n")
            return [Block(code, Kind.WHOLE)] if code.strip() else []
        elif name == "table" and element is not self.root and is_grid(element):
            rows = grid_of(element, text_of)
            return [Block(markdown(rows), Kind.WHOLE)] if any(any(row) for row in rows) else []
        return None

    def _end(self, name: str) -> None:
        if _HEADING.fullmatch(name):
            self._level = 0
        elif name in {"ul", "menu", "ol"} and self._lists:
            self._lists.pop()
        elif name == "li":
            self._marker = ""

    def _next_marker(self) -> str:
        indent = "  " * min(max(0, len(self._lists) - 1), INDENT_MAX)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _add(self, text: str | None) -> None:
        if text:
            self._pieces.append(_SPACES.sub(" ", text))

    def _flushed(self) -> Iterator[Block]:
        """Yield what has come since the last block, if anything."""
        text = re.sub(" +", " ", _AROUND_LINE_END.sub("\n", "".join(self._pieces))).strip()
        self._pieces.clear()
        if not text:
            return
        if self._level:
            yield Block(_SPACES.sub(" ", text), Kind.HEADING, self._level)
        elif self._marker:
            # What else stands in the same item goes on without a mark.
            marker, self._marker = self._marker, ""
            yield Block(marker + text.replace("\n", "\n" + " " * len(marker)), Kind.ITEM)
        else:
            yield Block(text)


def text_of(element: etree._Element) -> str:
    """Return what an element says on one line."""
    return _SPACES.sub(" ", " ".join(block.text for block in Flow(element).blocks())).strip()


def name_of(element: etree._Element) -> str:
    """Return an element's name in lower case, without a prefix; empty for what is no element."""
    return element.tag.rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def is_skipped(element: etree._Element, name: str) -> bool:
    """Whether nobody reads an element."""
    if name in _SKIPPED or not name or "hidden" in element.attrib:
        return True
    if element.get("role") in _SKIPPED_ROLES or element.get("aria-hidden") == "true":
        return True
    if name == "a" and (element.get("href") or "").startswith("#") and (element.text or "").strip() in _ANCHORS:
        return len(element) == 0
    return _UNSEEN.search(element.get("style") or "") is not None


def _texts(element: etree._Element) -> Iterator[str]:
    """Yield the text of code as it is written."""
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walker:
        if event == "start":
            if is_skipped(inner, name := name_of(inner)):
                walker.skip_subtree()
            else:
                yield "\n" if name == "br" else inner.text or ""
        elif inner is not element:
            yield inner.tail or ""
