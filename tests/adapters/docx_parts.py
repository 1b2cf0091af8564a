"""DOCX files put together from their XML, for tests."""

import io
import zipfile

from lexora_gql.adapters.extraction.docx_extractor import read_docx
from lexora_gql.ports.text_extractor import ExtractedText
from tests.adapters.made_files import NAMESPACE
from tests.adapters.reading_processes import ignore

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
MATHEMATICS = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def part(name: str, content: str) -> str:
    """Return a part's XML with every namespace that the tests use."""
    spaces = f'xmlns:w="{NAMESPACE}" xmlns:r="{RELATIONS}" xmlns:mc="{COMPATIBILITY}" xmlns:m="{MATHEMATICS}"'
    return f"<w:{name} {spaces}>{content}</w:{name}>"


def relations(*related: tuple[str, str, str], kinds: str = RELATIONS) -> str:
    """Return the XML of relationships, each an identity, a kind and a target."""
    lines = "".join(f'<Relationship Id="{i}" Type="{kinds}/{kind}" Target="{target}"/>' for i, kind, target in related)
    return f'<!-- made by hand --><Relationships xmlns="{PACKAGE}"><!-- each -->{lines}</Relationships>'


def packed(body: str, **parts: str) -> bytes:
    """Return a DOCX; `parts` are further parts by their kind, such as `styles`, all related to the document."""
    members = {
        "_rels/.rels": relations(("rId1", "officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": relations(*((kind, kind.rstrip("123"), f"{kind}.xml") for kind in parts)),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>"),
        **{f"word/{kind}.xml": content for kind, content in parts.items()},
    }
    return zipped(members)


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(data: bytes) -> ExtractedText:
    [found] = read_docx(io.BytesIO(data), ignore)
    return found


def text_of(body: str, **parts: str) -> str:
    """Return the text of a DOCX that is put together of these."""
    return read(packed(body, **parts)).text


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"
