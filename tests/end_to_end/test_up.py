"""`lexora up` with the real API and worker: the main job, every child killed, stopped, and started again."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.adapters.slides import PPTX, TITLE_AND_CONTENT, deck, saved, slide
from tests.end_to_end.client import Client

READY = {"status": "ready", "reasons": [], "degraded": []}
PATIENCE_SECONDS = 60.0
CHILDREN = ("postgres", "redis-server", "lexora_gql serve", "lexora_gql work")


class Running:
    """One `lexora up` and what it started."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.data = data
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        own = {"DATA_DIR": str(self.data), "PORT": str(self.port), "LOG_FORMAT": "json"}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        with (self.data.parent / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "lexora_gql", "up"], env={**inherited, **own}, stdout=log, stderr=log
            )

    def child(self, name: str) -> psutil.Process | None:
        """Return the child whose command line holds a name."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            try:
                if name in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                    return child
            except psutil.NoSuchProcess:
                continue
        return None

    async def ready(self) -> None:
        """Wait until requests can be served and nothing is missing."""
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    if (await http.get(f"{self.address}/ready", timeout=5.0)).json() == READY:
                        return
                except (httpx.HTTPError, ValueError):
                    pass
                await asyncio.sleep(0.1)

    async def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 15)


@pytest.fixture
def running(servers_folder: Path) -> Iterator[Running]:
    folder = servers_folder / secrets.token_hex(4)
    folder.mkdir(mode=0o711)
    running = Running(folder / "data")
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()
        running.process.wait()


async def read_and_ask(client: Client, folder: Path, words: str) -> None:
    """Upload a document, follow it to READY, ask, and get its words quoted."""
    path = folder / f"{secrets.token_hex(4)}.txt"
    await asyncio.to_thread(path.write_text, f"The {words} is kept in the cellar of the town hall.\n", "utf-8")
    accepted = await client.upload(path)
    [state] = (await client.finished(accepted["document"]["id"])).values()
    assert state["status"] == "READY"
    answer = await client.ask(f"Where is the {words} kept?")
    assert answer["status"] == "COMPLETED"
    assert [cited["verification"] for cited in answer["citations"]] == ["EXACT"]
    assert words in answer["content"]


async def cite_a_slide(client: Client) -> None:
    """Upload slides, and ask for what stands on the second."""
    made = deck()
    slide(made, TITLE_AND_CONTENT, "Instruments", "All of them are polished on Fridays.")
    slide(made, TITLE_AND_CONTENT, "Woodwind", "The ivory piccolo is kept in the attic of the museum.")
    data = saved(made)
    document = (await client.upload_bytes(data, "instruments.pptx"))["document"]
    state = (await client.finished(document["id"]))[document["id"]]
    assert (state["status"], state["pageCount"]) == ("READY", 2), state

    answer = await client.ask("Where is the ivory piccolo kept?")

    [citation] = answer["citations"]
    assert (citation["filename"], citation["page"]) == ("instruments.pptx", 2)
    assert "The ivory piccolo is kept in the attic of the museum." in citation["quote"]
    async with httpx.AsyncClient(trust_env=False) as http:
        original = await http.get((await client.run("Document", id=document["id"]))["document"]["downloadUrl"])
    assert (original.content, original.headers["content-type"]) == (data, PPTX)
    assert original.headers["content-disposition"].startswith('attachment; filename="instruments.pptx"')


async def test_the_main_job_goes_on_through_kills_a_stop_and_another_start(running: Running, tmp_path: Path) -> None:
    await running.ready()
    client = Client(running.address)
    await client.register()
    await read_and_ask(client, tmp_path, "silver bell")
    await cite_a_slide(client)

    for number, name in enumerate(CHILDREN):
        killed = running.child(name)
        assert killed is not None, name
        killed.kill()
        async with asyncio.timeout(PATIENCE_SECONDS):
            # Another process starts it: there is nothing to wait for but time.
            while (back := running.child(name)) is None or back.pid == killed.pid:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.05)
        await running.ready()
        await read_and_ask(client, tmp_path, f"brass horn {number}")

    assert running.process is not None
    family = psutil.Process(running.process.pid).children(recursive=True)
    assert await running.stop() == 0
    _, alive = psutil.wait_procs(family, timeout=1)
    assert alive == []

    running.start()
    await running.ready()
    documents = (await client.run("Documents", first=50))["documents"]
    assert documents["totalCount"] == 2 + len(CHILDREN)
    answer = await client.ask("Where is the silver bell kept?")
    assert "silver bell" in answer["content"]
    assert await running.stop() == 0
    await client.close()
