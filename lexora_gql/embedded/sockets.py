"""Private folders for Unix sockets, whose paths must be short and plain."""

import re
import tempfile
from pathlib import Path

from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ownership import Owner, private_folder

# `sun_path` has 108 bytes on Linux (104 on macOS), the closing NUL included.
SOCKET_PATH_BYTES_MAX = 103
# What needs no escaping in any URL, since not every client unescapes.
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


def socket_folder(home: Path, owner: Owner, *, file_name: str) -> Path:
    """Return an empty folder that only the owner can enter, for a socket with a given file name.

    Args:
        home: Used when the path of the socket is short and plain enough there.
        owner: Who listens.
        file_name: The longest file that will be made in the folder.

    Raises:
        CannotRun: No temporary folder is short enough.
    """
    here = home / "socket"
    if _fits(here / file_name):
        return private_folder(here, owner)
    for place in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108  # mkdtemp makes it ours alone
        if not _fits(Path(place) / "lexora-12345678" / file_name) or not owner.can_reach(Path(place)):
            continue
        folder = Path(tempfile.mkdtemp(prefix="lexora-", dir=place))
        owner.claim(folder)
        return folder
    raise CannotRun(f"No temporary folder has a path short enough for a socket ({SOCKET_PATH_BYTES_MAX} bytes).")


def _fits(path: Path) -> bool:
    text = str(path)
    return len(text.encode()) <= SOCKET_PATH_BYTES_MAX and PLAIN.fullmatch(text) is not None
