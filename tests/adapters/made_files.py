"""Small files made on the spot, for tests of the extractors."""

import io
import zipfile

import docx
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf_writer(*pages: list[tuple[float, str]]) -> PdfWriter:
    """Return a PDF of which each page has lines of text, each at its height in points."""
    writer = PdfWriter()
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")})
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    for lines in pages:
        page = writer.add_blank_page(612, 792)
        drawn = "\n".join(f"BT /F1 12 Tf 72 {height} Td ({line}) Tj ET" for height, line in lines)
        content = DecodedStreamObject()
        content.set_data(drawn.encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(content)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    return writer


def pdf(*pages: list[tuple[float, str]]) -> bytes:
    return written(pdf_writer(*pages))


def written(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def pdf_page_count(data: bytes) -> int:
    return len(PdfReader(io.BytesIO(data)).pages)


def docx_of(document: "docx.document.Document") -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def raw_docx(body: str, **parts: str | bytes) -> bytes:
    """Return a DOCX of nothing but a body; `parts` are further members, "__" standing for a slash and "_" for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        document = f'<w:document xmlns:w="{NAMESPACE}"><w:body>{body}</w:body></w:document>'
        archive.writestr("word/document.xml", document)
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


def paragraphs(*texts: str) -> str:
    return "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in texts)
