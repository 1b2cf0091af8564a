"""How much each may use, and what is told when it is used up."""

from typing import Any

import pytest

from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.errors import Throttled
from lexora_gql.settings import WrongSettings, load_settings
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.throttling import Budget, Limits, Throttling, payer_of_address

ANN, BOB = "user:ann", "user:bob"


class Desk:
    """A server whose clock stands still."""

    def __init__(self, **settings: Any) -> None:
        self.now = 0.0
        self.metrics = Metrics.create()
        limits = Limits.from_settings(load_settings(**settings))
        self.throttling = Throttling(InMemoryAllowances(clock=lambda: self.now), limits, self.metrics)

    async def admit(self, payer: str = ANN, *, points: int = 1, uploads: int = 0) -> Budget:
        return await self.throttling.admit(payer, points=points, uploads=uploads)

    async def refusal(self, payer: str = ANN, *, points: int = 1, uploads: int = 0) -> Throttled:
        with pytest.raises(Throttled) as caught:
            await self.admit(payer, points=points, uploads=uploads)
        return caught.value

    def refused(self, allowance: str) -> float:
        value = self.metrics.registry.get_sample_value("throttled_operations_total", {"allowance": allowance})
        return value or 0.0


class TestAdmitting:
    async def test_says_what_it_cost_and_what_is_left(self) -> None:
        desk = Desk(query_cost_burst=40_000, query_cost_per_minute=120_000)

        assert await desk.admit(points=10_000) == Budget(10_000, 30_000, 40_000, 2_000.0, 5.0)
        desk.now = 1.0
        assert await desk.admit(points=500) == Budget(500, 31_500, 40_000, 2_000.0, 4.25)

    async def test_is_refused_when_the_points_are_used_up(self) -> None:
        desk = Desk(query_cost_burst=40_000, query_cost_per_minute=120_000)
        await desk.admit(points=20_000)
        await desk.admit(points=19_000)

        refusal = await desk.refusal(points=5_000)

        assert refusal.retry_after_seconds == 2.0
        assert refusal.message == "Your points are used up for now: 120,000 a minute come back; try again in 2.0 s."
        desk.now = 2.0
        assert (await desk.admit(points=5_000)).available == 0

    async def test_is_refused_when_there_were_too_many_operations(self) -> None:
        desk = Desk(query_limit_per_minute=60)
        for _ in range(60):
            await desk.admit()

        refusal = await desk.refusal()

        assert refusal.retry_after_seconds == 1.0
        assert refusal.message == "Your operations are used up for now: 60 a minute come back; try again in 1.0 s."

    async def test_is_refused_when_there_were_too_many_uploads_and_counts_nothing_then(self) -> None:
        desk = Desk(upload_limit_per_minute=20, query_limit_per_minute=3)
        await desk.admit(uploads=10)
        await desk.admit(uploads=5)

        for _ in range(5):
            assert (await desk.refusal(uploads=10)).retry_after_seconds == pytest.approx(15.0)
        await desk.admit(uploads=5)

    async def test_of_more_uploads_than_are_ever_allowed_is_told_so(self) -> None:
        desk = Desk(upload_limit_per_minute=5)

        assert (await desk.refusal(uploads=6)).message == "6 uploads at once are more than the 5 that are allowed."

    async def test_of_one_takes_nothing_from_another(self) -> None:
        desk = Desk(query_limit_per_minute=1)
        await desk.admit(ANN)
        await desk.refusal(ANN)

        await desk.admit(BOB)

    async def test_counts_refusals_by_what_was_used_up(self) -> None:
        desk = Desk(query_limit_per_minute=2, query_cost_max=100, query_cost_burst=100, upload_limit_per_minute=10)
        await desk.admit(points=90)
        await desk.refusal(points=20)
        await desk.admit(points=5)
        await desk.refusal(points=1)
        await desk.refusal(BOB, uploads=11)

        assert {name: desk.refused(name) for name in ("points", "operations", "uploads")} == {
            "points": 1,
            "operations": 1,
            "uploads": 1,
        }


class TestPayers:
    @pytest.mark.parametrize(
        ("host", "payer"),
        [
            ("192.0.2.7", "address:192.0.2.7"),
            ("::ffff:192.0.2.7", "address:192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "address:2001:db8:1:2::/64"),
            ("fe80::1%" + "x" * 1_000, "address:fe80::/64"),
            ("x" * 1_000, "address:" + "x" * 64),
            ("", "address:unknown"),
            (None, "address:unknown"),
        ],
    )
    def test_are_those_who_share_an_address(self, host: str | None, payer: str) -> None:
        assert payer_of_address(host) == payer


class TestSettings:
    def test_a_burst_below_what_one_operation_may_cost_is_refused(self) -> None:
        with pytest.raises(WrongSettings) as caught:
            load_settings(query_cost_max=20_000, query_cost_burst=19_999)

        assert caught.value.lines == ["QUERY_COST_BURST: must be at least QUERY_COST_MAX"]
