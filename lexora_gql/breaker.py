"""Leaving alone what fails, so that nobody waits for it in vain: the circuit breaker of everything remote."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

State = Literal["open", "closed"]


class Resting(Exception):
    """Nothing was tried: it has failed a moment ago, or somebody else is finding out whether it still does."""


@dataclass(slots=True)
class Breaker:
    """Lets tries through until so many have failed in a row, or one was asked to wait; then none for a while.

    After the pause one try goes through, and no other before it is over: if it succeeds all go through again, if it
    fails there is another pause, and if it is given up the next one tries in its place.

        with breaker.attempt() as attempt:      # raises Resting
            ...
            attempt.succeeded()

    Attributes:
        failures_max: So many in a row begin a pause.
        pause_seconds: How long nothing is tried.
        asked_seconds_max: Who asks for a longer pause than that gets this one.
        told: Called when it opens or closes, with what it is then.
    """

    failures_max: int
    pause_seconds: float
    asked_seconds_max: float = 300.0
    clock: Callable[[], float] = time.monotonic
    told: Callable[[State], None] | None = None
    _failures: int = 0
    _until: float | None = None
    _probe: "Attempt | None" = None

    @property
    def is_open(self) -> bool:
        """Whether it has failed, and no try since has succeeded."""
        return self._until is not None

    @property
    def is_resting(self) -> bool:
        """Whether a try would not go through now."""
        return self._until is not None and (self._probe is not None or self.clock() < self._until)

    def attempt(self) -> "Attempt":
        """Let a try through, to be made inside its `with`.

        Raises:
            Resting: It does not go through.
        """
        if self.is_resting:
            raise Resting
        attempt = Attempt(self)
        if self._until is not None:
            self._probe = attempt
        return attempt

    def end(self, attempt: "Attempt") -> None:
        """Let the next one try, where this one was alone."""
        if self._probe is attempt:
            self._probe = None

    def succeeded(self) -> None:
        """Let all through."""
        was_open = self.is_open
        self._failures, self._until, self._probe = 0, None, None
        if was_open and self.told is not None:
            self.told("closed")

    def failed(self, retry_after_seconds: float | None = None) -> None:
        """Count a failure, which may begin a pause."""
        self._failures += 1
        pause = self.pause_seconds
        if retry_after_seconds is not None:
            pause = min(retry_after_seconds, self.asked_seconds_max)
        elif self._failures < self.failures_max and not self.is_open:
            return
        was_open = self.is_open
        self._until = max(self._until or 0.0, self.clock() + pause)
        if not was_open and self.told is not None:
            self.told("open")


@dataclass(slots=True, eq=False)
class Attempt:
    """One try; where it says nothing of how it went, nothing is learnt from it."""

    breaker: Breaker

    def succeeded(self) -> None:
        """Say that it went well."""
        self.breaker.succeeded()

    def failed(self, retry_after_seconds: float | None = None) -> None:
        """Say that it did not.

        Args:
            retry_after_seconds: How long it asks to be left alone.
        """
        self.breaker.failed(retry_after_seconds)

    def __enter__(self) -> "Attempt":
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""
        self.breaker.end(self)
