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
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


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
BINARY_EXTENSIONS = {".pdf", ".docx", ".pptx"}
_WRAPPED = {".docx": MediaType.DOCX, ".pptx": MediaType.PPTX}
# Readers of PDF accept rubbish of this length before the header, and so do many programs that make PDF.
PDF_HEADER_BYTES = 1024

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_LIST = b"PK\x05\x06"
_WORD_FOLDER = re.compile(rb"word[/\\][\w-]+\.xml", re.IGNORECASE)
_DOCUMENT = re.compile(rb"word[/\\]document\d*\.xml", re.IGNORECASE)
_SLIDES = re.compile(rb"ppt[/\\](?:presentation\d*|slides[/\\]slide\d+)\.xml", re.IGNORECASE)
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
        return _office(head, tail)
    extension = PurePath(filename).suffix.lower()
    if head.startswith(_OLE):
        # Office encrypts by wrapping, so this may be what its name says; reading it says what is the matter.
        return _WRAPPED.get(extension)
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


def _office(head: bytes, tail: bytes) -> MediaType | None:
    """Return what kind of Office's files a zip is, by the names in its list, as far as that is at hand.

    Slides and documents hold each other, and tables: only the list tells what holds what.
    """
    listed = _list_of(tail)
    names = head + tail if listed is None else listed
    if _DOCUMENT.search(names):
        return MediaType.DOCX
    if _SLIDES.search(names):
        return MediaType.PPTX
    return MediaType.DOCX if _WORD_FOLDER.search(names) and not _OTHER_OFFICE.search(names) else None


def _list_of(tail: bytes) -> bytes | None:
    """Return what is at hand of the list that ends a zip; None where the end is missing."""
    end = tail.rfind(_END_OF_LIST)
    if end < 0 or len(tail) < end + 16:
        return None
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    return tail[max(0, end - size) : end]


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
        MediaType.PPTX: {".pptx"},
    }
    return tuple(media_type for media_type in MediaType if known[media_type] & wanted)
