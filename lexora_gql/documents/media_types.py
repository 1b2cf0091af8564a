"""Deciding what a file is, by its bytes; its name matters only among kinds of text."""

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePath

from lexora_gql.documents.wide_text import has_few_controls, wide_encoding

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024


class MediaType(StrEnum):
    """What can be read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    MARKDOWN = "text/markdown"
    PLAIN_TEXT = "text/plain"
    CSV = "text/csv"
    HTML = "text/html"


ACCEPTED_MEDIA_TYPES = tuple(MediaType)

MARKDOWN_EXTENSIONS = {".md", ".markdown"}
# Rows look like any text; only the name says that they are rows.
CSV_EXTENSIONS = {".csv", ".tsv"}
# So does a page about HTML, as text or as Markdown: the name says which it is.
HTML_EXTENSIONS = {".html", ".htm", ".xhtml"}
_KINDS_OF_TEXT = {
    **dict.fromkeys(MARKDOWN_EXTENSIONS, MediaType.MARKDOWN),
    **dict.fromkeys(CSV_EXTENSIONS, MediaType.CSV),
    **dict.fromkeys(HTML_EXTENSIONS, MediaType.HTML),
}
BINARY_EXTENSIONS = {".pdf", ".docx"}
# Readers of PDF accept rubbish of this length before the header, and so do many programs that make PDF.
PDF_HEADER_BYTES = 1024

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD_FOLDER = re.compile(rb"word[/\\][\w-]+\.xml", re.IGNORECASE)
_OTHER_OFFICE = re.compile(rb"(?:xl|ppt)[/\\]\w+\.xml|mimetypeapplication/", re.IGNORECASE)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SIGNATURES = (
    (_ZIP, "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (_OLE, "application/x-ole-storage"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-msdownload"),
)


def detect(head: bytes, tail: bytes, filename: str) -> MediaType | None:
    """Return what a file is, or None when it is nothing that can be read.

    What is accepted here may still turn out damaged or encrypted when it is read. A text whose name says PDF or DOCX is
    refused: whatever it is, it is not what the sender believes.

    Args:
        head: The file's first `HEAD_BYTES`, or all of it.
        tail: Its last `TAIL_BYTES`, or all of it: a zip lists what it holds at its end.
        filename: As uploaded.
    """
    if b"%PDF-" in head[:PDF_HEADER_BYTES]:
        return MediaType.PDF
    if head.startswith(_ZIP):
        return MediaType.DOCX if _is_docx(head, tail) else None
    extension = PurePath(filename).suffix.lower()
    if head.startswith(_OLE):
        # Word encrypts by wrapping, so this may be a DOCX; reading it says what is the matter.
        return MediaType.DOCX if extension == ".docx" else None
    if extension in BINARY_EXTENSIONS or describe(head) is not None or not is_text(head):
        return None
    return _KINDS_OF_TEXT.get(extension, MediaType.PLAIN_TEXT)


def describe(head: bytes) -> str | None:
    """Return the media type of some well-known kinds of file, to tell the sender what arrived."""
    if b"%PDF-" in head[:PDF_HEADER_BYTES]:
        return MediaType.PDF
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature) and not (len(signature) == 2 and is_text(head)):
            return media_type
    return None


def is_text(head: bytes) -> bool:
    """Whether bytes are text in any encoding; an empty file is none."""
    if not head:
        return False
    if head.startswith(_MARKS):
        return True
    return has_few_controls(head) or wide_encoding(head) is not None


def _is_docx(head: bytes, tail: bytes) -> bool:
    if _OTHER_OFFICE.search(head) or _OTHER_OFFICE.search(tail):
        return bool(re.search(rb"word[/\\]document\d*\.xml", head + tail, re.IGNORECASE))
    return bool(_WORD_FOLDER.search(head) or _WORD_FOLDER.search(tail))


def media_types_of(extensions: Iterable[str]) -> tuple[MediaType, ...]:
    """Return the types whose files have these extensions, such as `.pdf`, each once."""
    wanted = set(extensions)
    known = {
        MediaType.PDF: {".pdf"},
        MediaType.DOCX: {".docx"},
        MediaType.MARKDOWN: MARKDOWN_EXTENSIONS,
        MediaType.PLAIN_TEXT: {".txt", ".text"},
        MediaType.CSV: CSV_EXTENSIONS,
        MediaType.HTML: HTML_EXTENSIONS,
    }
    return tuple(media_type for media_type in MediaType if known[media_type] & wanted)
