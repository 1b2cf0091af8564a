"""Folders with a package.json: what their lock names is installed once, and run by the Node of the playground."""

import fcntl
import hashlib
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from lexora_gql.transport.graphiql.node import OLDEST_MAJOR, BuildFailed, Node, find_node

INSTALL_TIMEOUT_SECONDS = 300
PREPARING_TIMEOUT_SECONDS = 2 * INSTALL_TIMEOUT_SECONDS
"""For `pytest.mark.timeout` of modules whose first test may have to install, or to wait for others that do."""


@dataclass(frozen=True, slots=True)
class NodeProject:
    """A folder whose packages are installed.

    Attributes:
        folder: Where its package.json stands.
        node: What runs it.
    """

    folder: Path
    node: Node

    def command(self, tool: str, *arguments: str) -> list[str]:
        """Return the words that start a package's command, or the folder's own script where `tool` is a .mjs."""
        script = self.folder / tool
        if script.suffix != ".mjs":
            script = self.folder / "node_modules" / ".bin" / tool
        # Not by its own first line: Node need not be on PATH.
        return [str(self.node.program), str(script), *arguments]

    def environment(self) -> dict[str, str]:
        """Return ours, with Node first on PATH: tools start others by name."""
        return {**os.environ, "PATH": f"{self.node.program.parent}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}

    def run(
        self, tool: str, *arguments: str, folder: Path | None = None, timeout_seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever that is; for one that goes on, see `command` and `environment`."""
        return subprocess.run(
            self.command(tool, *arguments),
            cwd=folder or self.folder,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )


def prepared(folder: Path) -> NodeProject:
    """Install what the folder's lock names, unless it is there, and return how to run it.

    The test is skipped where no packages can be had, and fails there where CI is set.
    """
    modules = folder / "node_modules"
    stamp, wanted = modules / ".lexora-lock", _fingerprint(folder)
    try:
        node = find_node(_oldest_major(folder))
        with (folder / ".npmrc").open("rb") as lock:
            # The processes of one run share the folder.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
                # What ends in the middle leaves half of them.
                stamp.unlink(missing_ok=True)
                options = ("--include=dev", "--prefer-offline", "--no-progress")
                node.run_npm("ci", *options, folder=folder, timeout_seconds=INSTALL_TIMEOUT_SECONDS)
                modules.mkdir(exist_ok=True)
                stamp.write_text(wanted, encoding="utf-8")
    except BuildFailed as failure:
        cannot_be_had(f"The packages of {folder.name} cannot be installed: {failure}.")
    return NodeProject(folder, node)


def cannot_be_had(reason: str) -> NoReturn:
    """End the test: where nobody watches, a missing tool would pass for a green one."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _oldest_major(folder: Path) -> int:
    engines = json.loads((folder / "package.json").read_text(encoding="utf-8")).get("engines", {})
    wanted = re.fullmatch(r">=(\d+)", engines.get("node", ""))
    return int(wanted[1]) if wanted else OLDEST_MAJOR


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (".npmrc", "package.json", "package-lock.json"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
