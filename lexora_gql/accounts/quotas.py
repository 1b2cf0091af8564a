"""What people may use in a day and in a month, both of UTC: pure, without I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from lexora_gql.accounts.errors import QuotaExceeded
from lexora_gql.accounts.models import QuotaKind

ENFORCED = {QuotaKind.QUESTIONS_PER_DAY: "questions a day", QuotaKind.TOKENS_PER_MONTH: "tokens a month"}
"""Those that are counted, and what each is a number of."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit, and how much of it is used.

    Attributes:
        resets_at: When counting begins anew.
    """

    kind: QuotaKind
    limit: int
    used: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """The server's limits; a kind that is missing has none."""

    defaults: Mapping[QuotaKind, int]

    def quotas(self, own: Mapping[str, int], used: Mapping[QuotaKind, int], day: date) -> list[Quota]:
        """Return the limits that hold for somebody.

        Args:
            own: Of this account, by kind; they win over the server's.
            used: By kind.
            day: Today, in UTC.
        """
        limits = {kind: own.get(kind.value, self.defaults.get(kind)) for kind in ENFORCED}
        return [
            Quota(kind, limit, used[kind], resets_at(kind, day)) for kind, limit in limits.items() if limit is not None
        ]


def require_room(quotas: list[Quota]) -> None:
    """Check that nothing is used up.

    Raises:
        QuotaExceeded: A limit is reached.
    """
    for quota in quotas:
        if quota.used >= quota.limit:
            what = ENFORCED[quota.kind]
            raise QuotaExceeded(what, limit=quota.limit, used=quota.used, resets_at=quota.resets_at)


def resets_at(kind: QuotaKind, day: date) -> datetime:
    """Return when the day or the month that a day is in is over, in UTC."""
    if kind is QuotaKind.QUESTIONS_PER_DAY:
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    # Four days after the 28th every month is over.
    return datetime.combine((day.replace(day=28) + timedelta(days=4)).replace(day=1), time(), UTC)
