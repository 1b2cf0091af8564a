"""In what language a text is."""

import json
from collections import Counter

import pytest

from lexora_gql.adapters.extraction.languages import language_of
from tests.shared_data import require_shared_data


class TestShortTexts:
    @pytest.mark.parametrize(
        ("language", "text"),
        [
            ("en", "Invoices are paid within 30 days."),
            ("en", "Pay\nIn 30 days."),
            ("de", "Rechnungen werden binnen dreißig Tagen bezahlt."),
            ("fr", "Les factures sont payées sous trente jours."),
            ("es", "Las facturas se pagan en treinta días."),
            ("pt", "As faturas são pagas em trinta dias."),
            ("it", "Le fatture vengono pagate entro trenta giorni."),
            ("nl", "Facturen worden binnen dertig dagen betaald."),
            ("sv", "Fakturor betalas inom trettio dagar."),
            ("pl", "Faktury są płatne w ciągu trzydziestu dni."),
            ("cs", "Faktury jsou splatné do třiceti dnů."),
            ("tr", "Faturalar otuz gün içinde ödenir."),
            ("ru", "Счета оплачиваются в течение тридцати дней."),
            ("uk", "Рахунки сплачуються протягом тридцяти днів."),
            ("el", "Τα τιμολόγια πληρώνονται εντός τριάντα ημερών."),
            ("he", "החשבוניות משולמות בתוך שלושים ימים."),
            ("ar", "تدفع الفواتير خلال ثلاثين يوما."),
            ("fa", "فاکتورها ظرف سی روز پرداخت می‌شوند."),
            ("hi", "चालान का भुगतान तीस दिनों के भीतर किया जाता है।"),
            ("th", "ใบแจ้งหนี้จะชำระภายในสามสิบวัน"),
            ("zh", "发票在三十天内支付。"),
            ("zh", "發票在三十天內支付。"),
            ("zh", "胡格诺派移居者如何融入北美社会?"),
            ("ja", "請求書は三十日以内に支払われます。"),
            ("ko", "송장은 삼십일 이내에 지급됩니다."),
        ],
    )
    def test_is_told_from_a_sentence(self, language: str, text: str) -> None:
        assert language_of(text) == language

    @pytest.mark.parametrize(
        "text", ["", "\n", "12.04.2006", "| --- | 4 |", "ffd8ffe000104a46" * 40, "\x00\ufffe\U0001ffff"]
    )
    def test_nothing_is_told_where_there_are_no_words(self, text: str) -> None:
        assert language_of(text) is None


class TestMarkup:
    def test_code_and_addresses_do_not_count(self) -> None:
        code = "```python\nfor item in items:\n    print(the_value_of, item)\n```\n" * 30
        text = f"Die Verordnung gilt für alle Gebäude.\n\n{code}\n<https://example.org/the/way/to/the/page>"

        assert language_of(text) == "de"
        assert language_of(code.replace("```", "")) == "en"

    def test_what_is_not_text_does_not_spoil_what_is(self) -> None:
        assert language_of("Die Verordnung gilt \U0001fffe\x00\ufdd0 für alle Gebäude.") == "de"


class TestDeclared:
    def test_stands_for_a_short_text(self) -> None:
        assert language_of("Krankenstand", "de") == "de"
        assert language_of("12.04.2006", "fr") == "fr"

    def test_gives_way_to_enough_text_of_another_language(self) -> None:
        sentence = "Die Verordnung über das Löschen von Bränden gilt für alle Gebäude in größeren Städten. "

        assert language_of(sentence * 2, "en") == "en"
        assert language_of(sentence * 8, "en") == "de"


class TestLongTexts:
    def test_the_most_of_it_counts_wherever_it_stands(self) -> None:
        english = "Invoices are paid within thirty days of the day on which they were received. " * 100
        german = "Rechnungen werden binnen dreißig Tagen nach dem Tag ihres Eingangs bezahlt. " * 1_000

        assert language_of(english + german) == "de"


class TestTheSharedPassages:
    @pytest.mark.parametrize(
        ("name", "language", "of_passages", "of_questions"),
        [
            ("xquad-en", "en", 1.0, 1.0),
            ("xquad-de", "de", 1.0, 0.98),
            ("xquad-ar", "ar", 1.0, 1.0),
            ("xquad-zh", "zh", 1.0, 0.99),
            ("jaquad-dev", "ja", 1.0, 1.0),
        ],
    )
    def test_are_told_by_a_paragraph_and_nearly_always_by_a_question(
        self, name: str, language: str, of_passages: float, of_questions: float
    ) -> None:
        for file, least in (("corpus.jsonl", of_passages), ("queries.jsonl", of_questions)):
            lines = require_shared_data("retrieval", name, file).read_text().splitlines()
            found = Counter(language_of(json.loads(line)["text"]) for line in lines)

            assert found[language] / found.total() >= least, (file, found)
