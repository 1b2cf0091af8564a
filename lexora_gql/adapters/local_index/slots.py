"""A folder for this process alone, so that no two ever write the same snapshots."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

_SLOTS_MAX = 1_024


class Slot:
    """The first of slot-0, slot-1, ... that no living process holds; the lock ends with the process in any case."""

    def __init__(self, parent: Path) -> None:
        """Take a slot.

        Raises:
            OSError: The folder cannot be made or written, or all slots are taken.
        """
        for number in range(_SLOTS_MAX):
            folder = parent / f"slot-{number}"
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self.folder = folder
            self._descriptor = descriptor
            return
        message = f"all {_SLOTS_MAX} slots of {parent} are taken"
        raise OSError(message)

    def abandoned(self) -> Iterator[Path]:
        """Yield the slots beside it that no living process holds; each is held until the next is asked for."""
        for folder in sorted(self.folder.parent.glob("slot-*")):
            if folder == self.folder:
                continue
            try:
                descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield folder
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)

    def release(self) -> None:
        """Let the next process have the slot and what is in it."""
        os.close(self._descriptor)
