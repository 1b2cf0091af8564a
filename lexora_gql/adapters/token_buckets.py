"""Buckets in the memory of one process."""

from collections.abc import Sequence

from lexora_gql.ports.allowances import Allowance, Charge, Verdict

ROUNDING = 1e-6
"""What a level may lack because fractions are not exact."""


class Account:
    """The buckets of one owner; one that nothing is known of is full."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        # By the allowance's name: what was there, and when.
        self._levels: dict[str, tuple[float, float]] = {}

    def level(self, allowance: Allowance, at: float) -> float:
        """Return what is in a bucket."""
        known = self._levels.get(allowance.name)
        if known is None:
            return allowance.capacity
        level, since = known
        # A clock that was set back takes nothing away.
        return min(allowance.capacity, level + max(0.0, at - since) * allowance.per_second)

    def set_level(self, allowance: Allowance, level: float, at: float) -> None:
        """Say what is in a bucket."""
        self._levels[allowance.name] = (level, at)

    def wait_seconds(self, charges: Sequence[Charge], at: float) -> float:
        """Return how long it takes until all the charges can be taken; 0.0 when they can be now."""
        return max((self._wait_seconds(charge, at) for charge in charges), default=0.0)

    def take(self, charges: Sequence[Charge], at: float) -> Verdict:
        """Take all the charges, or none."""
        wait_seconds = self.wait_seconds(charges, at)
        if not wait_seconds:
            for charge in charges:
                self.set_level(charge.allowance, max(0.0, self.level(charge.allowance, at) - charge.amount), at)
        return self.verdict(charges, wait_seconds, at)

    def verdict(self, charges: Sequence[Charge], wait_seconds: float, at: float) -> Verdict:
        """Return the verdict on charges that were taken, or have to wait."""
        remaining = {charge.allowance.name: int(self.level(charge.allowance, at) + ROUNDING) for charge in charges}
        return Verdict(not wait_seconds, wait_seconds, remaining)

    def _wait_seconds(self, charge: Charge, at: float) -> float:
        allowance, level = charge.allowance, self.level(charge.allowance, at)
        if charge.amount <= level + ROUNDING:
            return 0.0
        missing = min(charge.amount, allowance.capacity) - level
        # More than a full bucket holds has no time at which to come again; the one of filling it is as good as any.
        return (missing if missing > ROUNDING else allowance.capacity) / allowance.per_second
