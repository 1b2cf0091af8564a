"""How much of the server each may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lexora_gql.accounts.addresses import network_key
from lexora_gql.errors import Throttled
from lexora_gql.ports.allowances import Allowance, Allowances, Charge
from lexora_gql.settings import Settings
from lexora_gql.telemetry.metrics import Metrics

MINUTE_SECONDS = 60.0
ADDRESS_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """What somebody who was admitted has left.

    Attributes:
        points: What the operation cost.
        available: Points that are left.
        capacity: Points of somebody who has used none.
        per_second: Points that come back.
        reset_seconds: Until all of them are back.
    """

    points: int
    available: int
    capacity: int
    per_second: float
    reset_seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What each may use up, and how fast it comes back."""

    points: Allowance
    operations: Allowance
    uploads: Allowance

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the limits that the settings ask for."""
        points_per_second = settings.query_cost_per_minute / MINUTE_SECONDS
        return cls(
            Allowance("points", settings.query_cost_burst, points_per_second),
            _per_minute("operations", settings.query_limit_per_minute),
            _per_minute("uploads", settings.upload_limit_per_minute),
        )


@dataclass(frozen=True, slots=True)
class Throttling:
    """Admits operations; stateless, one instance serves every request."""

    allowances: Allowances
    limits: Limits
    metrics: Metrics

    async def admit(self, payer: str, *, points: int, uploads: int) -> Budget:
        """Count an operation and what it costs, before it runs.

        Args:
            payer: `user:<uuid>`, or what `payer_of_address` returns.
            points: Static cost, at most the capacity of the points: more is never admitted.
            uploads: Files that it brings.

        Returns:
            What is left.

        Raises:
            Throttled: Nothing was counted; it can be tried again after the time it says.
        """
        charges = [Charge(self.limits.points, points), Charge(self.limits.operations, 1)]
        if uploads:
            charges.append(Charge(self.limits.uploads, uploads))
        verdict = await self.allowances.take(payer, charges)
        if not verdict.is_granted:
            raise self._refused(charges, verdict.remaining, verdict.retry_after_seconds)
        allowance, available = self.limits.points, verdict.remaining[self.limits.points.name]
        reset_seconds = (allowance.capacity - available) / allowance.per_second
        return Budget(points, available, allowance.capacity, allowance.per_second, reset_seconds)

    def _refused(self, charges: list[Charge], remaining: Mapping[str, int], wait_seconds: float) -> Throttled:
        short = [charge for charge in charges if charge.amount > remaining[charge.allowance.name]] or charges[:1]
        for charge in short:
            self.metrics.throttled_operations_total.labels(allowance=charge.allowance.name).inc()
        allowance, amount = short[0].allowance, short[0].amount
        if amount > allowance.capacity:
            message = f"{amount:,} {allowance.name} at once are more than the {allowance.capacity:,} that are allowed."
        else:
            each_minute = round(allowance.per_second * MINUTE_SECONDS)
            message = (
                f"Your {allowance.name} are used up for now: {each_minute:,} a minute come back; "
                f"try again in {wait_seconds:.1f} s."
            )
        return Throttled(message, retry_after_seconds=wait_seconds)


def payer_of_address(host: str | None) -> str:
    """Return who pays for somebody who is not signed in: the address, or the /64 that an IPv6 subscriber has."""
    return f"address:{network_key(host)[:ADDRESS_CHARACTERS_MAX]}" if host else "address:unknown"


def _per_minute(name: str, count: int) -> Allowance:
    return Allowance(name, count, count / MINUTE_SECONDS)
