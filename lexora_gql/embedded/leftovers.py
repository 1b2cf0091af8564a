"""What a killed PostgreSQL leaves behind: a lock file, and for a moment its backends."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import psutil

WAIT_SECONDS = 5.0


async def end_leftover_postgres(data: Path) -> None:
    """Wait until no process of an earlier server uses a cluster, then remove its lock file.

    The lock file alone proves nothing: its number may belong to somebody else by now (in a container it nearly
    always does), and when the postmaster was killed its backends still hold the shared memory. So we ask who
    really works in that folder; every PostgreSQL process does, as its current directory. Our own lock on the data
    folder says that no other `lexora up` is starting a server there.

    Args:
        data: The cluster's folder.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not (running := _working_in(data)):
            break
        for process in running:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        await asyncio.to_thread(psutil.wait_procs, running, WAIT_SECONDS)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _working_in(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "postgres":
            continue
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) == data.resolve():
                found.append(process)
    return found
