"""Bulk analysis says what the analysis of one text says, whatever the text."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexora_gql.adapters.local_index import bulk_analysis
from lexora_gql.adapters.local_index.analysis import terms_of
from lexora_gql.adapters.local_index.bulk_analysis import AT_ONCE, BulkAnalysis

# Letters that meet in the rules: endings, vowels that become one, marks, invisible and folded ones, other scripts.
LETTERS = "aeionrstu019 _-.ßäöüİéﬁⅧ\u0301\u0345\u00ad\u200bжийочαωسلكが東タ京ไทย水한"
WORDS = (
    "Zahlungen Häuser häusern 56te7thv aes128 ae1 2oe7 1990er naïve wi\u00addth",
    f"x{'y' * 15} x{'y' * 16} {'z' * 70}",
    "поставки товаров", "الكتاب والكتب", "東京タワーです", "v2東京x", "水资源 管理", " _-\n", "",
)  # fmt: skip


def expected(texts: list[str]) -> list[tuple[str, int]]:
    """Return what the analysis of each text says."""
    return [(" ".join(terms), len(terms)) for terms in map(terms_of, texts)]


def invented(count: int, seed: int) -> list[str]:
    """Return texts of words that come again, among them new ones."""
    chance = random.Random(seed)
    known = ["".join(chance.choices("abcdefghijklmnop0123é", k=chance.randrange(1, 24))) for _ in range(300)]
    return [" ".join([*chance.choices(known, k=20), f"n{chance.randrange(10**6)}"]) for _ in range(count)]


class TestBulkAnalysis:
    def test_says_of_each_text_what_the_analysis_of_it_says(self) -> None:
        texts = [*WORDS, *invented(3 * AT_ONCE, seed=1), *WORDS]

        assert list(BulkAnalysis().terms(texts)) == expected(texts)

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.text(st.sampled_from(LETTERS), max_size=40), max_size=12))
    def test_of_any_letters(self, texts: list[str]) -> None:
        assert list(BulkAnalysis().terms(texts)) == expected(texts)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.text(max_size=60), max_size=6))
    def test_of_anything(self, texts: list[str]) -> None:
        assert list(BulkAnalysis().terms(texts)) == expected(texts)

    @pytest.mark.parametrize(("words_max", "taken_max"), [(400, 160_000), (100_000, 200), (400, 200)])
    def test_forgets_without_a_difference(
        self, monkeypatch: pytest.MonkeyPatch, words_max: int, taken_max: int
    ) -> None:
        monkeypatch.setattr(bulk_analysis, "WORDS_MAX", words_max)
        monkeypatch.setattr(bulk_analysis, "_SLOTS_TAKEN_MAX", taken_max)
        bulk, texts = BulkAnalysis(), invented(6 * AT_ONCE, seed=2)

        assert list(bulk.terms(texts)) == expected(texts)
        assert len(bulk._known) < words_max + 4 * AT_ONCE

    def test_finds_words_that_want_the_same_slot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk_analysis, "_SLOT_BITS", 9)
        monkeypatch.setattr(bulk_analysis, "_SLOTS_TAKEN_MAX", 500)
        texts = invented(4 * AT_ONCE, seed=3)

        assert list(BulkAnalysis().terms(texts)) == expected(texts)
