"""The slides of a PPTX in their order, each with the parts that it takes its looks, notes and charts from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.limits import PAGES_MAX
from lexora_gql.adapters.extraction.office_package import Kind, Package
from lexora_gql.adapters.extraction.office_xml import child, local_name, value, whole_number

KIND = "PPTX"
PPTX = Kind(KIND, "PowerPoint", ".ppt", re.compile(r"(?:^|/)ppt/presentation\d*\.xml$", re.IGNORECASE))
SECTION_LAYOUT = "secHead"


@dataclass(frozen=True, slots=True)
class Slide:
    """One slide.

    Attributes:
        element: None where the part is missing, or damaged.
        layout: What it is laid out by; None where that is missing, as is `master`.
        master: What all layouts of its kind are made by.
        notes: What its speaker says.
        parts: Names of further parts, by the identity of their relationship.
        section: The section that it belongs to, where the file names any.
    """

    element: etree._Element | None
    layout: etree._Element | None = None
    master: etree._Element | None = None
    notes: etree._Element | None = None
    parts: dict[str, str] = field(default_factory=dict)
    section: str | None = None

    @property
    def layout_type(self) -> str | None:
        """What kind of layout it has, such as "secHead"."""
        return None if self.layout is None else self.layout.get("type")


@dataclass(slots=True)
class Deck:
    """All slides of a file; each is parsed when it is asked for."""

    package: Package
    presentation: etree._Element
    _looks: dict[str, etree._Element | None] = field(default_factory=dict)

    @classmethod
    def open(cls, source: BinaryIO) -> "Deck":
        """Open a file.

        Raises:
            ExtractionFailed: ENCRYPTED, CORRUPT, TOO_MANY_PAGES or TOO_LARGE_TO_PARSE.
        """
        package = Package.open(source, PPTX)
        presentation = package.part(package.main)
        if presentation is None:
            raise failures.corrupt(KIND)
        deck = cls(package, presentation)
        if (count := len(deck)) > PAGES_MAX:
            raise failures.too_many_pages(KIND, count, "slides")
        return deck

    def __len__(self) -> int:
        return len(self._entries())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of each slide, in the unit of all places."""
        told = child(self.presentation, "sldSz")
        width, height = (whole_number(value(told, name)) for name in ("cx", "cy"))
        return width or 12_192_000, height or 6_858_000

    @property
    def is_right_to_left(self) -> bool:
        """Whether people read its slides from the right."""
        return self.presentation.get("rtl") in {"1", "true", "on"}

    @property
    def first_number(self) -> int:
        """The number printed on the first slide."""
        number = whole_number(self.presentation.get("firstSlideNum"))
        return 1 if number is None else number

    def slides(self) -> Iterator[Slide]:
        """Yield the slides in the order in which they are shown."""
        targets = {relation.identity: relation.target for relation in self.package.relations(self.package.main)}
        sections = self._sections()
        for entry in self._entries():
            yield self._slide(targets.get(_reference(entry), ""), sections.get(entry.get("id", "")))

    def _entries(self) -> list[etree._Element]:
        listed = child(self.presentation, "sldIdLst")
        return [entry for entry in (() if listed is None else listed) if local_name(entry) == "sldId"]

    def _sections(self) -> dict[str, str]:
        """Return the section of each slide by the slide's identity; where all are in one, it says nothing."""
        sections = [element for element in self.presentation.iter() if local_name(element) == "section"]
        named = {
            entry.get("id", ""): one_line(section.get("name", ""))
            for section in sections
            for entry in section.iter()
            if local_name(entry) == "sldId"
        }
        return named if len(set(named.values())) > 1 else {}

    def _slide(self, name: str, section: str | None) -> Slide:
        element = self.package.part(name)
        if element is None:
            return Slide(None, section=section)
        relations = list(self.package.relations(name))
        kinds = {relation.kind: relation.target for relation in relations}
        layout = kinds.get("slideLayout", "")
        masters = (one.target for one in self.package.relations(layout) if layout and one.kind == "slideMaster")
        return Slide(
            element=element,
            layout=self._look(layout),
            master=self._look(next(masters, "")),
            notes=self.package.part(kinds.get("notesSlide")),
            parts={relation.identity: relation.target for relation in relations},
            section=section,
        )

    def _look(self, name: str) -> etree._Element | None:
        """Return a layout or a master, parsed once for all slides."""
        if name not in self._looks:
            self._looks[name] = self.package.part(name)
        return self._looks[name]


def _reference(entry: etree._Element) -> str:
    """Return the identity of a relationship: an attribute called as the entry's own is, but for its namespace."""
    return next((text for key, text in entry.attrib.items() if key.endswith("}id")), "")
