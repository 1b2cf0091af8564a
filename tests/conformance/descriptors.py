"""What this process has open, server and clients alike."""

from collections import Counter
from pathlib import Path

OPEN = Path("/proc/self/fd")


def open_files() -> list[str]:
    """Return the names of what is open: files, those deleted included, and such as `socket:[1234]`."""
    names = []
    for link in OPEN.iterdir():
        try:
            names.append(str(link.readlink()))
        except FileNotFoundError:
            # The one that this list is read from.
            continue
    return names


def kinds() -> Counter[str]:
    """Return how many sockets, pipes and such are open; files are of one kind."""
    return Counter(name.partition(":")[0] if not name.startswith("/") else "file" for name in open_files())
