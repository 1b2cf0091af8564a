"""Measures of an order, beside values worked out by hand, and what must hold for all of them."""

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.retrieval.evaluation import Quality, by_best_passage, mean, quality

# 1/log2(place + 1) of places 2, 3 and 4.
SECOND, THIRD, FOURTH = 0.6309297535714575, 0.5, 0.43067655807339306


class TestQuality:
    @pytest.mark.parametrize(
        ("case", "order", "relevance", "expected"),
        [
            ("first", "abc", {"a": 1}, (1.0, 1.0, 1.0, 1.0)),
            ("second", "xab", {"a": 1}, (SECOND, 1.0, 1.0, 0.5)),
            ("fifth, which is no hit", "wxyza", {"a": 1}, (1 / math.log2(6), 1.0, 0.0, 0.2)),
            ("eleventh, beyond the cut but for its rank", "0123456789a", {"a": 1}, (0.0, 0.0, 0.0, 1 / 11)),
            ("nowhere", "xyz", {"a": 1}, (0.0, 0.0, 0.0, 0.0)),
            ("nothing found", "", {"a": 1}, (0.0, 0.0, 0.0, 0.0)),
            ("one of two", "axy", {"a": 1, "b": 1}, (1 / (1 + SECOND), 0.5, 1.0, 1.0)),
            (
                "graded, the best last",
                "cba",
                {"a": 3, "b": 2, "c": 1},
                ((1 + 2 * SECOND + 3 * THIRD) / (3 + 2 * SECOND + 1 * THIRD), 1.0, 1.0, 1.0),
            ),
            ("judged and not relevant", "zxya", {"z": 0, "x": -1, "a": 2}, (FOURTH, 1.0, 1.0, 0.25)),
            (
                "twelve relevant, ten of them found",
                "abcdefghij",
                dict.fromkeys("abcdefghijkl", 1),
                (1.0, 10 / 12, 1, 1),
            ),
        ],
    )
    def test_is_what_is_worked_out_by_hand(
        self, case: str, order: str, relevance: dict[str, int], expected: tuple[float, ...]
    ) -> None:
        assert astuple(quality(list(order), relevance)) == pytest.approx(expected), case

    @given(
        st.permutations("abcdefghijklmno"),
        st.dictionaries(st.sampled_from("abcdefghijklmnopqr"), st.integers(0, 3), min_size=1).filter(
            lambda relevance: any(relevance.values())
        ),
    )
    def test_all_are_shares_and_none_falls_when_a_better_one_moves_up(
        self, order: list[str], relevance: dict[str, int]
    ) -> None:
        before = astuple(quality(order, relevance))
        place = next((at for at in range(1, 15) if relevance.get(order[at], 0) > relevance.get(order[at - 1], 0)), None)

        assert all(0 <= value <= 1 + 1e-12 for value in before)
        if place is not None:
            moved = [*order]
            moved[place - 1], moved[place] = order[place], order[place - 1]
            assert all(
                now >= then - 1e-12 for now, then in zip(astuple(quality(moved, relevance)), before, strict=True)
            )

    @given(st.dictionaries(st.text(min_size=1), st.integers(1, 3), min_size=1, max_size=10))
    def test_the_best_order_is_perfect(self, relevance: dict[str, int]) -> None:
        best = sorted(relevance, key=lambda document: -relevance[document])

        assert astuple(quality(best, relevance)) == pytest.approx((1, 1, 1, 1))


class TestMean:
    def test_is_taken_of_each_measure(self) -> None:
        assert mean([Quality(1, 0.5, 1, 1), Quality(0, 0, 0, 0.5)]) == Quality(0.5, 0.25, 0.5, 0.75)


class TestByBestPassage:
    def test_a_document_stands_where_its_best_passage_does(self) -> None:
        assert by_best_passage([3, 0, 2, 1], ["a", "a", "b", "b"]) == ["b", "a"]
