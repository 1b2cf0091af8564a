import io
from pathlib import Path

import pytest

from lexora_gql.terminal.errors import USAGE, CannotGoOn
from lexora_gql.terminal.files import WatchedFile, find_files


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


class TestFindingFiles:
    def test_a_folder_stands_for_what_can_be_read_below_it(self, tmp_path: Path) -> None:
        fill(tmp_path, "b.txt", "a.PDF", "c.png", ".hidden.md", ".git/d.md", "below/e.docx")

        found = find_files([tmp_path])

        assert [(file.name, file.byte_size) for file in found] == [("a.PDF", 5), ("b.txt", 5), ("below/e.docx", 12)]

    def test_a_file_named_outright_is_taken_whatever_it_is_called(self, tmp_path: Path) -> None:
        fill(tmp_path, "scan.dat")

        assert [file.name for file in find_files([tmp_path / "scan.dat"])] == ["scan.dat"]

    def test_each_file_counts_once(self, tmp_path: Path) -> None:
        fill(tmp_path, "a.md")
        (tmp_path / "b.md").symlink_to(tmp_path / "a.md")

        assert [file.name for file in find_files([tmp_path / "a.md", tmp_path])] == ["a.md"]

    @pytest.mark.parametrize(
        ("name", "line"), [("missing.pdf", "missing.pdf: there is no such file."), ("empty", "holds no file")]
    )
    def test_what_is_not_there_is_said(self, tmp_path: Path, name: str, line: str) -> None:
        (tmp_path / "empty").mkdir()

        with pytest.raises(CannotGoOn, match=line) as caught:
            find_files([tmp_path / name])

        assert caught.value.exit_code == USAGE


class TestWatching:
    def test_every_read_says_how_far_it_got(self) -> None:
        read: list[int] = []
        watched = WatchedFile(io.BytesIO(b"12345"), read.append)

        assert [watched.read(2), watched.read(2), watched.read(2), watched.read(2)] == [b"12", b"34", b"5", b""]
        assert read == [2, 4, 5, 5]
