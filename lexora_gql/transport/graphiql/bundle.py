"""What the build leaves behind, and how to tell whether it is there."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
FOLDER = SOURCES / "static"
MANIFEST = "manifest.json"
BUILD_COMMAND = "python -m lexora_gql.transport.graphiql.build"

_SOURCE_PATTERNS = (".npmrc", "package*.json", "*.mjs", "*.js", "*.jsx", "*.css", "operations/*", "panels/*")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished build.

    Attributes:
        script: Name of the module that starts the playground.
        style: Name of its style sheet.
        files: Every name in the folder but the manifest's.
        sources: Fingerprint of what it was built from.
    """

    script: str
    style: str
    files: tuple[str, ...]
    sources: str

    def to_json(self) -> str:
        """Return the manifest's text."""
        return json.dumps(asdict(self), indent=2)


def source_files() -> list[Path]:
    """Return what the bundle is made of, beside the packages that the lock names."""
    return sorted(path for pattern in _SOURCE_PATTERNS for path in SOURCES.glob(pattern))


def fingerprint() -> str:
    """Return the SHA-256 of names and contents of the sources."""
    digest = hashlib.sha256()
    for path in source_files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(SOURCES).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_bundle(folder: Path = FOLDER) -> Bundle | None:
    """Return the bundle in a folder; None where there is none, or a file of it is missing."""
    try:
        fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    bundle = Bundle(fields["script"], fields["style"], tuple(fields["files"]), fields["sources"])
    return bundle if all((folder / name).is_file() for name in bundle.files) else None
