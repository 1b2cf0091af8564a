"""What a reader saw of one answer, over all the lines that were cut."""

from dataclasses import dataclass, field
from itertools import pairwise

SOURCES, TEXT, FINISHED = "AnswerSources", "AnswerText", "AnswerFinished"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event.

    Attributes:
        at: By the clock of `time.monotonic`.
        status: Of the finished answer.
        content: Of the finished answer.
    """

    kind: str
    at: float
    cursor: str = ""
    offset: int = 0
    text: str = ""
    status: str = ""
    content: str = ""


@dataclass(slots=True)
class View:
    """All that a reader saw.

    Attributes:
        began_at: When the reader began.
        lines: How many it took.
        cuts: Lines that the reader cut.
        losses: Lines that were lost, or that the reader gave up because nothing came.
        ways: By which it was followed.
    """

    began_at: float
    events: list[Seen] = field(default_factory=list)
    lines: int = 0
    cuts: int = 0
    losses: int = 0
    ways: set[str] = field(default_factory=set)

    @property
    def cursor(self) -> str | None:
        """Where to go on."""
        return self.events[-1].cursor if self.events else None

    @property
    def finished(self) -> Seen | None:
        """The first terminal event."""
        return next((event for event in self.events if event.kind == FINISHED), None)

    @property
    def texts(self) -> int:
        """How many pieces of text were seen."""
        return sum(event.kind == TEXT for event in self.events)

    @property
    def silence_seconds(self) -> float:
        """The longest time in which nothing was seen."""
        times = [self.began_at, *(event.at for event in self.events)]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as PostgreSQL has it."""

    status: str
    content: str
