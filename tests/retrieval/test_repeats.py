"""Which passages say what another has said already."""

import re
from random import Random

import pytest

from lexora_gql.retrieval.repeats import LIKENESS_MIN, RUN_WORDS, Repeats

NOTICE = (
    "The information in this report was prepared by the staff of the office and is offered without any warranty. "
    "Readers should consult the full text of the regulation before they act on anything that is said in this summary, "
    "and they should write to the address below where they find a mistake."
)
CHINESE = "本报告中的信息由办公室工作人员编写，不提供任何保证。读者在采取行动之前应查阅法规全文，发现错误时请写信告知。"


class TestRepeats:
    @pytest.mark.parametrize(
        ("_case", "first", "second"),
        [
            ("the same", NOTICE, NOTICE),
            ("other case, marks and spaces", NOTICE, NOTICE.upper().replace(". ", " -\n\n")),
            ("one word differs", NOTICE, NOTICE.replace("mistake", "misprint")),
            ("without spaces, one word differs", CHINESE, CHINESE.replace("告知", "指正")),
            ("a line of one word", "Contents", "CONTENTS"),
            ("marks alone", "* * *", "---"),
        ],
    )
    def test_are_told(self, _case: str, first: str, second: str) -> None:
        repeats = Repeats()
        assert [repeats.is_one(text) for text in (first, second, first)] == [False, True, True]

    @pytest.mark.parametrize(
        ("_case", "first", "second"),
        [
            ("another text", NOTICE, "Invoices are paid within a month of their receipt."),
            ("a number differs", f"{NOTICE} It describes 2021.", f"{NOTICE} It describes 2022."),
            ("half of it is new", NOTICE, f"{NOTICE[:150]} Invoices are paid within a month of their receipt, always."),
            ("without spaces, another text", CHINESE, "发票在收到后一个月内支付，付款时请注明合同的名称。"),
            ("the same words in another order", "one two three four five six", "six five four three two one"),
        ],
    )
    def test_what_differs_is_kept_apart(self, _case: str, first: str, second: str) -> None:
        repeats = Repeats()
        assert [repeats.is_one(text) for text in (first, second)] == [False, False]

    def test_are_told_from_everything_before(self) -> None:
        repeats = Repeats()
        texts = [f"{NOTICE} Paragraph {at}." for at in range(100)]
        assert [repeats.is_one(text) for text in texts] == [False] * 100
        assert [repeats.is_one(text) for text in reversed(texts)] == [True] * 100

    def test_are_told_as_comparing_all_runs_would_tell_them(self) -> None:
        chance = Random(7)  # it has to be the same each time
        counts = {False: 0, True: 0}
        for _ in range(2_000):
            varied = varied_by(chance, f"{NOTICE} It describes 2021.")
            repeats = Repeats()
            told = [repeats.is_one(text) for text in (NOTICE + " It describes 2021.", varied)][1]
            assert told is is_alike(NOTICE + " It describes 2021.", varied), varied
            counts[told] += 1
        assert min(counts.values()) > 200


def varied_by(chance: Random, text: str) -> str:
    words = text.split()
    for _ in range(chance.choice([1, 2, 3, 4])):
        at, length = chance.randrange(len(words)), chance.randrange(4)
        words[at : at + length] = chance.choices(["new", "a", "7", "2021", "déjà", *words], k=chance.randrange(8))
    return chance.choice([" ", ", ", " — "]).join(words)


def is_alike(*texts: str) -> bool:
    said = [re.findall(r"[^\W_]+", text.casefold()) for text in texts]
    one, other = ({tuple(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1)} for words in said)
    numbers = [{word for word in words if any(map(str.isdigit, word))} for words in said]
    return numbers[0] == numbers[1] and len(one & other) >= LIKENESS_MIN * len(one | other)
