import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.postgres import EmbeddedPostgres


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def fast(home: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(home, durable=False)


class TestStart:
    async def test_what_was_stored_is_there_at_the_next_start(self, reachable_folder: Path) -> None:
        first = fast(reachable_folder / "postgres")
        await first.start()
        await run(first.url, "CREATE TABLE kept AS SELECT 42 AS number")
        await first.stop()

        second = fast(reachable_folder / "postgres")
        await second.start()
        kept = await run(second.url, "SELECT number FROM kept")
        url = second.url
        await second.stop()

        assert kept == 42
        assert (
            url
            == f"postgresql://lexora:{second.home.joinpath('password').read_text()}@/lexora?host={second.home}/socket"
        )

    async def test_two_in_different_folders_do_not_meet(self, reachable_folder: Path) -> None:
        one, other = fast(reachable_folder / "one"), fast(reachable_folder / "other")
        await asyncio.gather(one.start(), other.start())
        await run(one.url, "CREATE TABLE mine ()")

        with pytest.raises(asyncpg.UndefinedTableError):
            await run(other.url, "SELECT * FROM mine")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await run(one.url.replace(str(one.home), str(other.home)), "SELECT 1")
        await asyncio.gather(one.stop(), other.stop())

    async def test_a_deep_folder_with_spaces_gets_a_short_socket_that_is_removed(self, reachable_folder: Path) -> None:
        home = reachable_folder / "a folder of Zoë's"
        for _ in range(4):
            home /= "very-deep-" * 4
        home.parent.mkdir(mode=0o711, parents=True)
        server = fast(home)
        await server.start()
        socket = server.socket
        answer = await run(server.url, "SELECT 7")
        mode = stat.S_IMODE(socket.stat().st_mode)
        await server.stop()

        assert answer == 7
        assert len(f"{socket}/.s.PGSQL.5432".encode()) <= 107
        assert mode == 0o700
        assert not socket.exists()

    async def test_a_cluster_of_another_version_is_refused_and_left_alone(self, reachable_folder: Path) -> None:
        server = fast(reachable_folder / "postgres")
        await server.start()
        await server.stop()
        (server.data / "PG_VERSION").write_text("17\n")

        with pytest.raises(CannotRun, match=r"data was made by PostgreSQL 17, but this is PostgreSQL 18\.$"):
            await fast(server.home).start()
        assert (server.data / "PG_VERSION").read_text() == "17\n"

    async def test_a_cluster_whose_making_was_cut_short_is_made_anew(self, reachable_folder: Path) -> None:
        server = fast(reachable_folder / "postgres")
        await server.prepare()
        server.data.rename(server.home / "data.unfinished")
        (server.home / "data.unfinished" / "global" / "pg_control").unlink()

        await server.start()
        assert await run(server.url, "SELECT 1") == 1
        await server.stop()


@pytest.fixture(scope="class")
async def running(servers_folder: Path) -> AsyncIterator[tuple[EmbeddedPostgres, psutil.Process]]:
    server = fast(servers_folder / "access")
    await server.start()
    assert server.child is not None
    yield server, psutil.Process(server.child.pid)
    await server.stop()


class TestAccess:
    async def test_without_the_password_nobody_gets_in(self, running: tuple[EmbeddedPostgres, psutil.Process]) -> None:
        server, _ = running
        wrong = server.url.replace(server.home.joinpath("password").read_text(), "0" * 48)

        with pytest.raises(asyncpg.InvalidPasswordError):
            await run(wrong, "SELECT 1")
        method = await run(server.url, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules")

        assert method == "scram-sha-256"

    async def test_it_listens_on_no_port_and_its_files_are_private(
        self, running: tuple[EmbeddedPostgres, psutil.Process]
    ) -> None:
        server, process = running
        paths = (server.home, server.data, server.socket, server.home / "password")

        assert list(process.net_connections("inet")) == []
        assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o700, 0o700, 0o700, 0o600]

    @pytest.mark.usefixtures("as_root")
    async def test_as_root_it_runs_as_a_user_without_privileges(
        self, running: tuple[EmbeddedPostgres, psutil.Process]
    ) -> None:
        server, process = running
        users = {found.uids().real for found in (process, *process.children(recursive=True))}

        assert users == {server.owner.uid}
        assert 0 not in users

    async def test_errors_leave_no_statement_in_its_output(self, reachable_folder: Path) -> None:
        lines: list[str] = []
        server = fast(reachable_folder / "postgres")
        await server.start(lambda _, line: lines.append(line))
        with pytest.raises(asyncpg.UndefinedTableError):
            await run(server.url, "SELECT 'canary' FROM canaries")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await run(server.url, "SELECT int4 'canary'")
        await server.stop()

        assert [line for line in lines if "canar" in line] == []

    @pytest.mark.usefixtures("as_root")
    async def test_a_folder_out_of_that_users_reach_is_refused_and_not_opened_up(self, reachable_folder: Path) -> None:
        closed = reachable_folder / "closed"
        closed.mkdir(mode=0o700)

        with pytest.raises(CannotRun, match="cannot be reached by the user with id"):
            await fast(closed / "postgres").start()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    @pytest.mark.usefixtures("as_root")
    async def test_binaries_out_of_that_users_reach_are_copied_beside_the_data(self, reachable_folder: Path) -> None:
        server = fast(reachable_folder / "postgres")
        await server.prepare()
        assert server._binaries is not None
        closed = reachable_folder / "closed"
        closed.mkdir(mode=0o700)
        (closed / "package").mkdir()
        hidden = type(server._binaries)(closed / "package" / "pginstall18")
        hidden.installation.symlink_to(server._binaries.installation)

        copied = hidden.within_reach(server.owner, server.home)

        assert copied.postgres == server.home / "binaries-18" / "package" / "pginstall18" / "bin" / "postgres"
        assert server.owner.can_reach(copied.postgres)
        assert not server.owner.can_reach(hidden.postgres)


class TestAfterAKill:
    async def test_a_killed_server_starts_again_with_all_that_was_committed(self, reachable_folder: Path) -> None:
        server = EmbeddedPostgres(reachable_folder / "postgres")
        await server.start()
        await run(server.url, "CREATE TABLE kept AS SELECT 42 AS number")
        assert server.child is not None
        # A backend in the middle of something holds the shared memory for a moment longer.
        sleeping = asyncio.create_task(run(server.url, "SELECT pg_sleep(30)"))
        while not await run(server.url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"):
            pass
        os.kill(server.child.pid, signal.SIGKILL)
        await server.child.wait()

        await server.start()
        kept = await run(server.url, "SELECT number FROM kept")
        await server.stop()
        await asyncio.gather(sleeping, return_exceptions=True)

        assert kept == 42

    async def test_a_lock_file_with_the_number_of_a_living_stranger_does_not_stop_it(
        self, reachable_folder: Path
    ) -> None:
        server = fast(reachable_folder / "postgres")
        await server.start()
        assert server.child is not None
        lock = (server.data / "postmaster.pid").read_text()
        await server.stop()
        (server.data / "postmaster.pid").write_text(lock.replace(str(server_number(lock)), "1", 1))

        await server.start()
        assert await run(server.url, "SELECT 1") == 1
        await server.stop()

    async def test_a_server_that_still_runs_is_ended_before_another_starts(self, reachable_folder: Path) -> None:
        orphan = fast(reachable_folder / "postgres")
        await orphan.start()
        assert orphan.child is not None

        server = fast(reachable_folder / "postgres")
        await server.start()
        await orphan.child.wait()
        assert await run(server.url, "SELECT 1") == 1
        await server.stop()


def server_number(lock: str) -> int:
    return int(lock.split("\n", 1)[0])
