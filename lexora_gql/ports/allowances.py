"""What each may use up, refilled as time goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket that everybody has one of; it is full at first.

    Attributes:
        name: Short and without a colon.
        capacity: What a full one holds, at least 1.
        per_second: What flows into it; more than 0.
    """

    name: str
    capacity: int
    per_second: float

    def __post_init__(self) -> None:
        if self.capacity < 1 or self.per_second <= 0 or ":" in self.name:
            message = f"There can be no {self}."
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Charge:
    """So much of an allowance, 0 or more."""

    allowance: Allowance
    amount: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the charges were taken, all of them or none.

    Attributes:
        is_granted: They were.
        retry_after_seconds: When they would be if nobody takes anything until then; 0.0 when they were.
        remaining: What is left, by the allowance's name, rounded down.
    """

    is_granted: bool
    retry_after_seconds: float
    remaining: Mapping[str, int]


class Allowances(Protocol):
    """Counts what was used up; every server sees the same."""

    async def take(self, owner: str, charges: Sequence[Charge]) -> Verdict:
        """Take all the charges from the owner's buckets, or none. Never raises.

        More than a bucket can hold is never granted; the wait is then the one until it is full.
        While the counts cannot be shared, each server counts for itself.

        Args:
            owner: Whose buckets.
            charges: At most one of each allowance.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
