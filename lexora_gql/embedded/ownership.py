"""Who runs a server, and folders that belong to it alone."""

import os
import pwd
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lexora_gql.embedded import launch
from lexora_gql.embedded.errors import CannotRun

PRIVATE = 0o700
SECRET = 0o600
# The first that exists; a packager may create the first. PostgreSQL refuses to run as root.
UNPRIVILEGED_USERS = ("lexora", "nobody")


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that a server runs as.

    Attributes:
        uid: Negative where the server runs as ourselves.
        gid: Negative likewise.
    """

    uid: int = -1
    gid: int = -1

    @property
    def is_another(self) -> bool:
        """Whether this is not ourselves."""
        return self.uid >= 0

    def launch(self, command: list[str], *, death_signal: int) -> list[str]:
        """Return the command that runs a command as this user, ending with us."""
        identity = [str(os.getpid()), str(int(death_signal)), str(self.uid), str(self.gid)]
        return [sys.executable, "-I", "-S", str(Path(launch.__file__).absolute()), *identity, *command]

    def can_reach(self, path: Path) -> bool:
        """Return whether this user may enter a folder or run a file.

        It is tried, not computed: access lists and mounts have their say too.
        """
        if not self.is_another:
            return os.access(path, os.X_OK)
        command = self.launch(["--reach", str(path)], death_signal=9)
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode == 0  # noqa: S603  # ours

    def claim(self, path: Path) -> None:
        """Give this user a file or folder that we have just created."""
        if self.is_another:
            os.chown(path, self.uid, self.gid)


def unprivileged_owner() -> Owner:
    """Return who runs our servers: ourselves, or as root a user without privileges.

    Raises:
        CannotRun: We are root and this machine has no such user.
    """
    if os.geteuid() != 0:
        return Owner()
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid)
    raise CannotRun(f"PostgreSQL does not run as root, and none of these users exist: {', '.join(UNPRIVILEGED_USERS)}.")


def private_folder(path: Path, owner: Owner) -> Path:
    """Return a folder that only its owner can enter; what is there already is left as it is.

    Raises:
        CannotRun: It is there, but belongs to somebody else.
    """
    if make_folder(path, PRIVATE):
        owner.claim(path)
        return path
    expected = owner.uid if owner.is_another else os.geteuid()
    if not path.is_dir() or path.stat().st_uid != expected:
        raise CannotRun(f"{path} is not a folder of the user with id {expected}.")
    return path


def make_folder(path: Path, mode: int) -> bool:
    """Make a folder with exactly this mode; return False, and change nothing, when something is there."""
    try:
        path.mkdir(mode=PRIVATE)
    except FileExistsError:
        return False
    # The process's umask has had its say in mkdir.
    path.chmod(mode)
    return True


def secret_file(path: Path, owner: Owner, *, characters: str) -> str:
    """Return the content of a secret file, written with the given characters when it is not there."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123  # opened with its mode, not chmoded after
        file.write(characters)
        file.flush()
        os.fsync(file.fileno())
    owner.claim(unfinished)
    unfinished.rename(path)
    return characters
