"""How much of a DOCX is read, by texts that others have made of it."""

import pytest

from tests.benchmarks.text_fidelity import RECALL, fidelity, words_of
from tests.shared_data import require_shared_data


class TestWordsRead:
    @pytest.mark.parametrize(
        ("name", "least"),
        [
            ("docx_list_blank_spacer", 1.0),
            # There, H2O is three words.
            ("docx_rich_cells", 0.975),
            ("lorem_ipsum", 1.0),
            ("tablecell", 1.0),
            ("textbox", 1.0),
            ("unit_test_formatting", 1.0),
            ("word_sample", 1.0),
        ],
    )
    def test_none_of_the_words_is_lost(self, name: str, least: float) -> None:
        truth = require_shared_data("groundtruth", "docling", "docx", f"{name}.docx.md")
        file = require_shared_data("docs", "docx", "good", "docling", f"{name}.docx")

        found = fidelity(file, truth)

        assert found.recall >= least, found.missing
        assert found.precision >= 0.85, found.extra

    def test_another_document_would_be_told(self) -> None:
        truth = require_shared_data("groundtruth", "docling", "docx", "textbox.docx.md")
        file = require_shared_data("docs", "docx", "good", "docling", "word_sample.docx")

        assert fidelity(file, truth).recall < RECALL / 2


class TestCountingWords:
    def test_markup_is_no_part_of_a_word(self) -> None:
        source = r"**Pay** *in* [30 days](https://x.example), snake\_case &amp; <!-- image --> ~~no~~ _yes_"

        assert sorted(words_of(source).elements()) == ["30", "case", "days", "in", "no", "pay", "snake", "yes"]
