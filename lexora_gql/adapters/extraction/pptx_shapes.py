"""What one slide shows, in reading order: its title, text, tables, charts and SmartArt."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from lexora_gql.adapters.extraction.blocks import Block, Kind
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.docx_runs import chosen_of
from lexora_gql.adapters.extraction.office_xml import child, local_name, value
from lexora_gql.adapters.extraction.pptx_charts import chart_blocks
from lexora_gql.adapters.extraction.pptx_diagrams import diagram_blocks
from lexora_gql.adapters.extraction.pptx_package import Deck, Slide
from lexora_gql.adapters.extraction.pptx_places import Place, in_order, place_of
from lexora_gql.adapters.extraction.pptx_tables import table_blocks
from lexora_gql.adapters.extraction.pptx_text import blocks_of, line_of

# What is within more groups than this is left out: people do not make them.
NESTED_MAX = 50
# Of the slide: what is smaller is a logo or an icon.
PICTURE_SHARE = 0.05
# What stands on so many slides, at least half of them, is there for its own sake, unless it is long.
REPEATED_MIN = 3
REPEATED_CHARACTERS_MAX = 200
_TITLES = {"title", "ctrTitle"}
_ON_EVERY_SLIDE = {"dt", "sldNum", "hdr"}
_FOOTER = "ftr"
# In it the columns have titles of their own.
_COMPARISON = "twoTxTwoObj"
_UNSEEN = {"1", "true", "on"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A shape, or a group of them, as it reads.

    Attributes:
        blocks: What it says, in order.
        place: Where it stands.
        is_footer: Whether it is there to stand on many slides.
    """

    blocks: tuple[Block, ...]
    place: Place | None = None
    is_footer: bool = False


@dataclass(slots=True)
class SlideReader:
    """Reads one slide.

    Attributes:
        deck: The file.
        slide: Which of its slides.
        title: What is written in the place of the title; known once the slide has been read.
        is_title_page: Whether that title is the whole file's.
        has_pictures: Whether there are pictures large enough to say something.
    """

    deck: Deck
    slide: Slide
    title: str = ""
    is_title_page: bool = False
    has_pictures: bool = False
    _nested: int = field(default=0)

    def shown(self) -> list[Shown]:
        """Return what the slide shows beside its title, in reading order."""
        tree = child(self.slide.element, "cSld", "spTree")
        return [] if tree is None else self._ordered(tree)

    def _ordered(self, container: etree._Element) -> list[Shown]:
        found = [one for shape in container for one in self._read(shape) if one.blocks]
        places = [one.place for one in found]
        if self.deck.is_right_to_left:
            places = [place and place.mirrored() for place in places]
        order = in_order(places, columns_first=self.slide.layout_type == _COMPARISON)
        return [found[index] for index in order]

    def _read(self, shape: etree._Element) -> Iterator[Shown]:
        name = local_name(shape)
        if name == "AlternateContent":
            yield from self._alternative(shape)
        elif _is_hidden(shape):
            return
        elif name == "sp":
            yield from self._text(shape)
        elif name == "grpSp" and self._nested < NESTED_MAX:
            self._nested += 1
            blocks = [block for one in self._ordered(shape) for block in one.blocks]
            self._nested -= 1
            yield Shown(tuple(blocks), place_of(shape))
        elif name == "graphicFrame":
            place = self._place(shape)
            blocks = list(self._graphic(child(shape, "graphic", "graphicData")))
            self.has_pictures |= not blocks and self._is_large(place)
            yield Shown(tuple(blocks), place)
        elif name == "pic":
            self.has_pictures |= self._is_large(self._place(shape))

    def _alternative(self, alternatives: etree._Element) -> Iterator[Shown]:
        """Yield the newer rendering, or else the one for old programs, where the newer says nothing."""
        for chosen in (chosen_of(alternatives), child(alternatives, "Fallback")):
            if chosen is not None and self._nested < NESTED_MAX:
                self._nested += 1
                found = [one for shape in chosen for one in self._read(shape) if one.blocks]
                self._nested -= 1
                if found:
                    yield from found
                    return

    def _text(self, shape: etree._Element) -> Iterator[Shown]:
        holder, body = _holder(shape), child(shape, "txBody")
        kind = None if holder is None else holder.get("type", "obj")
        if kind in _ON_EVERY_SLIDE:
            return
        if kind in _TITLES and not self.title:
            self.title = one_line(line_of(body))
            self.is_title_page = kind == "ctrTitle"
            return
        blocks = tuple(blocks_of(body, self._styles(holder)))
        yield Shown(blocks, self._place(shape), is_footer=kind == _FOOTER)

    def _graphic(self, data: etree._Element | None) -> Iterator[Block]:
        for element in () if data is None else data:
            name = local_name(element)
            if name == "tbl":
                yield from table_blocks(element)
            elif name == "chart":
                yield from chart_blocks(self._part(element, "id"))
            elif name == "relIds":
                yield from diagram_blocks(self._part(element, "dm"))

    def _part(self, element: etree._Element, name: str) -> etree._Element | None:
        return self.deck.package.part(self.slide.parts.get(value(element, name) or ""))

    def _place(self, shape: etree._Element) -> Place | None:
        """Return where a shape stands, by itself or as the layout has it."""
        if (place := place_of(shape)) is not None:
            return place
        inherited = (place_of(holder) for holder in self._holders(_holder(shape)))
        return next((place for place in inherited if place is not None), None)

    def _is_large(self, place: Place | None) -> bool:
        width, height = self.deck.size
        return place is not None and place.width * place.height >= PICTURE_SHARE * width * height

    def _styles(self, holder: etree._Element | None) -> list[etree._Element]:
        """Return what a shape's text looks like where it does not say so itself, nearest first."""
        if holder is None:
            styles = [child(self.deck.presentation, "defaultTextStyle")]
        else:
            styles = [child(one, "txBody", "lstStyle") for one in self._holders(holder)]
            kind = _kind_on_master(holder)
            name = f"{kind}Style" if kind in {"title", "body"} else "otherStyle"
            styles.append(child(self.slide.master, "txStyles", name))
        return [style for style in styles if style is not None]

    def _holders(self, holder: etree._Element | None) -> Iterator[etree._Element]:
        """Yield the shapes of layout and master that a placeholder fills."""
        if holder is None:
            return
        wanted = _kind_on_master(holder)
        for other, shape in _placeholders(self.slide.layout):
            by_index = other.get("idx", "0") == holder.get("idx", "0")
            if by_index if wanted == "body" else _kind_on_master(other) == wanted:
                yield shape
                break
        for other, shape in _placeholders(self.slide.master):
            if _kind_on_master(other) == wanted:
                yield shape
                break


