"""PPTX files made on the spot, for tests."""

import io
import zipfile
from collections.abc import Callable, Mapping

import pptx
from lxml import etree
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.util import Inches

from lexora_gql.adapters.extraction.pptx_extractor import read_pptx
from lexora_gql.ports.text_extractor import ExtractedText
from tests.adapters.reading_processes import ignore

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
TITLE_PAGE, TITLE_AND_CONTENT, SECTION, TWO_CONTENTS, COMPARISON, TITLE_ONLY, BLANK = range(7)


def deck() -> Presentation:
    return pptx.Presentation()


def slide(presentation: Presentation, layout: int, title: str = "", *bodies: str) -> Slide:
    """Add a slide, its bodies in the order of the layout."""
    made = presentation.slides.add_slide(presentation.slide_layouts[layout])
    for place, text in zip(made.placeholders, (title, *bodies), strict=False):
        place.text_frame.text = text
    return made


def box(made: Slide, text: str, left: float, top: float, *, height: float = 0.5) -> None:
    """Add a text box, in inches."""
    shape = made.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(height))
    shape.text_frame.text = text


def xml(made: Slide, shape: str) -> None:
    """Add a shape by its XML, in which the usual prefixes are known."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    [element] = etree.fromstring(f"<all {spaces}>{shape}</all>")
    made.shapes._spTree.append(element)


SPACES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
}


def shape_xml(text: str, holder: str = "", top: int = 0) -> str:
    """Return a shape with one paragraph, `holder` being its placeholder."""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="90" name="x"/><p:cNvSpPr/><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:spPr><a:xfrm>'
        f'<a:off x="0" y="{top}"/><a:ext cx="900000" cy="300000"/></a:xfrm></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def saved(presentation: Presentation) -> bytes:
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def rewritten(
    data: bytes, change: Callable[[str, bytes], bytes | None], more: Mapping[str, bytes] | None = None
) -> bytes:
    """Return a zip with each member as `change` returns it, left out where that is None, and more members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if (content := change(name, before.read(name))) is not None:
                after.writestr(name, content)
        for name, content in (more or {}).items():
            after.writestr(name, content)
    return buffer.getvalue()


def read(data: bytes | Presentation) -> ExtractedText:
    [found] = read_pptx(io.BytesIO(data if isinstance(data, bytes) else saved(data)), ignore)
    return found


def picture(made: Slide, width: int, height: int) -> None:
    made.shapes.add_picture(io.BytesIO(_PNG), 0, 0, width, height)


_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6360000000020001"
    "48afa4710000000049454e44ae426082"
)
