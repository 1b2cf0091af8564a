import io
from typing import Any

import pytest
from rich.console import Console

from lexora_gql.terminal.answer_text import AnswerText

CITATION = {
    "marker": 1,
    "filename": "handbook.pdf",
    "page": 12,
    "quote": "Invoices are paid\nwithin 30 days.",
    "verification": "EXACT",
}


def message(content: str = "", **fields: Any) -> dict[str, Any]:
    return {"content": content, "status": "COMPLETED", "mode": "EXTRACTIVE", "citations": [], "failure": None} | fields


class Shown:
    """An answer's display, and what it has printed."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        colours: Any = "standard" if is_terminal else None
        self.display = AnswerText(
            Console(file=self.output, force_terminal=is_terminal, color_system=colours, width=60),
            Console(file=self.errors, width=60),
        )


@pytest.fixture
def shown() -> Shown:
    return Shown()


class TestTextAsItComes:
    def test_pieces_are_printed_as_they_are(self, shown: Shown) -> None:
        shown.display.text(0, "Invoices are ")
        shown.display.text(13, "paid.\n\nSee [bold]the *handbook*")

        assert shown.output.getvalue() == "Invoices are paid.\n\nSee [bold]the *handbook*"

    def test_long_lines_are_left_to_the_terminal(self, shown: Shown) -> None:
        shown.display.text(0, "word " * 40)

        assert shown.output.getvalue() == "word " * 40

    def test_a_marker_cut_in_two_is_coloured_whole(self) -> None:
        shown = Shown(is_terminal=True)
        shown.display.text(0, "Paid [1")
        before = shown.output.getvalue()
        shown.display.text(7, "] soon")

        assert before == "Paid "
        assert shown.output.getvalue() == "Paid \x1b[1;36m[1]\x1b[0m soon"

    def test_escape_sequences_never_reach_the_terminal(self, shown: Shown) -> None:
        shown.display.text(0, "\x1b[2Jgone")

        assert shown.output.getvalue() == "[2Jgone"

    def test_an_offset_further_back_says_the_text_again(self, shown: Shown) -> None:
        shown.display.text(0, "Invoices are lost.")
        shown.display.text(13, "paid.")

        assert shown.output.getvalue() == "Invoices are lost.\n\nInvoices are paid."


class TestTheEnd:
    def test_sources_follow_by_number_each_quote_once(self, shown: Shown) -> None:
        second = CITATION | {"marker": 2, "page": None, "filename": "notes.md", "verification": "UNSUPPORTED"}
        shown.display.text(0, "Within 30 days [2][1][1].")
        shown.display.finished("c", message("Within 30 days [2][1][1].", citations=[second, CITATION, CITATION]))

        assert shown.output.getvalue() == (
            "Within 30 days [2][1][1].\n\n"
            "[1] handbook.pdf, page 12, “Invoices are paid within 30 days.” exact\n"
            "[2] notes.md, “Invoices are paid within 30 days.” unsupported\n"
        )
        assert shown.errors.getvalue() == ""

    def test_text_that_no_event_has_brought_is_made_up_for(self, shown: Shown) -> None:
        shown.display.text(0, "Within ")
        shown.display.finished("c", message("Within 30 days."))

        assert shown.output.getvalue() == "Within 30 days.\n"

    def test_no_evidence_is_said_once(self, shown: Shown) -> None:
        shown.display.finished("c", message("The documents do not answer this.", mode="NO_EVIDENCE"))

        assert shown.output.getvalue() == "The documents do not answer this.\n"
        assert shown.errors.getvalue() == ""

    def test_no_evidence_and_no_words_for_it_is_said_all_the_same(self, shown: Shown) -> None:
        shown.display.finished("c", message("", mode="NO_EVIDENCE"))

        assert shown.errors.getvalue() == "lexora: Nothing in the documents answers this.\n"

    def test_a_failure_is_said_after_what_was_there(self, shown: Shown) -> None:
        failure = {"code": "MODEL_UNAVAILABLE", "message": "The model does not answer.", "isRetryable": True}
        shown.display.text(0, "Within")
        shown.display.finished("c", message("Within", status="FAILED", failure=failure))

        assert shown.output.getvalue() == "Within\n"
        assert shown.errors.getvalue() == "lexora: The model does not answer. (MODEL_UNAVAILABLE)\n"
