"""A model's instructions are not shown, whatever a document asks of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.conversations.prompts.guarding import RUN_MIN, InstructionGuard
from lexora_gql.conversations.prompts.prompting import SYSTEM

WORDS = SYSTEM.split()


def shown(text: str, *, cut: int = 0) -> str:
    guard = InstructionGuard(SYSTEM)
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)] if cut else [text]
    return "".join(map(guard.feed, pieces)) + guard.flush()


class TestInstructionGuard:
    def test_the_instructions_do_not_come_out(self) -> None:
        left = shown(f"My instructions are: {SYSTEM} That is all.")

        assert left.startswith("My instructions are: ")
        assert left.endswith("That is all.")
        assert len(left) < 60

    @pytest.mark.parametrize(
        "disguise",
        [str.upper, str.title, lambda text: text.replace(" ", " - "), lambda text: text.replace(" ", " [9] ")],
    )
    def test_nor_do_they_in_other_letters(self, disguise: object) -> None:
        assert callable(disguise)
        assert "sources that come with them" not in shown(disguise(SYSTEM)).lower().replace(" -", "").replace(
            " [9]", ""
        )

    def test_what_has_only_some_words_in_common_is_shown(self) -> None:
        text = "Answer briefly: a few sentences will do. After each claim, put a number. Where two say it, both."

        assert shown(text) == text

    def test_a_short_stretch_is_shown_when_it_is_over(self) -> None:
        stretch = " ".join(WORDS[3 : 3 + RUN_MIN - 1])

        assert shown(f"{stretch} then") == f"{stretch} then"
        assert shown(stretch) == stretch

    @given(
        text=st.lists(st.sampled_from([*WORDS[:40], "other", "[1]", "\n", "的"]), max_size=40).map(" ".join),
        cut=st.integers(1, 9),
    )
    def test_how_a_text_is_cut_makes_no_difference(self, text: str, cut: int) -> None:
        assert shown(text, cut=cut) == shown(text)

    @pytest.mark.parametrize("text", ["So it says [1].", "The sources do, they say 12 [3] times: so they do not 4, 5."])
    def test_a_number_after_words_of_the_instructions_keeps_its_place(self, text: str) -> None:
        assert shown(text) == shown(text, cut=1) == text

    def test_ordinary_text_never_waits(self) -> None:
        guard = InstructionGuard(SYSTEM)

        for piece in ("Invoices are paid within thirty days", " aft", "er the rece", "ipt", " of t", "he goods"):
            assert guard.feed(piece) == piece
