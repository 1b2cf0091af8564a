"""Where sentences begin and end, in many languages and layouts."""

import time

import pytest

from lexora_gql.adapters.sentences import quoted, sentences


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
            ("Dr. Smith paid approx. 3.5 million, i.e. all.", ["Dr. Smith paid approx. 3.5 million, i.e. all."]),
            ("In 1999. Then 2000.", ["In 1999.", "Then 2000."]),
            (
                "Am 3. Oktober wurde z. B. gefeiert. Danach nicht.",
                ["Am 3. Oktober wurde z. B. gefeiert.", "Danach nicht."],
            ),
            ("第一句。第二句！“第三句。”第四句", ["第一句。", "第二句！", "“第三句。”", "第四句"]),
            ("هذه جملة. هل هذه جملة؟ نعم", ["هذه جملة.", "هل هذه جملة؟", "نعم"]),
            ("यह एक है। यह दो है।", ["यह एक है।", "यह दो है।"]),
            ("สวัสดีครับ ยินดีต้อนรับ", ["สวัสดีครับ", "ยินดีต้อนรับ"]),
            ("A line that\nwraps here. Next.", ["A line that wraps here.", "Next."]),
            ("Heading\n\nThe text below.", ["Heading", "The text below."]),
            ("Holidays\nEverybody has 28 days.", ["Holidays", "Everybody has 28 days."]),
            ("Bring:\n- a pen\n- paper\n1. Read.", ["Bring:", "- a pen", "- paper", "1. Read."]),
            ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
            ("", []),
            (" \n\n ", []),
        ],
    )
    def test_a_text_is_parted_into_its_sentences(self, text: str, parts: list[str]) -> None:
        assert [quoted(text, span) for span in sentences(text)] == parts

    @pytest.mark.parametrize("piece", [".", "a. ", "\n", " \n ", "。", "1. ", "...", '"', "a.b", "\t|", "ก "])
    def test_any_text_takes_linear_time(self, piece: str) -> None:
        began = time.perf_counter()

        sentences(piece * 50_000)

        assert time.perf_counter() - began < 3.0
