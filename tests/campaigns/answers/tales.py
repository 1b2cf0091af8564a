"""What the model says, and a provider that says to each question what was made up for it."""

import random
import re
from dataclasses import dataclass, field

from tests.openai_server import Recorded, Reply, ScriptedOpenAI, Step

QUESTION = "When does the canteen of the wombatorium open? This is question number {number}."
NUMBER = re.compile(r"This is question number (\d+)\.")
# Characters of one to four bytes, some that count as two in other languages, and separators that end no line here.
WORDS = (
    "noon ",
    "opens, ",
    "größer ",
    "кухня ",
    "食堂は",
    "مطعم ",
    "👩‍🍳 ",
    "é ",
    "𝔸 ",
    "line\nfeed ",
    "\u2028",
    "a\tb ",
)
# A marker comes in pieces as well.
MARKER = ("so it says [", "1", "] ")
MARKERS = 0.1


@dataclass(frozen=True, slots=True)
class Tale:
    """An answer that the model is going to give.

    Attributes:
        pause_seconds: Before each piece.
    """

    pieces: tuple[str, ...]
    pause_seconds: float

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


def make_up(chance: random.Random, *, pieces: int, pause_seconds: float) -> Tale:
    """Return a tale of about so many pieces, no two places of which look alike."""
    told: list[str] = ["The canteen "]
    while len(told) < pieces:
        told += MARKER if chance.random() < MARKERS else (chance.choice(WORDS), f"{chance.randrange(10**6)} ")
    return Tale((*told, "and that is the end."), pause_seconds)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the tales, by the question's number."""

    tales: dict[int, Tale] = field(default_factory=dict)
    requests: dict[int, Recorded] = field(default_factory=dict)


class Narrator(ScriptedOpenAI):
    """A provider that knows the questions by their numbers, whatever order they come in."""

    def __init__(self, told: Told) -> None:
        """Prepare.

        Args:
            told: Where the tales are, and where requests are noted.
        """
        super().__init__()
        self._told = told

    def _reply_from_prompt(self, record: Recorded) -> Reply:
        found = NUMBER.findall(record.prompt)
        number = int(found[-1])
        self._told.requests[number] = record
        tale = self._told.tales[number]
        steps: list[Step] = [step for piece in tale.pieces for step in (tale.pause_seconds, piece)]
        return Reply(*steps)
