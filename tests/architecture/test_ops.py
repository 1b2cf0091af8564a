import os
import subprocess
from pathlib import Path

import pytest

from tests.shared_data import PROJECT

ENVIRONMENT = PROJECT / "ops" / "environment.sh"


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"source '{ENVIRONMENT}'\n{script}"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], **environment},
    )


class TestSettingsFile:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Path:
        file = tmp_path / "with space.env"
        file.write_text("# PORT=1\n#PORT=2\nPORT=9000\nOPENAI_MODEL=\"a, b\"\nSECRET_KEY='$(echo no) `no`'\nHOST=::1")
        return file

    def test_lines_reach_the_environment_as_they_are(self, settings: Path) -> None:
        shown = bash(f'read_settings \'{settings}\'; printf \'%s|\' "$PORT" "$OPENAI_MODEL" "$SECRET_KEY" "$HOST"')

        assert shown.stdout == "9000|a, b|$(echo no) `no`|::1|"

    def test_what_is_set_already_wins(self, settings: Path) -> None:
        assert bash(f"read_settings '{settings}'; echo \"$PORT\"", PORT="9001").stdout == "9001\n"


class TestPython:
    def test_without_a_new_enough_one_there_is_one_clear_line(self, tmp_path: Path) -> None:
        for name in ("python3", "python"):
            (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
            (tmp_path / name).chmod(0o755)
        for name in ("dirname", "bash"):
            found = next(Path(folder) / name for folder in ("/usr/bin", "/bin") if (Path(folder) / name).exists())
            (tmp_path / name).symlink_to(found)
        done = bash("python=$(find_python)", PATH=str(tmp_path))

        assert done.returncode == 1
        assert done.stderr == "lexora: Python 3.11 or newer is needed, and is not on PATH (PYTHON=... names one).\n"
