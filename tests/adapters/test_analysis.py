"""From text to terms: what a term is, and what is remembered of words."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lexora_gql.adapters.local_index import analysis
from lexora_gql.adapters.local_index.analysis import TERM_CHARACTERS_MAX, terms_of


class TestTermsOf:
    @pytest.mark.parametrize(
        ("text", "terms"),
        [
            ("Invoices are PAID, within_30 days", ["invoic", "are", "paid", "within", "30", "days"]),
            ("Zahlungen für Häuser – fristgerecht", ["zahlung", "fur", "haus", "fristgerecht"]),
            ("Ｆｕｌｌ wi\u00addth", ["full", "width"]),
            ("поставки товаров", ["поставк", "товар"]),
            ("水资源", ["水资", "资源"]),
            ("東京タワーです", ["東京", "京タ", "タワ", "ワー", "ーで", "東", "京", "タ", "ワ", "ー"]),
            ("v2東京x", ["v2", "東京", "x"]),
            (" _-\n", []),
        ],
    )
    def test_follow_the_script(self, text: str, terms: list[str]) -> None:
        assert terms_of(text) == terms

    def test_are_cut_off_where_nobody_would_ask_for_them_in_full(self) -> None:
        assert terms_of("q" * 500) == terms_of("ü " + "q" * 90)[1:] == ["q" * TERM_CHARACTERS_MAX]


class TestRememberedStems:
    def test_are_bounded_and_the_words_in_use_stay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        remembered = analysis._Remembered()
        monkeypatch.setattr(analysis, "STEMS_MAX", 100)
        monkeypatch.setattr(analysis, "_remembered", remembered)

        for number in range(1_000):
            assert terms_of(f"always w{number}") == ["always", f"w{number}"]
            assert len(remembered.younger) + len(remembered.older) <= analysis.STEMS_MAX + 2
            assert "always" in remembered.younger or "always" in remembered.older

    def test_are_not_of_words_without_end(self) -> None:
        terms_of("z" * 5_000)

        assert "z" * 5_000 not in analysis._remembered.younger

    def test_are_shared_by_threads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(analysis, "STEMS_MAX", 20)
        texts = [f"plans number {at % 37} of houses and {at % 91} gärten" for at in range(400)]
        expected = list(map(terms_of, texts))
        barrier = threading.Barrier(4)

        def all_of_them(_: int) -> list[list[str]]:
            barrier.wait()
            return list(map(terms_of, texts))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(all_of_them, range(4))) == [expected] * 4
