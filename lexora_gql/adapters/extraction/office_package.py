"""Opening what Office saves: a zip of XML parts, unpacked within limits before anything looks into it."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Self
from urllib.parse import unquote

from lxml import etree

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.cleaning import one_line
from lexora_gql.adapters.extraction.limits import MEBIBYTE
from lexora_gql.adapters.extraction.office_xml import local_name, parsed

ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 100_000_000
PIECE_BYTES = MEBIBYTE
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_TEXTUAL = (".xml", ".rels", ".psmdcp")
# What programs write where nobody has named the document.
_NO_TITLES = {
    "word document", "document", "document1", "untitled", "title", "microsoft word", "powerpoint presentation",
    "presentation", "presentation1", "slide 1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of one kind of file before it is opened.

    Attributes:
        name: Such as DOCX.
        program: Such as Word.
        before_2007: The extension of the program's old format.
        main: What the part is called that all others hang on, where no relationship says it.
    """

    name: str
    program: str
    before_2007: str
    main: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part says of another: what it is to it, under which identity, and where it is."""

    kind: str
    identity: str
    target: str


@dataclass(frozen=True, slots=True)
class Package:
    """A file that is open.

    Attributes:
        members: Bytes by name; empty for pictures and the like.
        main: The name of the part that all others hang on; it may be missing.
    """

    members: dict[str, bytes]
    main: str

    @classmethod
    def open(cls, source: BinaryIO, kind: Kind) -> Self:
        """Unpack a file.

        Raises:
            ExtractionFailed: ENCRYPTED, CORRUPT or TOO_LARGE_TO_PARSE.
        """
        _refuse_ole(source, kind)
        members = _unpack(source, kind.name)
        named = (relation for relation in _relations(members, "") if relation.kind == "officeDocument")
        main = next((relation.target for relation in named), "")
        if main not in members:
            main = next((name for name in sorted(members) if kind.main.search(name)), "")
        return cls(members, main)

    def part(self, name: str | None) -> etree._Element | None:
        """Return a part; None where it is missing, or damaged."""
        return parsed(self.members.get(name or ""))

    def relations(self, source: str) -> Iterator[Relation]:
        """Yield what a part is related to within the file; the package itself has no name."""
        return _relations(self.members, source)

    def title(self) -> str | None:
        """Return the title that somebody gave the document."""
        kinds = {relation.kind: relation.target for relation in self.relations("")}
        properties = self.part(kinds.get("core-properties", "docProps/core.xml"))
        if properties is None:
            return None
        title = one_line(properties.findtext("{http://purl.org/dc/elements/1.1/}title") or "")
        return None if title.casefold() in _NO_TITLES else title or None


def _refuse_ole(source: BinaryIO, kind: Kind) -> None:
    """Office encrypts by putting the zip into a container of the old kind; the old formats are that container too."""
    head = source.read(len(_OLE))
    if head == _OLE:
        if _ENCRYPTED_STREAM in source.read():
            raise failures.encrypted(kind.name)
        raise failures.before_2007(kind.name, kind.program, kind.before_2007)
    source.seek(0)


def _unpack(source: BinaryIO, kind: str) -> dict[str, bytes]:
    """Return every member by name; pictures and the like as empty, but counted.

    Sizes are counted as they come out, because a header may say anything.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            infos = archive.infolist()
            if len(infos) > ENTRIES_MAX:
                what = f"holds {len(infos):,} files inside; at most {ENTRIES_MAX:,} are read"
                raise failures.too_much_unpacked(kind, what)
            members: dict[str, bytes] = {}
            remaining = UNPACKED_BYTES_MAX
            for info in infos:
                if info.flag_bits & 1:
                    raise failures.encrypted(kind)
                data, size = _member(archive, info, remaining)
                if size > remaining:
                    what = f"swells to more than {UNPACKED_BYTES_MAX // 1_000_000} MB when it is unpacked"
                    raise failures.too_much_unpacked(kind, what)
                remaining -= size
                members[info.filename.replace("\\", "/").lstrip("/")] = data
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError):
        # A checksum that fails anywhere says that the file was damaged on its way; what else was, nobody knows.
        raise failures.corrupt(kind) from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, remaining: int) -> tuple[bytes, int]:
    """Return a member's bytes, and how many there were, as far as it was read: not much beyond what remains."""
    is_textual = info.filename.lower().endswith(_TEXTUAL)
    pieces: list[bytes] = []
    size = 0
    with archive.open(info) as member:
        while size <= remaining and (piece := member.read(PIECE_BYTES)):
            size += len(piece)
            if is_textual:
                pieces.append(piece)
    return b"".join(pieces), size


def _relations(members: dict[str, bytes], source: str) -> Iterator[Relation]:
    folder, name = posixpath.split(source)
    found = parsed(members.get(posixpath.join(folder, "_rels", f"{name}.rels")))
    for relation in found if found is not None else ():
        if local_name(relation) != "Relationship":
            continue
        kind, target = relation.get("Type", ""), relation.get("Target", "")
        if target and relation.get("TargetMode") != "External":
            path = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            yield Relation(kind.rpartition("/")[2], relation.get("Id", ""), path)
