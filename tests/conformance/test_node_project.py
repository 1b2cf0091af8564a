"""What the suites and clients of npm rest on: packages are there, or the test says in one line why not."""

import json
from pathlib import Path

import pytest

from tests.conformance.node_project import prepared

NOWHERE = "http://127.0.0.1:9/"
LOST: dict[str, object] = {"node_modules/lost": {"version": "1.0.0", "integrity": "sha512-" + "A" * 86 + "=="}}


def project(folder: Path, *, packages: dict[str, object] | None = None, version: str = "1.0.0") -> Path:
    """Write a package.json and a lock; nothing that they name can be fetched."""
    folder.mkdir(exist_ok=True)
    root = {"name": "tried", "version": version, "dependencies": dict.fromkeys(("lost",) if packages else (), "1.0.0")}
    lock = {"name": "tried", "version": version, "lockfileVersion": 3, "packages": {"": root, **(packages or {})}}
    (folder / ".npmrc").write_text(
        f"registry={NOWHERE}\nfetch-retries=0\ncache={folder / 'cache'}\naudit=false\nupdate-notifier=false\n"
    )
    (folder / "package.json").write_text(json.dumps(root))
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


class TestPreparing:
    def test_installs_once_for_each_lock(self, folder: Path) -> None:
        stamp = project(folder) / "node_modules" / ".lexora-lock"

        prepared(folder)
        first = stamp.stat()
        prepared(folder)
        assert stamp.stat().st_mtime_ns == first.st_mtime_ns
        project(folder, version="1.0.1")
        prepared(folder)

        assert stamp.stat().st_mtime_ns > first.st_mtime_ns

    def test_gives_what_runs_a_script_of_the_folder(self, folder: Path) -> None:
        tools = prepared(project(folder))
        (folder / "say.mjs").write_text("console.log(process.argv[2]); process.exit(3)")

        done = tools.run("say.mjs", "a word")

        assert (done.returncode, done.stdout) == (3, "a word\n")


class TestWithoutPackages:
    def test_the_test_is_skipped_with_one_line(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)

        with pytest.raises(pytest.skip.Exception, match="The packages of project cannot be installed: `npm") as raised:
            prepared(project(folder, packages=LOST))

        assert "\n" not in str(raised.value)

    def test_the_test_fails_where_nobody_watches(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")

        with pytest.raises(pytest.fail.Exception, match="The packages of project cannot be installed: `npm"):
            prepared(project(folder, packages=LOST))

    def test_nothing_is_taken_for_installed(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        for _ in range(2):
            with pytest.raises(pytest.fail.Exception):
                prepared(project(folder, packages=LOST))
