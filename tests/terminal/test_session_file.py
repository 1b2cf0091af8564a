import os
import stat
from pathlib import Path

import pytest

from lexora_gql.terminal.errors import CannotGoOn
from lexora_gql.terminal.session_file import SavedSession, SessionFile

HERE, THERE = "http://127.0.0.1:8000", "https://lexora.example"
SESSION = SavedSession("reader@example.com", "a refresh token")


class TestKeepingASession:
    def test_each_server_has_its_own(self, tmp_path: Path) -> None:
        file = SessionFile(tmp_path / "lexora" / "session.json")
        with file.locked():
            file.write(HERE, SESSION)
            file.write(THERE, SavedSession("writer@example.com", "another"))
            file.write(THERE, None)

        assert (file.read(HERE), file.read(THERE)) == (SESSION, None)

    def test_nobody_else_can_read_it(self, tmp_path: Path) -> None:
        file = SessionFile(tmp_path / "lexora" / "session.json")
        before = os.umask(0)
        try:
            with file.locked():
                file.write(HERE, SESSION)
        finally:
            os.umask(before)

        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize("content", ["", "[]", '{"http://127.0.0.1:8000": 7}', '{"http://127.0.0.1:8000": {}}'])
    def test_a_damaged_file_is_none(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "session.json").write_text(content, encoding="utf-8")

        assert SessionFile(tmp_path / "session.json").read(HERE) is None

    def test_follows_the_platform(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

        assert SessionFile().path == tmp_path / "lexora" / "session.json"

    def test_a_folder_that_cannot_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "lexora").write_text("no folder", encoding="utf-8")

        with (
            pytest.raises(CannotGoOn, match="cannot be written to"),
            SessionFile(tmp_path / "lexora" / "s.json").locked(),
        ):
            pass
