"""Opening a DOCX: a zip of XML parts, unpacked within limits before anything looks into it."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.docx_styles import local_name
from lexora_gql.adapters.extraction.limits import MEBIBYTE
from lexora_gql.ports.text_extractor import ExtractionFailed

ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 100_000_000
PIECE_BYTES = MEBIBYTE
KIND = "DOCX"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_TEXTUAL = (".xml", ".rels", ".psmdcp")
_MAIN = re.compile(r"(?:^|/)word/document\d*\.xml$", re.IGNORECASE)
# Word writes none of these, other programs do; they are not XML, but easily left out.
_CONTROL = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.IGNORECASE
)
# What programs write where nobody has named the document.
_NO_TITLES = {"word document", "document", "document1", "untitled", "title", "microsoft word"}


@dataclass(frozen=True, slots=True)
class DocxParts:
    """The XML that a document's text is made of; what is missing is None.

    Attributes:
        margins: Headers and footers, by the identity of their relationship.
    """

    document: etree._Element
    styles: etree._Element | None
    numbering: etree._Element | None
    settings: etree._Element | None
    footnotes: etree._Element | None
    endnotes: etree._Element | None
    margins: dict[str, etree._Element]
    title: str | None


def open_docx(source: BinaryIO) -> DocxParts:
    """Return a document's parts, found by their relationships, as both editions of the standard name them.

    A part beside the text that is damaged counts as missing.

    Raises:
        ExtractionFailed: ENCRYPTED, CORRUPT or TOO_LARGE_TO_PARSE.
    """
    _refuse_ole(source)
    members = _unpack(source)
    kinds = {kind: target for kind, _, target in _relations(members, "")}
    name = kinds.get("officeDocument", "")
    if name not in members:
        name = next((name for name in sorted(members) if _MAIN.search(name)), "")
    document = _parse(members.get(name))
    if document is None:
        raise failures.corrupt(KIND)
    folder = posixpath.dirname(name)
    related: dict[str, str] = {}
    margins: dict[str, etree._Element] = {}
    for kind, identity, target in _relations(members, name):
        if kind not in {"header", "footer"}:
            related.setdefault(kind, target)
        elif (margin := _parse(members.get(target))) is not None:
            margins[identity] = margin

    def beside(kind: str) -> etree._Element | None:
        return _parse(members.get(related.get(kind, f"{folder}/{kind}.xml")))

    return DocxParts(
        document=document,
        styles=beside("styles"),
        numbering=beside("numbering"),
        settings=beside("settings"),
        footnotes=beside("footnotes"),
        endnotes=beside("endnotes"),
        margins=margins,
        title=_title(members.get(kinds.get("core-properties", "docProps/core.xml"))),
    )


def _refuse_ole(source: BinaryIO) -> None:
    """Word encrypts by putting the zip into a container of the old kind; .doc is that container as well."""
    head = source.read(len(_OLE))
    if head == _OLE:
        if _ENCRYPTED_STREAM in source.read():
            raise failures.encrypted(KIND)
        message = "The file is in Word's format of before 2007 (.doc). Save it as DOCX and upload that."
        raise ExtractionFailed("CORRUPT", message)
    source.seek(0)


def _unpack(source: BinaryIO) -> dict[str, bytes]:
    """Return every member by name; pictures and the like as empty, but counted.

    Sizes are counted as they come out, because a header may say anything.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
            if len(infos) > ENTRIES_MAX:
                what = f"holds {len(infos):,} files inside; at most {ENTRIES_MAX:,} are read"
                raise failures.too_much_unpacked(what)
            members: dict[str, bytes] = {}
            remaining = UNPACKED_BYTES_MAX
            for info in infos:
                if info.flag_bits & 1:
                    raise failures.encrypted(KIND)
                data, size = _member(archive, info, remaining)
                remaining -= size
                members[info.filename.replace("\\", "/").lstrip("/")] = data
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError):
        # A checksum that fails anywhere says that the file was damaged on its way; what else was, nobody knows.
        raise failures.corrupt(KIND) from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, remaining: int) -> tuple[bytes, int]:
    """Return a member's bytes, and how many there were."""
    is_textual = info.filename.lower().endswith(_TEXTUAL)
    pieces: list[bytes] = []
    size = 0
    with archive.open(info) as member:
        while piece := member.read(PIECE_BYTES):
            size += len(piece)
            if size > remaining:
                what = f"swells to more than {UNPACKED_BYTES_MAX // 1_000_000} MB when it is unpacked"
                raise failures.too_much_unpacked(what)
            if is_textual:
                pieces.append(piece)
    return b"".join(pieces), size


def _relations(members: dict[str, bytes], source: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, identity and target of each part that a part is related to; the package itself has no name."""
    folder, name = posixpath.split(source)
    found = _parse(members.get(posixpath.join(folder, "_rels", f"{name}.rels")))
    for relation in found if found is not None else ():
        if local_name(relation) != "Relationship":
            continue
        kind, target = relation.get("Type", ""), relation.get("Target", "")
        if target and relation.get("TargetMode") != "External":
            path = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            yield kind.rpartition("/")[2], relation.get("Id", ""), path


def _parse(data: bytes | None) -> etree._Element | None:
    """Return an XML part, or None when it is none; entities stay unresolved, nothing is fetched."""
    if not data:
        return None
    # `huge_tree` lifts libxml2's limit of 10 MB a text node; what may be unpacked is bounded already.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(_CONTROL.sub(b"", data), parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        return None
    except ValueError:
        return None


def _title(core: bytes | None) -> str | None:
    properties = _parse(core)
    if properties is None:
        return None
    title = one_line(properties.findtext("{http://purl.org/dc/elements/1.1/}title") or "")
    return None if title.casefold() in _NO_TITLES else title or None
