"""What is left alone after failures: when, for how long, and who finds out that it works again."""

import pytest

from lexora_gql.breaker import Breaker, Resting

PAUSE = 30.0


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def breaker(clock: Clock, said: list[str]) -> Breaker:
    return Breaker(3, PAUSE, clock=clock, told=said.append)


def fail(breaker: Breaker, times: int = 1, asked: float | None = None) -> None:
    for _ in range(times):
        with breaker.attempt() as attempt:
            attempt.failed(asked)


def lets_through(breaker: Breaker) -> bool:
    try:
        with breaker.attempt():
            return True
    except Resting:
        return False


class TestOpening:
    def test_two_failures_are_borne_and_a_success_forgets_them(self, breaker: Breaker, said: list[str]) -> None:
        for _ in range(5):
            fail(breaker, 2)
            with breaker.attempt() as attempt:
                attempt.succeeded()
        assert said == []

    def test_the_third_in_a_row_begins_a_pause(self, breaker: Breaker, clock: Clock, said: list[str]) -> None:
        fail(breaker, 3)
        clock.now += PAUSE - 0.5
        assert not lets_through(breaker)
        assert (breaker.is_open, breaker.is_resting, said) == (True, True, ["open"])

    def test_failures_of_those_under_way_are_one_pause(self, breaker: Breaker, clock: Clock, said: list[str]) -> None:
        attempts = [breaker.attempt() for _ in range(10)]
        for attempt in attempts:
            attempt.failed()
        clock.now += PAUSE
        assert lets_through(breaker)
        assert said == ["open"]

    @pytest.mark.parametrize(("asked", "granted"), [(7.0, 7.0), (1e9, 300.0)])
    def test_who_asks_for_it_is_left_alone_at_once(
        self, breaker: Breaker, clock: Clock, asked: float, granted: float
    ) -> None:
        fail(breaker, asked=asked)
        clock.now += granted - 0.5
        assert not lets_through(breaker)
        clock.now += 0.5
        assert lets_through(breaker)

    def test_a_short_pause_does_not_end_a_longer_one(self, breaker: Breaker, clock: Clock) -> None:
        early, late = breaker.attempt(), breaker.attempt()
        with early, late:
            early.failed(200.0)
            late.failed(1.0)
        clock.now += 199.0
        assert not lets_through(breaker)


class TestProbing:
    def test_after_the_pause_one_alone_tries(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += PAUSE
        with breaker.attempt() as probe:
            # However long it takes: it says so itself.
            clock.now += 10 * PAUSE
            assert [lets_through(breaker) for _ in range(3)] == [False] * 3
            probe.succeeded()
        assert [lets_through(breaker) for _ in range(3)] == [True] * 3

    def test_one_failure_more_begins_another_pause(self, breaker: Breaker, clock: Clock, said: list[str]) -> None:
        fail(breaker, 3)
        clock.now += PAUSE
        fail(breaker)
        clock.now += PAUSE - 1
        assert not lets_through(breaker)
        clock.now += 1
        with breaker.attempt() as probe:
            probe.succeeded()
        assert said == ["open", "closed"]

    def test_one_that_is_given_up_lets_the_next_one_try(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += PAUSE
        with pytest.raises(KeyboardInterrupt), breaker.attempt():
            raise KeyboardInterrupt
        assert breaker.is_open
        assert lets_through(breaker)
