"""Which files an upload means."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lexora_gql.settings import EXTENSIONS
from lexora_gql.terminal.errors import USAGE, CannotGoOn


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload.

    Attributes:
        name: To show; of files from a folder, their path below it.
    """

    path: Path
    name: str
    byte_size: int


def find_files(arguments: Sequence[Path]) -> list[LocalFile]:
    """Return what the arguments name, each file once, those of a folder by name.

    A folder stands for all below it that has a known extension; hidden files and folders are left out.

    Raises:
        CannotGoOn: One of them is not there or cannot be read, or there is nothing to upload.
    """
    found: dict[Path, LocalFile] = {}
    for argument in arguments:
        for path, name in _named(argument):
            found.setdefault(path.resolve(), LocalFile(path, name, _readable_size(path)))
    if not found:
        known = ", ".join(EXTENSIONS)
        raise CannotGoOn(f"{arguments[0]} holds no file that ends in one of {known}.", exit_code=USAGE)
    return list(found.values())


def _named(argument: Path) -> list[tuple[Path, str]]:
    if not argument.is_dir():
        # Given by name, it goes to the server whatever it is called: the server looks at its bytes.
        return [(argument, argument.name)]
    files = []
    for folder, folders, names in os.walk(argument):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() in EXTENSIONS and not name.startswith(".") and path.is_file():
                files.append((path, str(path.relative_to(argument))))
    return files


def _readable_size(path: Path) -> int:
    if not path.exists():
        raise CannotGoOn(f"{path}: there is no such file.", exit_code=USAGE)
    if not path.is_file():
        raise CannotGoOn(f"{path} is no file and no folder.", exit_code=USAGE)
    if not os.access(path, os.R_OK):
        raise CannotGoOn(f"{path} may not be read.", exit_code=USAGE)
    return path.stat().st_size


class WatchedFile:
    """An open file that tells how far it has been read."""

    def __init__(self, file: BinaryIO, on_read: Callable[[int], None]) -> None:
        """Take a file opened in binary mode.

        Args:
            file: Closed by whoever opened it.
            on_read: Called with the bytes read so far.
        """
        self._file = file
        self._on_read = on_read

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        piece = self._file.read(size)
        self._on_read(self._file.tell())
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere."""
        return self._file.seek(offset, whence)

    def fileno(self) -> int:
        """Return what the length is known by before anything is read."""
        return self._file.fileno()
