"""A question finds its words in every language, whatever words it is built with."""

from pathlib import Path

import pytest

from lexora_gql.adapters.local_index import LocalIndex
from tests.adapters.passages import add, ask, numbers, passage

QUESTIONS = [
    (
        "English",
        "What is the height of the old tower?",
        "The tower, built in 1380, has a height of eighty metres and is the old part.",
        "It is not known what the plan of the building is, or who had the idea.",
    ),
    (
        "German",
        "Welche Häuser wurden von den Mönchen gebaut?",
        "Das Haus am Fluss ist ein Bau der Mönche.",
        "Es ist nicht bekannt, welche Folgen das hatte, von den Kosten abgesehen.",
    ),
    (
        "Spanish",
        "¿Cuándo se fundó la universidad?",
        "La universidad abrió en 1551.",
        "Cuando se supo, se perdió la calma y se cerró la puerta.",
    ),
    (
        "Vietnamese",
        "Thủ đô của nước này là gì?",
        "Hà Nội trở thành thủ đô năm 1010.",
        "Đó là những gì của một người và các con.",
    ),
    ("Turkish", "Köprü hangi nehir üzerinde?", "Köprü bu nehrin üzerindedir.", "Bu ne için ve hangi gün?"),
    ("Russian", "Когда была построена башня?", "Башню построили в 1901 году.", "Это было, когда она была мала."),
    ("Greek", "Πότε χτίστηκε ο πύργος;", "Ο πύργος είναι του 1430.", "Το πότε και το πώς είναι άγνωστα."),
    (
        "Arabic",
        "ما هو اسم عاصمة البلاد؟",
        "القاهرة عاصمة تقع على النيل.",
        "هذا هو ما كان من أمره.",
    ),
    ("Hindi", "भारत की राजधानी क्या है?", "नई दिल्ली भारत सरकार और राजधानी।", "यह क्या है और किस की है?"),
    ("Chinese", "这座城市的人口有多少？", "城市人口约为九百万。", "不知道有多少，也不知道为什么。"),
    ("Japanese", "東京の人口はどのくらいですか？", "人口は約千四百万人、東京に住む。", "どのくらいですかと聞いた。"),
    ("Korean", "이 나라의 수도는 어디입니까?", "수도는 서울이다.", "그것은 어디입니까 하고 물었다."),
    ("Thai", "เมืองหลวงของประเทศคืออะไร", "กรุงเทพเป็นเมืองหลวง", "นี่คืออะไร"),
]


class TestQuestion:
    @pytest.mark.parametrize(("_language", "question", "answer", "chatter"), QUESTIONS)
    async def test_finds_its_words(
        self, tmp_path: Path, _language: str, question: str, answer: str, chatter: str
    ) -> None:
        index = LocalIndex(tmp_path, 1 << 26)
        others = [text for _, _, text, _ in QUESTIONS if text != answer]
        await add(index, [passage(at, text) for at, text in enumerate([chatter, answer, *others])])
        found = await ask(index, question)
        await index.aclose()
        assert numbers(found.by_wording)[0] == 1
