import asyncio
import os
import signal
import stat
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from lexora_gql.embedded.redis import EmbeddedRedis


async def put_and_get(url: str, key: str, value: str) -> str:
    client = Redis.from_url(url, decode_responses=True)
    try:
        await client.set(key, value)
        return str(await client.get(key))
    finally:
        await client.aclose()


class TestStart:
    async def test_two_in_different_folders_do_not_meet(self, reachable_folder: Path) -> None:
        one, other = EmbeddedRedis(reachable_folder / "one"), EmbeddedRedis(reachable_folder / "other")
        await asyncio.gather(one.start(), other.start())
        stored = await put_and_get(one.url, "key", "mine")
        client = Redis.from_url(other.url)
        seen = await client.get("key")
        await client.aclose()
        await asyncio.gather(one.stop(), other.stop())

        assert (stored, seen) == ("mine", None)

    async def test_a_deep_folder_with_spaces_gets_a_short_plain_socket(self, reachable_folder: Path) -> None:
        home = reachable_folder / "a folder of Zoë's" / ("deep" * 30)
        home.parent.mkdir(mode=0o711)
        server = EmbeddedRedis(home)
        await server.start()
        stored = await put_and_get(server.url, "key", "value")
        url = server.url
        await server.stop()

        assert stored == "value"
        assert " " not in url
        assert len(url.removeprefix("unix://")) <= 107

    async def test_a_killed_server_starts_again_at_the_same_address(self, reachable_folder: Path) -> None:
        server = EmbeddedRedis(reachable_folder / "redis")
        await server.start()
        url = server.url
        assert server.child is not None
        os.kill(server.child.pid, signal.SIGKILL)
        await server.child.wait()

        await server.start()
        assert server.url == url
        assert await put_and_get(url, "key", "value") == "value"
        await server.stop()


class TestAccess:
    async def test_its_socket_is_private_and_it_listens_on_no_port(self, reachable_folder: Path) -> None:
        server = EmbeddedRedis(reachable_folder / "redis")
        await server.start()
        assert server.child is not None
        process = psutil.Process(server.child.pid)
        listening, user = process.net_connections("inet"), process.uids().real
        modes = [
            stat.S_IMODE(path.stat().st_mode) for path in (server.home, server.socket, server.socket / "redis.sock")
        ]
        await server.stop()

        assert listening == []
        assert modes == [0o700, 0o700, 0o700]
        assert user == (server.owner.uid if server.owner.is_another else os.geteuid())

    async def test_memory_is_bounded_and_nothing_is_written_to_disk(self, reachable_folder: Path) -> None:
        server = EmbeddedRedis(reachable_folder / "redis")
        await server.start()
        client = Redis.from_url(server.url, decode_responses=True)
        settings: dict[str, str] = {}
        for name in ("maxmemory", "maxmemory-policy", "save", "appendonly"):
            settings |= await client.config_get(name)
        await client.set("key", "value")
        await client.aclose()
        await server.stop()

        assert settings == {
            "maxmemory": str(256 * 1024 * 1024),
            "maxmemory-policy": "allkeys-lru",
            "save": "",
            "appendonly": "no",
        }
        assert sorted(path.name for path in server.home.iterdir()) == ["socket"]


@pytest.mark.usefixtures("as_root")
class TestAsRoot:
    async def test_it_runs_as_a_user_without_privileges(self, reachable_folder: Path) -> None:
        server = EmbeddedRedis(reachable_folder / "redis")
        await server.start()
        assert server.child is not None
        user = psutil.Process(server.child.pid).uids().real
        await server.stop()

        assert user == server.owner.uid
        assert user != 0
