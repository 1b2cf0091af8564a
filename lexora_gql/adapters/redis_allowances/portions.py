"""What a process knows of an owner's buckets, and what it has taken out of them in advance."""

from collections.abc import Sequence

from lexora_gql.adapters.redis_allowances.buckets import EASE, Line, Outcome
from lexora_gql.adapters.token_buckets import Account
from lexora_gql.ports.allowances import Allowance, Charge, Verdict

PORTION = 0.05
"""Of the capacity: what is asked for in advance."""

PORTION_SECONDS = 10.0
"""After so long it is given back at the next occasion, so that what is known of the others is never older."""


class Holding(Account):
    """The buckets as Redis last told them, and the portions beside them; `level` is both together."""

    __slots__ = ("_ends_at", "_held")

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[str, int] = {}
        self._ends_at = 0.0

    def level(self, allowance: Allowance, at: float) -> float:
        """Return what can be taken from a bucket, as far as is known here."""
        held = self._held.get(allowance.name, 0)
        return min(allowance.capacity, super().level(allowance, at) + held)

    def spend(self, charges: Sequence[Charge], at: float) -> bool:
        """Take all the charges from portions, or none."""
        held = self._held
        if at >= self._ends_at or any(held.get(charge.allowance.name, 0) < charge.amount for charge in charges):
            return False
        for charge in charges:
            held[charge.allowance.name] -= charge.amount
        return True

    def take_alone(self, charges: Sequence[Charge], at: float) -> Verdict:
        """Take all the charges without Redis, or none."""
        for charge in charges:
            self.set_level(charge.allowance, self.level(charge.allowance, at), at)
            self._held.pop(charge.allowance.name, None)
        return self.take(charges, at)

    def draw(self, charges: Sequence[Charge], at: float) -> list[Line]:
        """Return what to ask Redis for; portions are given back with it.

        New ones are asked for only if none of the buckets is near its end, and all portions will do for more than one
        charge such as these.
        """
        portions = [int(charge.allowance.capacity * PORTION) for charge in charges]
        is_easy = all(
            portion > charge.amount
            and self.level(charge.allowance, at) - charge.amount - portion >= charge.allowance.capacity * EASE
            for charge, portion in zip(charges, portions, strict=True)
        )
        return [
            Line(charge, self._held.pop(charge.allowance.name, 0), portion if is_easy else 0)
            for charge, portion in zip(charges, portions, strict=True)
        ]

    def learn(self, lines: Sequence[Line], outcome: Outcome, at: float) -> Verdict:
        """Take in what Redis has said, and return the verdict."""
        for line, level, portion in zip(lines, outcome.levels, outcome.portions, strict=True):
            allowance = line.charge.allowance
            self.set_level(allowance, level, at)
            if portion:
                self._held[allowance.name] = self._held.get(allowance.name, 0) + portion
                self._ends_at = at + PORTION_SECONDS
        charges = [line.charge for line in lines]
        wait_seconds = 0.0 if outcome.is_granted else self.wait_seconds(charges, at)
        return self.verdict(charges, wait_seconds, at)

    def regain(self, lines: Sequence[Line]) -> None:
        """Have back what was to be given back: Redis was not reached."""
        for line in lines:
            name = line.charge.allowance.name
            self._held[name] = self._held.get(name, 0) + line.returned
