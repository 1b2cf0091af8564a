"""When counting begins anew, and which limits hold."""

from datetime import UTC, date, datetime

import pytest

from lexora_gql.accounts.errors import QuotaExceeded
from lexora_gql.accounts.models import QuotaKind
from lexora_gql.accounts.quotas import QuotaRules, require_room, resets_at

DAILY, MONTHLY = QuotaKind.QUESTIONS_PER_DAY, QuotaKind.TOKENS_PER_MONTH
TODAY = date(2028, 2, 29)


class TestResets:
    @pytest.mark.parametrize(
        ("kind", "day", "at"),
        [
            (DAILY, date(2026, 11, 28), datetime(2026, 11, 29, tzinfo=UTC)),
            (DAILY, date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
            (MONTHLY, date(2026, 11, 1), datetime(2026, 12, 1, tzinfo=UTC)),
            (MONTHLY, date(2026, 12, 31), datetime(2027, 1, 1, tzinfo=UTC)),
            (MONTHLY, date(2027, 1, 31), datetime(2027, 2, 1, tzinfo=UTC)),
            (MONTHLY, date(2028, 2, 29), datetime(2028, 3, 1, tzinfo=UTC)),
        ],
    )
    def test_a_day_and_a_month_end_at_midnight(self, kind: QuotaKind, day: date, at: datetime) -> None:
        assert resets_at(kind, day) == at


class TestRules:
    @pytest.mark.parametrize(
        ("defaults", "own", "limits"),
        [
            ({}, {}, {}),
            ({DAILY: 5}, {}, {DAILY: 5}),
            ({DAILY: 5}, {"QUESTIONS_PER_DAY": 0}, {DAILY: 0}),
            ({}, {"TOKENS_PER_MONTH": 9}, {MONTHLY: 9}),
            # Nothing counts against it, so it is none.
            ({}, {"STORED_BYTES": 9}, {}),
        ],
    )
    def test_an_accounts_own_limits_win(
        self, defaults: dict[QuotaKind, int], own: dict[str, int], limits: dict[QuotaKind, int]
    ) -> None:
        quotas = QuotaRules(defaults).quotas(own, {DAILY: 1, MONTHLY: 2}, TODAY)

        assert {quota.kind: quota.limit for quota in quotas} == limits

    def test_what_is_used_up_is_said_with_its_end(self) -> None:
        quotas = QuotaRules({DAILY: 3, MONTHLY: 1_000}).quotas({}, {DAILY: 2, MONTHLY: 1_234}, TODAY)
        with pytest.raises(QuotaExceeded) as refused:
            require_room(quotas)

        error = refused.value
        assert error.message == "The account's limit of 1,000 tokens a month is reached: 1,234 are used."
        assert (error.limit, error.used, error.resets_at) == (1_000, 1_234, datetime(2028, 3, 1, tzinfo=UTC))

    def test_the_last_one_goes_through(self) -> None:
        require_room(QuotaRules({DAILY: 3}).quotas({}, {DAILY: 2, MONTHLY: 0}, TODAY))
