"""What a killed server leaves behind: for a moment, processes that still work in its folder."""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

WAIT_SECONDS = 5.0
POLL_SECONDS = 0.05


async def end_leftovers(program: str, folder: Path, signals: Sequence[signal.Signals]) -> None:
    """Wait until no process of an earlier server works in a folder.

    A lock file proves nothing: its number may be somebody else's by now (in a container it nearly always is), and
    when PostgreSQL's first process was killed, the others still hold the shared memory. So we ask who really works
    there: each server's processes have its data as their current directory. Our own lock on the data folder says
    that nobody else is starting a server in it.

    Args:
        program: The processes' name.
        folder: Their current directory.
        signals: Sent one after the other, each given `WAIT_SECONDS` to help.
    """
    for number in signals:
        running = await asyncio.to_thread(_working_in, folder, program)
        if not running:
            return
        for process in running:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        await asyncio.to_thread(_wait_until_gone, folder, program)


def _wait_until_gone(folder: Path, program: str) -> None:
    # Not by process number: one that init has not reaped yet still has its number, but works nowhere.
    patient_until = time.monotonic() + WAIT_SECONDS
    while _working_in(folder, program) and time.monotonic() < patient_until:
        time.sleep(POLL_SECONDS)


def _working_in(folder: Path, program: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != program:
            continue
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) == folder.resolve():
                found.append(process)
    return found
