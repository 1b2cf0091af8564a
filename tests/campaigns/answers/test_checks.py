"""The checks of the campaign must themselves go red when something is wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.campaigns.answers import checks
from tests.campaigns.answers.views import FINISHED, SOURCES, TEXT, Seen, Stored, View

SCRIPT = "The canteen opens at noon."
STORED = Stored("COMPLETED", SCRIPT)


@pytest.fixture
def view() -> View:
    """What a reader sees when all is well."""
    return View(
        began_at=0.0,
        events=[
            Seen(SOURCES, 1.0, "a"),
            Seen(TEXT, 1.1, "b", 0, "The canteen "),
            Seen(TEXT, 1.2, "c", 12, "opens at noon."),
            Seen(FINISHED, 1.3, "d", status="COMPLETED", content=SCRIPT),
        ],
    )


def a_doubled_piece(view: View) -> None:
    view.events.insert(2, view.events[1])


def a_doubled_piece_that_is_put_elsewhere(view: View) -> None:
    view.events[2:3] = [replace(view.events[1], offset=12), replace(view.events[2], offset=24)]


def a_lost_piece(view: View) -> None:
    del view.events[1]


def a_lost_last_piece(view: View) -> None:
    del view.events[2]


def two_ends(view: View) -> None:
    view.events.append(view.events[-1])


def no_end(view: View) -> None:
    view.events.pop()


def text_after_the_end(view: View) -> None:
    view.events.append(Seen(TEXT, 1.4, "e", len(SCRIPT), ""))


def late_sources(view: View) -> None:
    view.events[0], view.events[1] = view.events[1], view.events[0]


def sources_twice(view: View) -> None:
    view.events.insert(1, view.events[0])


class TestAllIsWell:
    def test_nothing_is_found(self, view: View) -> None:
        assert checks.torn("it", view, STORED) == []
        assert checks.disordered("it", view) == []
        assert checks.truncated("it", STORED, SCRIPT, "COMPLETED") == []
        assert checks.rewritten("it", view.finished, STORED) == []
        assert checks.silent("it", view, seconds_max=1.0) == []
        assert checks.late("it", view, 1.0, seconds_max=1.0) == []
        for at, event in enumerate(view.events):
            assert checks.misread("it", view.events[at + 1 :], event, STORED) == []


class TestTorn:
    @pytest.mark.parametrize(
        ("damage", "found"),
        [
            (
                a_doubled_piece,
                [
                    "it: a piece begins at 0, but 12 characters are known",
                    "it: a piece begins at 12, but 24 characters are known",
                    "it: 38 characters were seen, 26 are stored: they differ",
                ],
            ),
            (a_doubled_piece_that_is_put_elsewhere, ["it: 38 characters were seen, 26 are stored: they differ"]),
            (
                a_lost_piece,
                [
                    "it: a piece begins at 12, but 0 characters are known",
                    "it: 14 characters were seen, 26 are stored: they differ",
                ],
            ),
            (a_lost_last_piece, ["it: 12 characters were seen, 26 are stored: they differ"]),
        ],
    )
    def test_what_is_doubled_or_lost_is_found(
        self, view: View, damage: Callable[[View], None], found: list[str]
    ) -> None:
        damage(view)

        assert checks.torn("it", view, STORED) == found

    def test_an_answer_that_is_gone_is_found(self, view: View) -> None:
        assert checks.torn("it", view, None) == ["it is not stored"]


class TestDisordered:
    @pytest.mark.parametrize(
        ("damage", "found"),
        [
            (two_ends, ["it has 2 terminal events", "it goes on after its end"]),
            (no_end, ["it has 0 terminal events"]),
            (text_after_the_end, ["it goes on after its end"]),
            (late_sources, ["it does not begin with its sources"]),
            (sources_twice, ["it has its sources 2 times"]),
        ],
    )
    def test_what_is_out_of_order_is_found(self, view: View, damage: Callable[[View], None], found: list[str]) -> None:
        damage(view)

        assert checks.disordered("it", view) == found


class TestTruncated:
    def test_a_completed_answer_that_is_cut_is_found(self) -> None:
        cut = Stored("COMPLETED", SCRIPT[:12])

        assert checks.truncated("it", cut, SCRIPT, "COMPLETED") == ["it is COMPLETED with 12 of 26 characters"]

    def test_a_cut_answer_that_says_so_is_none(self) -> None:
        assert checks.truncated("it", Stored("INTERRUPTED", SCRIPT[:12]), SCRIPT, "INTERRUPTED") == []

    def test_another_end_and_another_text_are_found(self) -> None:
        other = Stored("INTERRUPTED", "The canteen is open.")

        assert checks.truncated("it", other, SCRIPT, "STOPPED") == [
            "it is INTERRUPTED, not STOPPED",
            "it is no beginning of what the model said",
        ]


class TestRewritten:
    @pytest.mark.parametrize("now", [Stored("COMPLETED", SCRIPT), Stored("INTERRUPTED", SCRIPT)])
    def test_what_was_written_after_the_end_is_found(self, now: Stored) -> None:
        told = Seen(FINISHED, 1.0, status="INTERRUPTED", content=SCRIPT[:12])

        assert checks.rewritten("it", told, now) == [
            f"it was told as INTERRUPTED of 12 characters, and is {now.status} since"
        ]


class TestMisread:
    def test_a_cursor_that_gives_too_much_or_too_little_is_found(self, view: View) -> None:
        _, first, second, end = view.events

        assert checks.misread("it", [first, second, end], first, STORED) == [
            "it: after character 12 came 26 characters, not 14"
        ]
        assert checks.misread("it", [end], first, STORED) == ["it: after character 12 came 0 characters, not 14"]
        assert checks.misread("it", [second, end, end], first, STORED) == [
            "it: after character 12 came 2 terminal events"
        ]
        assert checks.misread("it", [end], end, STORED) == ["it: after character 26 came 1 terminal events"]


class TestTime:
    def test_a_subscription_that_hangs_is_found(self, view: View) -> None:
        assert checks.silent("it", view, seconds_max=0.9) == ["it stood still for 1.0 s"]
        view.events.pop()
        assert checks.silent("it", view, seconds_max=9.0) == ["it was never seen to end"]

    def test_a_lost_writer_that_nobody_notices_in_time_is_found(self, view: View) -> None:
        assert checks.late("it", view, 0.2, seconds_max=1.0) == ["it was seen to end 1.1 s after its writer"]
        view.events.pop()
        assert checks.late("it", view, 0.2, seconds_max=9.0) == ["it was never seen to end"]

    def test_more_slow_ones_than_may_be_are_found(self) -> None:
        assert checks.slow("closed", 95, [*([0.1] * 96), *([2.0] * 4)], seconds_max=1.0) == []
        assert checks.slow("closed", 95, [*([0.1] * 94), *([2.0] * 6)], seconds_max=1.0) == [
            "closed: 95 % within 2.00 s"
        ]
