import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.ports.passage_index import Rankings, Scored
from lexora_gql.retrieval.fusion import Fused, fuse, weight_for


def rankings(meaning: dict[int, float], wording: dict[int, float]) -> Rankings:
    def listed(scores: dict[int, float]) -> list[Scored]:
        return [Scored(number, score) for number, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))]

    return Rankings(listed(meaning), listed(wording), len(meaning | wording))


class TestFuse:
    def test_adds_wording_over_the_best_wording_to_weighted_cosine(self) -> None:
        fused = fuse([rankings({1: 0.5, 2: 0.25}, {2: 8.0, 1: 4.0})], weight_of_meaning=0.5)

        assert [*fused] == [Fused(2, 1.125, 2, 1, 0.25), Fused(1, 0.75, 1, 2, 0.5)]

    def test_gives_no_wording_to_a_chunk_without_a_shared_word(self) -> None:
        fused = fuse([rankings({1: 0.5, 2: 0.25}, {2: 8.0})], weight_of_meaning=1.0)

        assert [*fused] == [Fused(2, 1.25, 2, 1, 0.25), Fused(1, 0.5, 1, None, 0.5)]

    def test_gives_the_lowest_listed_cosine_to_a_chunk_missing_from_meaning(self) -> None:
        fused = fuse([rankings({1: 0.5, 2: 0.25}, {3: 8.0})], weight_of_meaning=1.0)

        assert [*fused] == [Fused(3, 1.25, None, 1), Fused(1, 0.5, 1, None, 0.5), Fused(2, 0.25, 2, None, 0.25)]

    def test_compares_cosines_and_wording_over_collections(self) -> None:
        one = rankings({1: 0.5}, {1: 2.0})
        other = rankings({2: 0.25, 3: 0.125}, {2: 8.0})

        fused = fuse([one, other], weight_of_meaning=1.0)

        assert [*fused] == [Fused(2, 1.25, 2, 1, 0.25), Fused(1, 0.75, 1, 2, 0.5), Fused(3, 0.125, 3, None, 0.125)]

    def test_breaks_ties_by_number(self) -> None:
        fused = fuse([rankings({9: 0.5, 3: 0.5}, {}), rankings({7: 0.5}, {})], weight_of_meaning=1.0)

        assert [(one.number, one.semantic_rank) for one in fused] == [(3, 1), (7, 2), (9, 3)]

    @pytest.mark.parametrize("nothing", [[], [Rankings((), (), 0)], [Rankings((), (), 5), Rankings((), (), 0)]])
    def test_makes_nothing_of_nothing(self, nothing: list[Rankings]) -> None:
        assert [*fuse(nothing, weight_of_meaning=0.4)] == []


numbers = st.integers(1, 30)
cosines = st.dictionaries(numbers, st.floats(-1, 1, allow_nan=False))
wordings = st.dictionaries(numbers, st.floats(0.001, 50, allow_nan=False))
weights = st.floats(0, 2, allow_nan=False)


class TestFuseAlways:
    @given(cosines, wordings, weights)
    def test_lists_every_chunk_once_in_order_of_score(
        self, meaning: dict[int, float], wording: dict[int, float], weight: float
    ) -> None:
        fused = fuse([rankings(meaning, wording)], weight_of_meaning=weight)

        assert sorted(one.number for one in fused) == sorted(meaning.keys() | wording.keys())
        assert [*fused] == sorted(fused, key=lambda one: (-one.score, one.number))
        assert sorted(one.semantic_rank for one in fused if one.semantic_rank) == list(range(1, len(meaning) + 1))
        assert sorted(one.lexical_rank for one in fused if one.lexical_rank) == list(range(1, len(wording) + 1))

    @given(cosines, wordings)
    def test_keeps_the_order_of_wording_where_meaning_weighs_nothing(
        self, meaning: dict[int, float], wording: dict[int, float]
    ) -> None:
        fused = fuse([rankings(meaning, wording)], weight_of_meaning=0.0)

        found = [one for one in fused if one.lexical_rank is not None]
        assert found == fused[: len(found)]
        assert [one.number for one in found] == sorted(wording, key=lambda number: (-wording[number], number))

    @given(cosines, wordings, weights, st.floats(0.5, 4))
    def test_does_not_depend_on_the_unit_of_wording(
        self, meaning: dict[int, float], wording: dict[int, float], weight: float, factor: float
    ) -> None:
        scaled = {number: score * factor for number, score in wording.items()}

        one = {found.number: found.score for found in fuse([rankings(meaning, wording)], weight_of_meaning=weight)}
        other = {found.number: found.score for found in fuse([rankings(meaning, scaled)], weight_of_meaning=weight)}

        assert other == pytest.approx(one)

    @given(cosines, wordings, weights)
    def test_never_puts_a_chunk_behind_one_that_is_worse_in_both(
        self, meaning: dict[int, float], wording: dict[int, float], weight: float
    ) -> None:
        both = sorted(meaning.keys() & wording.keys())
        scores = {one.number: one.score for one in fuse([rankings(meaning, wording)], weight_of_meaning=weight)}

        for better in both:
            for worse in both:
                if meaning[better] >= meaning[worse] and wording[better] >= wording[worse]:
                    assert scores[better] >= scores[worse]


class TestWeight:
    @pytest.mark.parametrize(
        ("words", "weight", "expected"),
        [
            ("When are invoices paid?", 0.4, 1.0),
            ("Wann öffnet die Käserei?", 0.4, 1.0),
            ("Когда была построена башня?", 0.4, 0.1),
            ("東京の人口は ABC", 0.4, 0.1),
            ("2024", 0.4, 0.1),
            ("When are invoices paid?", 1.5, 1.5),
            ("東京の人口は", 1.5, 1.5),
        ],
    )
    def test_is_higher_in_latin_letters_where_an_embedder_is_small(
        self, words: str, weight: float, expected: float
    ) -> None:
        assert weight_for(words, weight) == expected