def notes_of(slide: Slide) -> list[Block]:
    """Return what the speaker of a slide notes."""
    return [
        block
        for holder, shape in _placeholders(slide.notes)
        if holder.get("type") == "body"
        for block in blocks_of(child(shape, "txBody"))
    ]


def without_repeated(slides: list[list[Shown]]) -> list[list[Shown]]:
    """Return what each slide shows, without what stands at the same place on many others but the first of them.

    Footers need to stand on one before only.
    """
    counts: dict[object, int] = {}
    for slide in slides:
        for key in {_key(one) for one in slide}:
            counts[key] = counts.get(key, 0) + 1
    many = max(REPEATED_MIN, -(-len(slides) // 2))
    said: set[object] = set()
    kept: list[list[Shown]] = []
    for slide in slides:
        kept.append([one for one in slide if _key(one) not in said])
        said |= {_key(one) for one in slide if one.is_footer or (_is_short(one) and counts[_key(one)] >= many)}
    return kept


def _key(one: Shown) -> object:
    return replace(one, place=None) if one.is_footer else one


def _is_short(one: Shown) -> bool:
    is_text = all(block.kind is not Kind.WHOLE for block in one.blocks)
    return is_text and sum(len(block.text) for block in one.blocks) <= REPEATED_CHARACTERS_MAX


def _holder(shape: etree._Element) -> etree._Element | None:
    """Return what a shape says of the placeholder that it fills."""
    for below in shape:
        if local_name(below).startswith("nv"):
            return child(below, "nvPr", "ph")
    return None


def _placeholders(part: etree._Element | None) -> Iterator[tuple[etree._Element, etree._Element]]:
    tree = child(part, "cSld", "spTree")
    for shape in () if tree is None else tree:
        if (holder := _holder(shape)) is not None:
            yield holder, shape


def _kind_on_master(holder: etree._Element) -> str:
    """Return which placeholder of a master one of a slide or a layout goes back to."""
    kind = holder.get("type", "obj")
    if kind in _TITLES:
        return "title"
    return kind if kind in {*_ON_EVERY_SLIDE, _FOOTER} else "body"


def _is_hidden(shape: etree._Element) -> bool:
    for below in shape:
        if local_name(below).startswith("nv"):
            properties = child(below, "cNvPr")
            return properties is not None and properties.get("hidden") in _UNSEEN
    return False
