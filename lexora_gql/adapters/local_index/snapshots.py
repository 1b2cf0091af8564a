"""Generations on disk: a folder that is complete and checked, or that does not exist.

A shard's folder holds at most one generation, `gen-<revision>-<random>`, with `header.json` and the files it names. A
generation is written under a temporary name, synced, and renamed; the one before is removed only then. On any doubt
(checksum, length, version, another shard's) it is thrown away, and the shard is built anew from PostgreSQL.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

FORMAT = 2
"""Also of the terms and their order: what another analysis wrote would not be found."""
_HEADER = "header.json"


class Doubtful(Exception):
    """A snapshot cannot be trusted."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a generation says of itself.

    Attributes:
        collection: Id, as text.
        embedder: Name of the vectors' embedder.
        revision: What the shard stood at.
        dimensions: Of the vectors.
        rows: How many passages.
        documents: How many documents they belong to.
        is_folded: Whether `words` is a tantivy index; else `terms.txt` holds the terms by row.
        format: Version of this layout.
        files: Length in bytes and SHA-256 by path.
    """

    collection: str
    embedder: str
    revision: int
    dimensions: int
    rows: int
    documents: int
    is_folded: bool
    format: int = FORMAT
    files: dict[str, tuple[int, str]] | None = None


def shard_folder(slot: Path, collection_id: UUID, embedder: str) -> Path:
    """Return where a shard's generations are."""
    return slot / str(collection_id) / hashlib.sha256(embedder.encode()).hexdigest()[:16]


def write(folder: Path, fill: Callable[[Path], Header]) -> tuple[Path, Header]:
    """Write a generation and remove the ones before.

    Args:
        folder: The shard's.
        fill: Writes the files into the folder it is given.

    Raises:
        OSError: It could not be written; the generation before is still there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f"tmp-{secrets.token_hex(4)}"
    temporary.mkdir(mode=0o700)
    try:
        header = fill(temporary)
        files = {str(path.relative_to(temporary)): _fingerprint(path, is_new=True) for path in _files(temporary)}
        header = Header(**{**asdict(header), "files": files})
        _write_header(temporary / _HEADER, header)
        for directory in {temporary, *(path.parent for path in _files(temporary))}:
            _sync(directory)
        final = folder / f"gen-{header.revision}-{secrets.token_hex(4)}"
        temporary.rename(final)
        _sync(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for old in _generations(folder):
        if old != final:
            shutil.rmtree(old, ignore_errors=True)
    return final, header


def relabel(folder: Path, generation: Path, header: Header, revision: int) -> tuple[Path, Header]:
    """Write the same generation again under a newer revision, sharing its files."""

    def link(target: Path) -> Header:
        link_files(generation, target)
        return Header(**{**asdict(header), "revision": revision})

    return write(folder, link)


def find(folder: Path, collection_id: UUID, embedder: str) -> tuple[Path, Header] | None:
    """Return the generation of a shard, its header checked but not yet its files; None where there is none.

    What is doubtful or left over is removed.
    """
    found = None
    for generation in _generations(folder):
        header = _trusted_header(generation)
        is_ours = header is not None and (header.collection, header.embedder) == (str(collection_id), embedder)
        if header is None or not is_ours or found is not None:
            shutil.rmtree(generation, ignore_errors=True)
        else:
            found = generation, header
    return found


def headers(slot: Path) -> Iterator[Header]:
    """Yield the header of each generation below a slot that can be trusted so far."""
    for generation in slot.glob("*/*/gen-*"):
        if (header := _trusted_header(generation)) is not None:
            yield header


def check(generation: Path, header: Header) -> None:
    """Read all files of a generation.

    Raises:
        Doubtful: One is missing, or not as it was written.
    """
    for name, (length, digest) in (header.files or {}).items():
        path = generation / name
        try:
            if path.stat().st_size != length or _fingerprint(path)[1] != digest:
                raise Doubtful(name)
        except OSError as error:
            raise Doubtful(name) from error


def link_files(source: Path, target: Path) -> None:
    """Give a folder the files of another; tantivy's are never changed in place but its two lists, which are copied."""
    for path in _files(source):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True, mode=0o700)
        if path.name == _HEADER:
            continue
        if path.suffix == ".json":
            shutil.copyfile(path, copy)
        else:
            os.link(path, copy)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".tantivy"))


def _generations(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.startswith(("gen-", "tmp-")))
    except FileNotFoundError:
        return []


def _fingerprint(path: Path, *, is_new: bool = False) -> tuple[int, str]:
    """Return length and SHA-256 of a file; a new one is on disk afterwards."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if is_new:
            os.fsync(file.fileno())
        return file.tell(), digest


def _write_header(path: Path, header: Header) -> None:
    line = json.dumps(asdict(header), sort_keys=True).encode()
    with path.open("wb") as file:
        file.write(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _trusted_header(generation: Path) -> Header | None:
    try:
        line, _, digest = (generation / _HEADER).read_bytes().partition(b"\n")
        if digest != hashlib.sha256(line).hexdigest().encode() + b"\n":
            return None
        fields = json.loads(line)
        return Header(**fields) if fields.get("format") == FORMAT else None
    except (OSError, ValueError, TypeError):
        return None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
