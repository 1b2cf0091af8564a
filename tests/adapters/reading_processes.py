"""Watching the processes that read files, for tests of the sandbox."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed

PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.005

Found = TypeVar("Found")


def ignore(_done: int, _total: int | None) -> None:
    """Nobody looks."""


class Stuck:
    """A file whose reading waits until somebody writes: a child that reads it hangs for as long as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "stuck.txt"
        os.mkfifo(self.path)
        # Opened for both, so that opening it for reading does not wait.
        self.descriptor = os.open(self.path, os.O_RDWR)

    def write(self, data: bytes) -> None:
        os.write(self.descriptor, data)
        self.close()

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


async def eventually(look: Callable[[], Found | None]) -> Found:
    """Return the first thing found that is true; a process has no event for what we wait for."""
    for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
        if found := look():
            return found
        await asyncio.sleep(LOOK_SECONDS)
    pytest.fail(f"nothing was found within {PATIENCE_SECONDS:.0f} seconds")


async def zygote_of(extractor: SandboxedExtractor) -> psutil.Process:
    """Return the process that forks the children, once there is one."""
    client = await eventually(lambda: extractor._zygote)
    return psutil.Process(client.process.pid)


async def reader_of(zygote: psutil.Process) -> psutil.Process:
    """Return the one child that reads a file, once there is one."""
    return (await eventually(zygote.children))[0]


async def ended(process: psutil.Process) -> bool:
    """Whether a process ends while we are patient."""
    return await eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


async def failure_of(extracting: "asyncio.Future[ExtractedText]") -> tuple[str, bool]:
    """Return the code that an extraction fails with, and whether it may be tried again."""
    with pytest.raises(ExtractionFailed) as failure:
        await extracting
    assert failure.value.message.endswith(".")
    return failure.value.code, failure.value.is_retryable


async def small_in(folder: Path) -> Path:
    """Return a file that is read in no time."""
    file = folder / "small.txt"
    await asyncio.to_thread(file.write_text, "Small.")
    return file


async def small(stuck: Stuck) -> Path:
    """Return a file that is read in no time, beside one that is not."""
    return await small_in(stuck.path.parent)


def open_descriptors(pid: int) -> list[str]:
    """Return what a process holds open: paths, or kinds for what has no path."""
    return [str(link.readlink()).partition(":")[0] for link in Path(f"/proc/{pid}/fd").iterdir()]
