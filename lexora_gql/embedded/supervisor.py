"""Keeps child processes running, and ends them in order."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from lexora_gql.embedded.child import Child, Command, Write
from lexora_gql.embedded.errors import CannotRun

READY_SECONDS = 60.0
POLL_SECONDS = 0.05
FAILURES_AT_FIRST_MAX = 3
DELAY_SECONDS_MIN = 0.1
DELAY_SECONDS_MAX = 5.0
# Whoever has run for so long is not in a loop of crashes.
STEADY_SECONDS = 10.0


class Supervised(Protocol):
    """What can be kept running."""

    @property
    def name(self) -> str:
        """Stands in front of each line of output."""

    @property
    def command(self) -> Command:
        """How it is run, known once prepared."""

    async def prepare(self) -> None:
        """Do what is needed before every start; may raise `CannotRun`."""

    async def is_ready(self) -> bool:
        """Return whether it does its work."""


class Keeper:
    """Keeps one process running until told to stop."""

    def __init__(self, supervised: Supervised, write: Write) -> None:
        self.supervised = supervised
        self.child: Child | None = None
        self._write = write
        self._stopping = asyncio.Event()
        self._has_been_ready = False
        self._failures = 0
        self._last_words = ""
        self._running = asyncio.create_task(self._keep_running())

    async def wait_until_ready(self) -> None:
        """Wait until the process does its work for the first time.

        Raises:
            CannotRun: It ends again and again, or takes longer than `READY_SECONDS`.
        """
        name = self.supervised.name
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not (self.child and not self.child.has_ended and await self.supervised.is_ready()):
                    if self._running.done():
                        await self._running
                        raise CannotRun(f"{name} does not start: {self._last_words}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise CannotRun(f"{name} is not ready after {READY_SECONDS:.0f} seconds.") from None
        self._has_been_ready = True

    async def stop(self) -> None:
        """End the process for good."""
        self._stopping.set()
        with suppress(CannotRun, OSError):
            await self._running

    def kill(self) -> None:
        """End the process at once and for good; `stop` still has to be awaited."""
        self._stopping.set()
        if self.child is not None:
            self.child.kill()

    async def _keep_running(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            outcome = await self._run_once()
            if self._stopping.is_set():
                return
            self._failures = 1 if time.monotonic() - started >= STEADY_SECONDS else self._failures + 1
            if not self._has_been_ready and self._failures >= FAILURES_AT_FIRST_MAX:
                return
            delay = min(DELAY_SECONDS_MIN * 2 ** (self._failures - 1), DELAY_SECONDS_MAX)
            self._write(self.supervised.name, f"{outcome}; starting it again in {delay:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), timeout=delay)

    async def _run_once(self) -> str:
        """Run the process to its end, or to ours; return how it went."""
        try:
            await self.supervised.prepare()
            child = self.child = await Child.start(self.supervised.command, self._write)
        except (CannotRun, OSError) as error:
            if not self._has_been_ready:
                raise
            return str(error)
        stopping = asyncio.create_task(self._stopping.wait())
        ended = asyncio.create_task(child.wait())
        try:
            await asyncio.wait((stopping, ended), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await child.stop()
            code = await ended
        finally:
            stopping.cancel()
            # What it started itself must not outlive it, or the next one finds its place taken.
            child.kill()
        self._last_words = " ".join(child.last_lines)
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


class Supervisor:
    """Starts processes group by group, and ends them in the opposite order."""

    def __init__(self, write: Write) -> None:
        """Take what passes on output.

        Args:
            write: Gets a process's name and a line without its end.
        """
        self._write = write
        self._groups: list[list[Keeper]] = []

    async def start(self, group: Sequence[Supervised]) -> None:
        """Start processes side by side, wait until all are ready, and keep them running from then on.

        Raises:
            CannotRun: One of them does not start; the others are left for `stop`.
        """
        keepers = [Keeper(supervised, self._write) for supervised in group]
        self._groups.append(keepers)
        waiting = [asyncio.create_task(keeper.wait_until_ready()) for keeper in keepers]
        try:
            await asyncio.gather(*waiting)
        finally:
            for task in waiting:
                task.cancel()

    async def stop(self) -> None:
        """End all processes, the last group first; within a group, all at once and in the group's order."""
        while self._groups:
            await asyncio.gather(*(keeper.stop() for keeper in self._groups[-1]))
            self._groups.pop()

    def kill(self) -> None:
        """End all processes at once; `stop` still has to be awaited."""
        for keeper in [keeper for group in self._groups for keeper in group]:
            keeper.kill()

    def process_numbers(self) -> dict[str, int]:
        """Return the numbers of the processes that run now, by name."""
        keepers = [keeper for group in self._groups for keeper in group]
        return {
            keeper.supervised.name: keeper.child.pid
            for keeper in keepers
            if keeper.child is not None and not keeper.child.has_ended
        }
