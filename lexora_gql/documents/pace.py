"""How long a document may still take, by what was measured: of itself, and of the worker's documents before it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lexora_gql.documents.models import IngestionStage

# Older measurements count for so much less with each new one: stretches of a document differ, and so do documents.
DECAY = 0.9
# What a passage takes where nothing is measured yet, on one core; of the embedder nobody can know.
PRIOR = {IngestionStage.CHUNKING: 0.0002, IngestionStage.INDEXING: 0.001}
# A step that takes so much longer than expected tells that something hangs; short ones are late by chance.
LATE_FACTOR, LATE_SECONDS = 3.0, 3.0


@dataclass(slots=True)
class Rate:
    """A ratio of sums, such as seconds to pages, that forgets slowly; steps of any size count by their size."""

    above: float = 0.0
    below: float = 0.0

    def learn(self, above: float, below: float) -> None:
        """Add a measurement."""
        self.above = self.above * DECAY + above
        self.below = self.below * DECAY + below

    @property
    def value(self) -> float | None:
        """The ratio; None while nothing was measured."""
        return self.above / self.below if self.below > 0 else None


@dataclass(slots=True)
class Pace:
    """What this worker's documents took, by media type: the slots share one."""

    seconds: dict[tuple[str, IngestionStage], Rate] = field(default_factory=dict)
    passages_a_page: dict[str, Rate] = field(default_factory=dict)

    def seconds_a_unit(self, media_type: str, stage: IngestionStage) -> Rate:
        """Return how long a page takes while PARSING, a passage afterwards."""
        return self.seconds.setdefault((media_type, stage), Rate())

    def passages(self, media_type: str) -> Rate:
        """Return how many passages a page makes."""
        return self.passages_a_page.setdefault(media_type, Rate())


@dataclass(slots=True)
class Estimate:
    """How long one document may still take."""

    pace: Pace
    media_type: str
    now: Callable[[], float] = time.monotonic
    _stage: IngestionStage = IngestionStage.QUEUED
    _done: int = 0
    _total: int | None = None
    _pages: int | None = None
    _stage_began: float = 0.0
    _step_began: float = 0.0
    _step: int = 1
    _own: Rate = field(default_factory=Rate)

    def report(self, stage: IngestionStage, done: int, total: int | None) -> None:
        """Say how far the work is, as often as there is news."""
        at = self.now()
        if stage is not self._stage:
            self._leave(at, total)
            self._stage, self._done, self._own, self._step = stage, 0, Rate(), 1
            self._stage_began = self._step_began = at
        if done > self._done:
            self._step = done - self._done
            self._own.learn(at - self._step_began, self._step)
            self._done, self._step_began = done, at
        self._total = total

    def remaining_seconds(self) -> float | None:
        """Return how long it may still take from now on; None while that cannot be said."""
        here, later = self._of_this_stage(), self._of_later_stages()
        return here + later if here is not None and later is not None else None

    def end(self) -> None:
        """Learn from a document that has come to its end."""
        self._leave(self.now(), None)

    def _leave(self, at: float, next_total: int | None) -> None:
        """Learn from a stage that is over; of CHUNKING the next one tells how many passages it made."""
        units = next_total if self._stage is IngestionStage.CHUNKING else self._total
        if self._stage is IngestionStage.PARSING:
            self._pages = self._total
        elif self._stage is IngestionStage.CHUNKING and units and self._pages:
            self.pace.passages(self.media_type).learn(units, self._pages)
        if units:
            self.pace.seconds_a_unit(self.media_type, self._stage).learn(at - self._stage_began, units)

    def _seconds_a_unit(self, stage: IngestionStage) -> float | None:
        known = self.pace.seconds_a_unit(self.media_type, stage).value
        return known if known is not None else PRIOR.get(stage)

    def _expected_passages(self) -> float | None:
        if self._stage in {IngestionStage.EMBEDDING, IngestionStage.INDEXING}:
            return self._total
        pages = self._total if self._stage is IngestionStage.PARSING else self._pages
        a_page = self.pace.passages(self.media_type).value
        return pages * a_page if pages is not None and a_page is not None else None

    def _of_this_stage(self) -> float | None:
        total = self._expected_passages() if self._stage is IngestionStage.CHUNKING else self._total
        rate = self._own.value
        if rate is None:
            rate = self._seconds_a_unit(self._stage)
        if total is None or rate is None:
            return None
        waited = self.now() - self._step_began
        if waited > max(LATE_FACTOR * self._step * rate, LATE_SECONDS):
            return None
        return max((total - self._done) * rate - waited, 0.0)

    def _of_later_stages(self) -> float | None:
        stages = list(IngestionStage)
        later = [stage for stage in stages[stages.index(self._stage) + 1 :] if stage is not IngestionStage.DONE]
        if not later:
            return 0.0
        passages = self._expected_passages()
        rates = [self._seconds_a_unit(stage) for stage in later]
        if passages is None or None in rates:
            return None
        return passages * sum(rate for rate in rates if rate is not None)
