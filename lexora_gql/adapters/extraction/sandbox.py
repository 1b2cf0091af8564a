"""Reading files where they can do no harm: each in a child process of its own, within limits."""

import asyncio
import itertools
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from lexora_gql.adapters.extraction import failures
from lexora_gql.adapters.extraction.limits import MEBIBYTE, Limits
from lexora_gql.adapters.extraction.receiving import Malformed, Receiver, Receiving
from lexora_gql.adapters.extraction.zygote_client import Exit, ZygoteClient, ZygoteLost
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed

Hears = TypeVar("Hears", bound=Receiving)

KILL_SECONDS = 2.0
ZYGOTES_A_FILE = 2
# A child that dies this close to its limit of memory has died of it: allocation in C aborts the process.
MEMORY_SHARE = 0.75
# A child that was given less of a core than this while its time ran out waited for the machine, not the machine for it.
BUSY_SHARE = 1 / 3

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Sandbox:
    """Forks a child for each file from a process that has every reader loaded.

    A child that dies takes only its own file with it. A zygote that dies is replaced, and the files that were being
    read are begun again once: they had no part in it, as far as anybody can tell.

    Attributes:
        limits: What one file may cost.
        modules: What is imported once for all children, beside the readers.
    """

    limits: Limits = field(default_factory=Limits)
    modules: tuple[str, ...] = ()
    _zygote: ZygoteClient | None = None
    _is_closed: bool = False
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _jobs: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def run(self, path: Path, wanted: str, receiver: Hears) -> tuple[Hears, Exit]:
        """Have one child read a file.

        Args:
            path: A local file, only read.
            wanted: Decides the reader.
            receiver: Of what the child says.

        Returns:
            The receiver that heard the child, perhaps another, and how the child ended.

        Raises:
            ExtractionFailed: PARSER_CRASHED.
        """
        for _ in range(ZYGOTES_A_FILE):
            receiver = receiver.begin_again()
            try:
                zygote = await self._ready()
                # Opened anew each time: children share the place in the file with whoever opened it.
                file = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    ended = await self._attempt(zygote, file, wanted, receiver)
                finally:
                    os.close(file)
            except ZygoteLost:
                continue
            _tell(ended, wanted)
            return receiver, ended
        raise failures.crashed()

    async def prepare(self) -> None:
        """Start the zygote, which takes most of a second; the first file starts another should it be lost."""
        with suppress(ZygoteLost):
            await self._ready()

    async def aclose(self) -> None:
        """End every child; what is being read fails, and nothing is read any more."""
        self._is_closed = True
        async with self._starting:
            zygote, self._zygote = self._zygote, None
            if zygote is not None:
                await zygote.aclose()

    async def _ready(self) -> ZygoteClient:
        async with self._starting:
            if self._is_closed:
                raise ZygoteLost
            if self._zygote is None or self._zygote.is_lost:
                if self._zygote is not None:
                    await self._zygote.aclose()
                    self._zygote = None
                self._zygote = await ZygoteClient.start(self.limits, self.modules)
            return self._zygote

    async def _attempt(self, zygote: ZygoteClient, file: int, wanted: str, receiver: Receiving) -> Exit:
        """Let one child read; return how it ended."""
        job = next(self._jobs)
        reading, writing = os.pipe2(os.O_CLOEXEC)
        pipe = os.fdopen(reading, "rb", buffering=0)
        try:
            ended = zygote.read(job, wanted, file, writing)
        finally:
            os.close(writing)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            async with asyncio.timeout(self.limits.wall_seconds):
                await receiver.receive(reader)
                return await asyncio.shield(ended)
        except TimeoutError:
            # A zygote that cannot even kill was perhaps not reading either: no verdict on the file.
            if not await self._end(zygote, job, ended):
                raise ZygoteLost from None
            return replace(ended.result(), is_overdue=True)
        except Malformed:
            raise failures.crashed() from None
        finally:
            transport.close()
            if not ended.done():
                await self._end(zygote, job, ended)

    async def _end(self, zygote: ZygoteClient, job: int, ended: asyncio.Future[Exit]) -> bool:
        """Kill a child, with its zygote if that does not do it; return whether the zygote did."""
        zygote.kill(job)
        done, _ = await asyncio.wait([ended], timeout=KILL_SECONDS)
        if not done:
            zygote.abandon()
        return bool(done)

    def reason(self, ended: Exit) -> ExtractionFailed:
        """Return why a child has not told all: what its end says."""
        if ended.is_overdue and ended.cpu_seconds < self.limits.wall_seconds * BUSY_SHARE:
            return failures.starved(self.limits)
        if ended.is_overdue or ended.status == -signal.SIGXCPU or ended.cpu_seconds >= self.limits.cpu_seconds:
            return failures.out_of_time(self.limits)
        if ended.status < 0 and ended.memory_bytes >= self.limits.memory_bytes * MEMORY_SHARE:
            return failures.out_of_memory(self.limits)
        return failures.crashed()


@dataclass(slots=True)
class SandboxedExtractor(Sandbox):
    """A TextExtractor whose files can do no harm."""

    async def extract(
        self, path: Path, media_type: str, on_progress: Callable[[int, int | None], None]
    ) -> ExtractedText:
        """Return the text of a file; see `TextExtractor.extract`."""
        receiver, ended = await self.run(path, media_type, Receiver(on_progress))
        return self._verdict(receiver, ended)

    def _verdict(self, receiver: Receiver, ended: Exit) -> ExtractedText:
        """Return the text, whatever became of the child after it had told all of it.

        Raises:
            ExtractionFailed: There is no text.
        """
        if receiver.found is not None:
            return receiver.found
        if receiver.failure is not None:
            raise receiver.failure
        raise self.reason(ended)


def _tell(ended: Exit, media_type: str) -> None:
    """Log what a file has cost, so that whoever runs this sees how near files come to the limits."""
    log.info(
        "file_read",
        # Without the places on a page, which are of no use to anybody here.
        media_type=media_type.partition("=")[0],
        exit_status=ended.status,
        memory_mebibytes=round(ended.memory_bytes / MEBIBYTE),
        cpu_seconds=round(ended.cpu_seconds, 3),
    )
