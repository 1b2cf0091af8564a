"""The conversation so far, as the next answer sees it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked before, and its answer.

    Attributes:
        question: As asked.
        answer: As shown, markers included; empty where there was none.
    """

    question: str
    answer: str = ""
