"""What a paragraph of a DOCX is, by its own properties and by its style: a heading, an item of a list, plain."""

import re
from dataclasses import dataclass

from lxml import etree

from lexora_gql.adapters.extraction.office_xml import child, local_name, switched, value, whole_number

# Styles may be based on each other in a circle.
ANCESTORS_MAX = 20
LEVELS = 9
_HEADING = re.compile(r"heading\s*([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """One style, as the file has it."""

    name: str
    based_on: str | None
    outline_level: int | None
    numbering: tuple[str | None, int | None]
    is_hidden: bool | None = None


class Styles:
    """The styles of one document."""

    def __init__(self, part: etree._Element | None) -> None:
        self._styles: dict[str, Style] = {}
        for element in part if part is not None else ():
            if local_name(element) == "style" and (identity := value(element, "styleId")) is not None:
                properties = child(element, "pPr")
                self._styles[identity] = Style(
                    name=value(child(element, "name")) or identity,
                    based_on=value(child(element, "basedOn")),
                    outline_level=whole_number(value(child(properties, "outlineLvl"))),
                    numbering=_numbering(properties),
                    is_hidden=switched(child(element, "rPr"), "vanish"),
                )
        self._levels: dict[str, int | None] = {}
        self._hidden: dict[str | None, bool | None] = {None: None}

    def heading_level(self, properties: etree._Element | None) -> int | None:
        """Return 1 to 9 for a heading, None for what is none; a title is of level 1."""
        own = whole_number(value(child(properties, "outlineLvl")))
        if own is not None:
            return own + 1 if own < LEVELS else None
        identity = value(child(properties, "pStyle"))
        if identity is None:
            return None
        if identity not in self._levels:
            self._levels[identity] = self._level_of_style(identity)
        return self._levels[identity]

    def is_title(self, properties: etree._Element | None) -> bool:
        """Whether a paragraph has the style that titles of documents have."""
        identity = value(child(properties, "pStyle")) or ""
        style = self._styles.get(identity)
        return (style.name if style else identity).lower() == "title"

    def hides(self, paragraph: etree._Element | None, run: etree._Element | None) -> bool:
        """Whether text is hidden, by the run's own properties or by a style, the run's before the paragraph's."""
        own = switched(run, "vanish")
        for identity in (value(child(run, "rStyle")), value(child(paragraph, "pStyle"))):
            if own is None:
                own = self._style_hides(identity)
        return bool(own)

    def _style_hides(self, identity: str | None) -> bool | None:
        if identity not in self._hidden:
            said = (style.is_hidden for style in self._line(identity) if style.is_hidden is not None)
            self._hidden[identity] = next(said, None)
        return self._hidden[identity]

    def numbering(self, properties: etree._Element | None) -> tuple[str | None, int]:
        """Return the numbering that a paragraph takes part in, None for none, and its level from 0."""
        number, level = _numbering(properties)
        for style in self._line(value(child(properties, "pStyle"))):
            number = number if number is not None else style.numbering[0]
            level = level if level is not None else style.numbering[1]
        return (None if number == "0" else number), min(level or 0, LEVELS - 1)

    def _level_of_style(self, identity: str) -> int | None:
        line = self._line(identity) or [Style(identity, None, None, (None, None))]
        for style in line:
            if match := _HEADING.fullmatch(style.name.strip()):
                return int(match[1])
            if style.name.lower() == "title":
                return 1
            if style.outline_level is not None:
                return style.outline_level + 1 if style.outline_level < LEVELS else None
        return None

    def _line(self, identity: str | None) -> list[Style]:
        """Return a style and those that it is based on, nearest first."""
        line: list[Style] = []
        while identity is not None and (style := self._styles.get(identity)) and len(line) < ANCESTORS_MAX:
            line.append(style)
            identity = style.based_on
        return line


def _numbering(properties: etree._Element | None) -> tuple[str | None, int | None]:
    numbering = child(properties, "numPr")
    return value(child(numbering, "numId")), whole_number(value(child(numbering, "ilvl")))
