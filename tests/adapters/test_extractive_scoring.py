"""Which sentences are quoted for a question, and when none is."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lexora_gql.adapters.extractive_chat import ExtractiveChat
from lexora_gql.adapters.extractive_scoring import choose, features, quality, rank
from lexora_gql.ports.chat_model import ChatRequest, PromptSource, TextPiece
from lexora_gql.ports.embedder import EmbedderUnavailable, Vectors
from tests.shared_data import require_shared_data

HANDBOOK = PromptSource(
    1,
    "# Holidays\n\nEverybody has 28 days of holiday a year. Ask your manager two weeks before.\n\n"
    "Holidays ........ 12\n\nHow many days of holiday do I have?\n\n| days | holiday |\n| 28 | 30 |",
    "Handbook",
)
CANTEEN = PromptSource(2, "The canteen opens at noon. It closes at two on Fridays. Lunch costs four euros.", "Canteen")
ERNEST = PromptSource(3, "Ernest Rutherford found the nucleus. He was born in New Zealand in 1871.", "Physics")


def quotes(question: str, *sources: PromptSource) -> list[str]:
    return [candidate.text for candidate in choose(question, rank(question, sources))]


class TestChoose:
    @pytest.mark.parametrize(
        ("question", "first"),
        [
            ("How many days of holiday does everybody have a year?", "Everybody has 28 days of holiday a year."),
            ("When does the canteen open?", "The canteen opens at noon."),
            ("What does lunch cost?", "Lunch costs four euros."),
            ("When was Ernest Rutherford born?", "He was born in New Zealand in 1871."),
            ("Who found the nucleus?", "Ernest Rutherford found the nucleus."),
        ],
    )
    def test_the_sentence_that_answers_comes_first(self, question: str, first: str) -> None:
        assert quotes(question, HANDBOOK, CANTEEN, ERNEST)[0] == first

    @pytest.mark.parametrize(
        ("text", "question", "first"),
        [
            (
                "Die Kantine öffnet um zwölf. Rechnungen werden in 30 Tagen bezahlt.",
                "Wann werden Rechnungen bezahlt?",
                1,
            ),
            ("食堂中午开门。发票在三十天内付款。", "发票什么时候付款？", 1),
            ("社員食堂は正午に開きます。請求書は30日以内に支払われます。", "請求書はいつ支払われますか？", 1),
            ("يفتح المقصف ظهرا. تدفع الفواتير خلال 30 يوما.", "متى تدفع الفواتير؟", 1),
            ("Столовая открывается в полдень. Счета оплачиваются за 30 дней.", "Когда оплачиваются счета?", 1),
        ],
    )
    def test_it_reads_many_languages(self, text: str, question: str, first: int) -> None:
        parts = [part + end for part, end in _parts(text)]

        assert quotes(question, PromptSource(1, text, ""))[0] == parts[first]

    @pytest.mark.parametrize(
        "question",
        ["Who won the football cup in Brazil?", "Wie hoch ist der Eiffelturm?", "巴黎的人口是多少？", "What?", "?", ""],
    )
    def test_without_evidence_nothing_is_quoted(self, question: str) -> None:
        assert quotes(question, HANDBOOK, CANTEEN, ERNEST) == []

    def test_what_overlapping_passages_share_is_quoted_once(self) -> None:
        again = PromptSource(2, "opens at noon. The canteen opens at noon.  It closes at two.", "Canteen")

        assert quotes("When does the canteen open?", CANTEEN, again) == ["The canteen opens at noon."]

    def test_after_the_best_the_order_is_that_of_the_sources_and_of_their_text(self) -> None:
        text = " ".join(
            f"The {name} pump needs oil of kind {number}." for number, name in enumerate(("red", "blue", "old"))
        )
        question = "Which oil does the blue pump need?"

        found = [(c.source, c.place) for c in choose(question, rank(question, [PromptSource(1, text, "Pumps")]))]

        assert found[0] == (0, 1)
        assert found[1:] == sorted(found[1:])

    def test_at_most_five_sentences_are_quoted(self) -> None:
        words = ["north", "south", "upper", "lower", "outer", "inner", "front", "rear"]
        text = " ".join(
            f"The {word} gate of the castle has {word}ern guards, {word}ward bells and dogs." for word in words
        )

        assert len(quotes("Which guards has the gate of the castle?", PromptSource(1, text, "Castle"))) <= 5


class TestQuality:
    @pytest.mark.parametrize(
        "fragment",
        [
            "# Holidays",
            "Holidays ........ 12",
            "| 28 | 30 | 31 |",
            "How many days do I have?",
            "1.2 3.4 5.6 7.8",
            "HOLIDAYS AND OTHER ABSENCES",
            "and has 28 days",
            "Everybody has 28 days [3].",
        ],
    )
    def test_fragments_are_worth_less_than_sentences(self, fragment: str) -> None:
        assert quality(fragment) < quality("Everybody has 28 days of holiday a year.") == 1.0


class TestFeatures:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Invoices are paid", "paying the invoice"),
            ("Größe", "GROSSE"),
            ("Rechnungen", "Rechnung"),
            ("الفواتير", "فواتير"),
        ],
    )
    def test_inflections_have_something_in_common(self, one: str, other: str) -> None:
        assert features(one) & features(other)

    def test_little_words_say_nothing(self) -> None:
        assert features("What is it that they were with?") == frozenset()


class MeaningEmbedder:
    """Knows that oil and fat mean the same."""

    name, dimensions, weight, is_costly = "test:8", 8, 1.0, False

    def __init__(self, *, is_away: bool = False) -> None:
        self.is_away = is_away

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if self.is_away:
            raise EmbedderUnavailable("away")
        return np.eye(8, dtype=np.float32)[[int("oil" in text or "fat" in text) for text in texts]]


def _parts(text: str) -> list[tuple[str, str]]:
    end = "。" if "。" in text else "."
    return [(part.strip(), end) for part in text.split(end) if part.strip()]


def _request(question: str, *sources: PromptSource) -> ChatRequest:
    return ChatRequest("extractive", [], question, sources, max_tokens=100, temperature=0)


class TestExtractiveChat:
    async def test_each_quote_is_followed_by_its_marker(self) -> None:
        sources = [
            PromptSource(4, "The canteen\n  opens at noon.", "A"),
            PromptSource(7, "Canteens open late on Mondays.", "B"),
        ]

        pieces = [part async for part in ExtractiveChat().stream(_request("When does the canteen open?", *sources))]

        assert pieces == [
            TextPiece("The canteen opens at noon. [4]"),
            TextPiece("\n\nCanteens open late on Mondays. [7]"),
        ]

    async def test_without_evidence_it_says_nothing(self) -> None:
        assert [part async for part in ExtractiveChat().stream(_request("Who won the cup?", CANTEEN))] == []
        assert [part async for part in ExtractiveChat().stream(_request("Who won the cup?"))] == []

    @pytest.mark.parametrize(
        ("is_away", "first"), [(False, "The red pump drips green oil. [1]"), (True, "The red pump is new. [1]")]
    )
    async def test_meaning_counts_where_an_embedder_tells_it(self, *, is_away: bool, first: str) -> None:
        source = PromptSource(1, "The red pump is new. The red pump drips green oil.", "")
        model = ExtractiveChat(MeaningEmbedder(is_away=is_away))

        pieces = [part async for part in model.stream(_request("What of the red pump and its fat?", source))]

        assert pieces[0] == TextPiece(first)


class TestRealQuestions:
    @pytest.mark.parametrize(
        ("name", "first_min"), [("xquad-en", 0.74), ("xquad-de", 0.66), ("xquad-zh", 0.62), ("xquad-ar", 0.6)]
    )
    def test_the_first_quote_mostly_holds_the_answer(self, name: str, first_min: float) -> None:
        folder = require_shared_data("retrieval", name)
        questions = {row["id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
        passages = {row["id"]: row for row in _rows(folder / "corpus.jsonl")}
        others = list(passages.values())
        evidence = _rows(folder / "evidence.jsonl")[::3]

        hits = 0
        for number, row in enumerate(evidence):
            rows = [passages[row["doc"]], *others[number % 60 : number % 60 + 7]]
            sources = [PromptSource(marker, item["text"], item["title"]) for marker, item in enumerate(rows, start=1)]
            found = choose(questions[row["query_id"]], rank(questions[row["query_id"]], sources))
            hits += bool(found) and " ".join(row["text"].split()) in found[0].text

        assert hits / len(evidence) >= first_min


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
