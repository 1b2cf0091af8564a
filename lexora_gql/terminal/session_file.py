"""Where a sign-in is kept between two commands: a file that only its owner can read."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from lexora_gql.terminal.errors import CannotGoOn

SECRET = 0o600
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What is kept for one server."""

    email: str
    refresh_token: str


class SessionFile:
    """Sessions by the server's address, in the folder where the platform keeps settings."""

    def __init__(self, path: Path | None = None) -> None:
        """Take a path; XDG_CONFIG_HOME/lexora/session.json, or its like elsewhere, when none is given."""
        self.path = path or Path(typer.get_app_dir("lexora")) / "session.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands out: a refresh token that two of them use ends the session of both.

        Raises:
            CannotGoOn: The folder cannot be written to.
        """
        try:
            self.path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, SECRET)
        except OSError as error:
            raise CannotGoOn(f"{self.path.parent} cannot be written to ({error.strerror}); see --no-save.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self, url: str) -> SavedSession | None:
        """Return what is kept for a server; None where nothing is."""
        found = self._all().get(url)
        return SavedSession(found["email"], found["refreshToken"]) if found else None

    def write(self, url: str, session: SavedSession | None) -> None:
        """Keep a session, or forget it."""
        sessions = {other: kept for other, kept in self._all().items() if other != url}
        if session is not None:
            sessions[url] = {"email": session.email, "refreshToken": session.refresh_token}
        unfinished = self.path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # opened with its mode above
            json.dump(sessions, file, indent=2)
        unfinished.replace(self.path)

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            sessions = json.loads(self.path.read_text(encoding="utf-8"))
            return {
                str(url): {"email": str(kept["email"]), "refreshToken": str(kept["refreshToken"])}
                for url, kept in sessions.items()
            }
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            # Whatever is wrong with it, signing in again puts it right.
            return {}
