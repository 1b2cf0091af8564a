"""The folder in which `lexora up` keeps everything."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ownership import (
    PRIVATE,
    SECRET,
    Owner,
    make_folder,
    private_folder,
    secret_file,
    unprivileged_owner,
)
from lexora_gql.settings import SECRET_BYTES_MIN, generate_secret

# As root, PostgreSQL's user must pass through; it may enter, but not list.
PASSABLE = 0o711
# Where servers live when no other user can reach the data folder, such as below /root.
SYSTEM_FOLDER = Path("/var/lib/lexora")


class DataFolder:
    """The folder DATA_DIR, ours alone while it is held."""

    def __init__(self, path: Path, *, system_folder: Path = SYSTEM_FOLDER) -> None:
        self.path = path.absolute()
        self.system_folder = system_folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder when it is not there, and keep every other `lexora up` out of it.

        Raises:
            CannotRun: It cannot be used, or another `lexora up` holds it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            make_folder(self.path, PASSABLE if os.geteuid() == 0 else PRIVATE)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, SECRET)
        except OSError as error:
            raise CannotRun(f"DATA_DIR: {self.path} cannot be used ({error.strerror}).") from None
        with open(descriptor, "r+", encoding="ascii") as lock:  # noqa: PTH123  # opened with its mode above
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = lock.read().strip() or "unknown"
                raise CannotRun(f"Another `lexora up` (process {holder}) is running on {self.path}.") from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def secret_key(self) -> str:
        """Return the key that was generated at the first start.

        Raises:
            CannotRun: The file has been cut short.
        """
        path = self.path / "secret_key"
        key = secret_file(path, Owner(), characters=generate_secret())
        if len(key) < SECRET_BYTES_MIN:
            raise CannotRun(f"SECRET_KEY: {path} has {len(key)} bytes; at least {SECRET_BYTES_MIN} are needed.")
        return key

    def home(self, server: str) -> tuple[Path, Owner]:
        """Return the folder of a server, and who runs it there.

        It is in the data folder. Where the server's user cannot go there, it is below the system folder, and a file
        in the data folder says where.

        Raises:
            CannotRun: It is out of that user's reach.
        """
        owner = unprivileged_owner()
        here, elsewhere = self.path / server, self.path / f"{server}.location"
        if elsewhere.exists():
            return Path(elsewhere.read_text(encoding="utf-8").strip()), owner
        if here.exists():
            return here, self._settled(here, owner)
        if owner.can_reach(self.path):
            return private_folder(here, owner), owner
        make_folder(self.system_folder, PASSABLE)
        home = private_folder(self.system_folder / f"{server}-{secrets.token_hex(4)}", owner)
        if not owner.can_reach(home):
            raise CannotRun(
                f"DATA_DIR: neither {self.path} nor {self.system_folder} can be reached by user {owner.uid}."
            )
        elsewhere.write_text(f"{home}\n", encoding="utf-8")
        return home, owner

    def emptied(self, name: str) -> Path:
        """Return a folder of ours in here, without what an earlier run left in it."""
        folder = self.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    @contextmanager
    def announced(self, **addresses: str) -> Iterator[None]:
        """Tell other commands on this data folder where the servers are, for as long as they run."""
        path = self.path / "addresses.json"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # opened with its mode above
            json.dump(addresses, file)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def addresses(self) -> dict[str, str]:
        """Return the DATABASE_URL and REDIS_URL of the `lexora up` that runs here; empty when none does."""
        with suppress(OSError, ValueError):
            found = json.loads((self.path / "addresses.json").read_text(encoding="utf-8"))
            return {str(name): str(value) for name, value in found.items()}
        return {}

    def _settled(self, home: Path, owner: Owner) -> Owner:
        """Return who owns a server's folder; as root we run it as whoever that is."""
        status = home.stat()
        if owner.is_another and status.st_uid not in (0, owner.uid):
            return Owner(status.st_uid, status.st_gid)
        return owner
