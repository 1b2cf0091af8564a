"""Tools that cannot live beside ours, because they want other versions of the same libraries."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.node_project import INSTALL_TIMEOUT_SECONDS, cannot_be_had
from tests.shared_data import PROJECT


def environment_of(lock: Path) -> Path:
    """Make a virtual environment of what a lock names, unless it is there, and return its folder with the commands.

    The test is skipped where no packages can be had, and fails there where CI is set.
    """
    # Below the environment that runs the tests, so that it goes when that goes.
    folder = Path(sys.prefix) / ".lexora-tools" / lock.stem
    folder.mkdir(parents=True, exist_ok=True)
    stamp, wanted = folder / ".lexora-lock", hashlib.sha256(lock.read_bytes()).hexdigest()
    with (folder / ".lexora-installing").open("wb") as installing:
        # The processes of one run share the folder.
        fcntl.flock(installing, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            _install(folder, lock)
            stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


def _install(folder: Path, lock: Path) -> None:
    script = 'source "$1"; make_venv; pip_install --require-hashes --requirement "$2"'
    command = ["bash", "-euo", "pipefail", "-c", script, "bash", str(PROJECT / "ops" / "environment.sh"), str(lock)]
    environment = {**os.environ, "VENV": str(folder), "PYTHON": sys.executable}
    try:
        subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        cannot_be_had(f"What {lock.name} names cannot be installed: {said[-1]}")
