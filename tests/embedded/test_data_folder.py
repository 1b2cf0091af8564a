import os
import stat
from pathlib import Path

import pytest

from lexora_gql.embedded.data_folder import DataFolder
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.postgres import EmbeddedPostgres


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestHold:
    def test_a_new_folder_is_closed_to_others(self, reachable_folder: Path) -> None:
        folder = DataFolder(reachable_folder / "deep" / "data")
        with folder.held():
            # As root another user's server lives in it, who may pass but neither list nor read.
            assert mode(folder.path) == (0o711 if os.geteuid() == 0 else 0o700)
            assert mode(folder.path / "lock") == 0o600

    def test_a_folder_that_was_there_keeps_its_permissions(self, reachable_folder: Path) -> None:
        (reachable_folder / "data").mkdir()
        (reachable_folder / "data").chmod(0o751)
        with DataFolder(reachable_folder / "data").held():
            assert mode(reachable_folder / "data") == 0o751

    def test_a_second_holder_is_refused_until_the_first_is_gone(self, reachable_folder: Path) -> None:
        refused = pytest.raises(CannotRun, match=rf"^Another `lexora up` \(process {os.getpid()}\) is running on ")
        with DataFolder(reachable_folder).held(), refused, DataFolder(reachable_folder).held():
            raise AssertionError("two hold the same folder")
        with DataFolder(reachable_folder).held():
            assert (reachable_folder / "lock").read_text() == str(os.getpid())

    def test_a_file_in_its_place_is_said_in_one_line(self, reachable_folder: Path) -> None:
        (reachable_folder / "data").write_text("I am a file")
        with (
            pytest.raises(CannotRun, match=r"^DATA_DIR: .*/data cannot be used \(Not a directory\)\.$"),
            DataFolder(reachable_folder / "data").held(),
        ):
            raise AssertionError("a file is no folder")


class TestSecretKey:
    def test_it_is_made_once_for_this_folder_and_for_us_alone(self, reachable_folder: Path) -> None:
        one, other = DataFolder(reachable_folder), DataFolder(reachable_folder)

        assert one.secret_key() == other.secret_key()
        assert len(one.secret_key()) == 64
        assert mode(reachable_folder / "secret_key") == 0o600

    def test_one_that_was_cut_short_is_refused(self, reachable_folder: Path) -> None:
        (reachable_folder / "secret_key").write_text("short")

        with pytest.raises(CannotRun, match="has 5 bytes; at least 32 are needed"):
            DataFolder(reachable_folder).secret_key()


class TestAddresses:
    def test_they_are_told_while_the_servers_run(self, reachable_folder: Path) -> None:
        folder = DataFolder(reachable_folder)
        with folder.announced(DATABASE_URL="postgresql://x"):
            assert DataFolder(reachable_folder).addresses() == {"DATABASE_URL": "postgresql://x"}
            assert mode(reachable_folder / "addresses.json") == 0o600

        assert DataFolder(reachable_folder).addresses() == {}


class TestHome:
    def test_servers_live_in_the_data_folder(self, reachable_folder: Path) -> None:
        folder = DataFolder(reachable_folder / "data", system_folder=reachable_folder / "system")
        with folder.held():
            home, owner = folder.home("postgres")

        assert home == folder.path / "postgres"
        assert owner.can_reach(home)
        assert not (reachable_folder / "system").exists()

    @pytest.mark.usefixtures("as_root")
    async def test_where_their_user_cannot_go_they_live_elsewhere_and_are_found_again(
        self, reachable_folder: Path
    ) -> None:
        closed = reachable_folder / "closed"
        closed.mkdir(mode=0o700)
        folder = DataFolder(closed / "data", system_folder=reachable_folder / "system")
        with folder.held():
            home, owner = folder.home("postgres")
            again, _ = folder.home("postgres")
        server = EmbeddedPostgres(home, durable=False, owner=owner)
        await server.start()
        await server.stop()

        assert home == again
        assert home.parent == reachable_folder / "system"
        assert (mode(closed), mode(home)) == (0o700, 0o700)

    @pytest.mark.usefixtures("as_root")
    def test_a_folder_of_somebody_else_keeps_its_owner(self, reachable_folder: Path) -> None:
        home = reachable_folder / "postgres"
        home.mkdir(mode=0o700)
        os.chown(home, 12345, 12345)
        found, owner = DataFolder(reachable_folder).home("postgres")

        assert (found, owner.uid, owner.gid) == (home, 12345, 12345)
