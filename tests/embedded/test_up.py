import shlex
import signal
import socket
import stat
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.embedded.running_up import RunningUp, free_port

LEADERS = ("bin/postgres", "redis-server", "tiny_program serve", "tiny_program work")


@pytest.fixture(scope="class")
async def up(tmp_path_factory: pytest.TempPathFactory, servers_folder: Path) -> AsyncIterator[RunningUp]:
    running = await RunningUp.start(servers_folder / tmp_path_factory.mktemp("up").name)
    await running.ready()
    yield running
    await running.end(signal.SIGKILL)


def still_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return which run; one that has ended and waits for init to notice does not."""
    alive = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive


class TestWhileItRuns:
    async def test_it_says_where_everything_is(self, up: RunningUp) -> None:
        text = "\n".join(up.lines)

        assert f"  Playground   http://127.0.0.1:{up.port}/graphql\n" in text
        assert f"  Metrics      http://127.0.0.1:{up.port}/metrics\n" in text
        assert "\x1b" not in text

    async def test_it_gives_a_first_request_that_a_shell_understands(self, up: RunningUp) -> None:
        [line] = [line for line in up.lines if line.strip().startswith("curl")]
        words = shlex.split(line)

        assert words[:3] == ["curl", "-s", f"http://127.0.0.1:{up.port}/graphql"]
        assert "register(input: $input)" in words[-1]

    async def test_children_get_five_seconds_of_grace(self, up: RunningUp) -> None:
        assert (await up.answer()).split()[2] == "5.0"

    @pytest.mark.parametrize("part", LEADERS)
    async def test_a_killed_child_comes_back(self, up: RunningUp, part: str) -> None:
        killed = await up.leader(part)
        killed.kill()
        await up.line("was ended by signal 9; starting it again")

        assert (await up.answer()).split()[0] == "1"
        assert (await up.leader(part, other_than=killed.pid)).is_running()

    async def test_another_on_the_same_folder_is_told_in_one_line(self, up: RunningUp) -> None:
        data_dir = (await up.leader("tiny_program serve")).environ()["DATA_DIR"]
        other = await RunningUp.start(Path(data_dir))

        assert await other.rest() == 1
        assert other.lines == [f"lexora: Another `lexora up` (process {up.process.pid}) is running on {data_dir}."]

    async def test_another_on_another_folder_runs_beside_it(self, up: RunningUp, reachable_folder: Path) -> None:
        other = await RunningUp.start(reachable_folder / "data")
        await other.ready()
        answers = await other.answer(), await up.answer()
        code = await other.end()

        assert code == 0
        assert [answer.split()[0] for answer in answers] == ["1", "1"]
        assert answers[0].split()[1] != answers[1].split()[1]


class TestStart:
    async def test_a_taken_port_is_said_before_anything_starts(self, reachable_folder: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = int(taken.getsockname()[1])
            up = await RunningUp.start(reachable_folder / "data", port=port)
            code = await up.rest()

        assert (code, up.lines) == (1, [f"lexora: PORT: {port} is taken on 127.0.0.1; set PORT to another one."])
        assert sorted(path.name for path in (reachable_folder / "data").iterdir()) == ["lock"]

    async def test_an_address_of_another_machine_is_said_in_one_line(self, reachable_folder: Path) -> None:
        up = await RunningUp.start(reachable_folder / "data", HOST="192.0.2.1")

        assert await up.rest() == 1
        assert up.lines == ["lexora: HOST: 192.0.2.1 is not an address of this machine."]

    async def test_production_takes_no_generated_key(self, reachable_folder: Path) -> None:
        up = await RunningUp.start(reachable_folder / "data", ENVIRONMENT="production")

        assert await up.rest() == 1
        assert up.lines == [
            "lexora: SECRET_KEY: is not set; ENVIRONMENT=production takes no generated one.",
        ]

    async def test_a_second_start_finds_data_and_key_again(self, reachable_folder: Path) -> None:
        data_dir = reachable_folder / "a folder"
        answers, seconds = [], []
        for _ in range(2):
            began = time.monotonic()
            up = await RunningUp.start(data_dir)
            await up.ready()
            seconds.append(time.monotonic() - began)
            answers.append((await up.answer()).split())
            assert await up.end(signal.SIGINT) == 0

        assert [answer[0] for answer in answers] == ["1", "2"]
        assert answers[0][1] == answers[1][1] == (data_dir / "secret_key").read_text()
        assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
        assert seconds[1] < 15

    async def test_a_migration_that_fails_ends_it(self, reachable_folder: Path) -> None:
        up = await RunningUp.start(reachable_folder / "data", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")

        assert await up.rest() == 1
        assert up.lines[-1] == "lexora: The database cannot be brought up to date (exit code 1); see above."


class TestEnd:
    async def test_a_signal_ends_all_in_order_within_ten_seconds(self, reachable_folder: Path) -> None:
        up = await RunningUp.start(reachable_folder / "data", SHUTDOWN_GRACE_SECONDS="4")
        await up.ready()
        tree, answer = up.tree(), await up.answer()
        began = time.monotonic()
        code = await up.end()

        assert code == 0
        assert time.monotonic() - began < 10
        assert answer.split()[2] == "4.0"
        assert len(tree) > len(LEADERS)
        assert still_alive(tree) == []
        assert sorted(line for line in up.lines if "good order" in line) == [
            "api      | serve has ended in good order",
            "migrate  | migrate has ended in good order",
            "worker   | work has ended in good order",
        ]

    async def test_a_signal_during_the_start_ends_it_too(self, reachable_folder: Path) -> None:
        up = await RunningUp.start(reachable_folder / "data")
        tree = await up.first_children()

        assert await up.end() == 0
        assert still_alive(tree) == []

    async def test_children_do_not_outlive_a_killed_parent(self, reachable_folder: Path) -> None:
        port = free_port()
        up = await RunningUp.start(reachable_folder / "data", port=port)
        await up.ready()
        tree = up.tree()
        await up.end(signal.SIGKILL)
        again = await RunningUp.start(reachable_folder / "data", port=port)
        await again.ready()
        alive = still_alive(tree)
        starts = (await again.answer()).split()[0]
        await again.end()

        assert alive == []
        assert starts == "2"
