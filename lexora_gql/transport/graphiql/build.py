"""Builds the playground: `python -m lexora_gql.transport.graphiql.build`.

No third-party code is committed: the lock names packages and their hashes, npm fetches them, esbuild bundles them.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from lexora_gql.transport.graphiql.bundle import (
    FOLDER,
    MANIFEST,
    SOURCES,
    Bundle,
    fingerprint,
    read_bundle,
    source_files,
)
from lexora_gql.transport.graphiql.node import BuildFailed, find_node

INSTALL_TIMEOUT_SECONDS = 300
BUNDLE_TIMEOUT_SECONDS = 120


def is_up_to_date(folder: Path = FOLDER) -> bool:
    """Return whether the bundle is there and made of the present sources."""
    bundle = read_bundle(folder)
    return bundle is not None and bundle.sources == fingerprint()


def build(folder: Path = FOLDER) -> bool:
    """Make the bundle; nothing is done when it is up to date.

    Returns:
        Whether anything had to be done.

    Raises:
        BuildFailed: With one line that says why; a bundle from before is still whole.
    """
    if is_up_to_date(folder):
        return False
    sources = fingerprint()
    node = find_node()
    # Away from the sources, so that 200 MB of packages are gone afterwards, whatever happens.
    with tempfile.TemporaryDirectory(prefix="lexora-playground-") as name:
        workshop, made = Path(name), Path(name) / "made"
        for path in source_files():
            target = workshop / path.relative_to(SOURCES)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, target)
        # --include=dev: esbuild is wanted where NODE_ENV is "production", too.
        options = ("--include=dev", "--prefer-offline", "--no-progress")
        node.run_npm("ci", *options, folder=workshop, timeout_seconds=INSTALL_TIMEOUT_SECONDS)
        node.run("build.mjs", "made", folder=workshop, timeout_seconds=BUNDLE_TIMEOUT_SECONDS)
        publish(made, folder, sources)
    return True


def publish(made: Path, folder: Path, sources: str) -> None:
    """Move a build into place: the manifest last, so that it never names what is not there."""
    manifest = made / MANIFEST
    entry = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.unlink()
    files = tuple(sorted(path.name for path in made.iterdir()))
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        _replace(folder / name, (made / name).read_bytes())
    bundle = Bundle(entry["script"], entry["style"], files, sources)
    _replace(folder / MANIFEST, bundle.to_json().encode())
    for path in folder.iterdir():
        if path.name not in {*files, MANIFEST}:
            path.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    # The name is this process's own: two builds at once write the same contents and do not meet.
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def main() -> int:
    """Build, and say what was done in one line."""
    begun = time.monotonic()
    try:
        is_new = build()
    except BuildFailed as failure:
        sys.stderr.write(f"The playground could not be built: {failure}\n")
        return 1
    took = f"built in {time.monotonic() - begun:.1f} s" if is_new else "up to date"
    sys.stdout.write(f"The playground is {took}: {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
