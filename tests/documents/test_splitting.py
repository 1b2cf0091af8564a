"""Cutting a text into passages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexora_gql.documents.splitting import CHUNKS_MAX, Passage, TooManyChunks, context, estimate_tokens, split
from lexora_gql.ports.text_extractor import ExtractedText, Heading, PageSpan, Span

CHARACTERS = 100
OVERLAP = 30


def texts(passages: list[Passage]) -> list[str]:
    return [passage.text for passage in passages]


def cut(text: str, **known: tuple[object, ...]) -> list[Passage]:
    return split(ExtractedText(text=text, **known), characters=CHARACTERS, overlap=OVERLAP)  # type: ignore[arg-type]  # each test knows its own


class TestSplitting:
    def test_a_short_text_is_one_passage_without_the_space_around_it(self) -> None:
        [passage] = cut("\n\n  Invoices are paid within 30 days.\n")

        assert passage == Passage(
            ordinal=0,
            start=4,
            end=37,
            text="Invoices are paid within 30 days.",
            headings=(),
            page_start=None,
            page_end=None,
            token_count=9,
        )

    def test_a_blank_text_has_no_passages(self) -> None:
        assert cut(" \n\n\t ") == []

    def test_cuts_after_a_paragraph_first(self) -> None:
        first, second = " ".join(["First one."] * 6), " ".join(["Second one."] * 6)

        assert texts(cut(f"{first}\n\n{second}")) == [first, f"First one. First one.\n\n{second}"]

    def test_repeats_the_last_whole_sentences(self) -> None:
        text = "One is a sentence of some length. Two is one, too. Three is here. Four is here. Five does not fit in."

        assert texts(cut(text)) == [
            "One is a sentence of some length. Two is one, too. Three is here. Four is here.",
            "Three is here. Four is here. Five does not fit in.",
        ]

    def test_repeats_the_last_words_where_a_sentence_is_too_long_to_repeat(self) -> None:
        text = (
            "One is a sentence of considerable length that comes to its end at last, thirty words later. Two is short."
        )

        assert texts(cut(text))[1] == "at last, thirty words later. Two is short."

    @pytest.mark.parametrize(
        ("_language", "sentence"),
        [
            ("English", "The invoice is paid within thirty days. "),
            ("Chinese", "发票在三十天内支付，逾期须支付利息。"),
            ("Japanese", "請求書は三十日以内に支払われます。"),
            ("Arabic", "هل تُدفع الفاتورة خلال ثلاثين يومًا؟ "),
            ("Hindi", "चालान का भुगतान तीस दिनों के भीतर किया जाता है। "),
            ("Russian", "Счёт оплачивается в течение тридцати дней. "),
        ],
    )
    def test_cuts_after_sentences_in_any_script(self, _language: str, sentence: str) -> None:
        passages = split(ExtractedText(text=(sentence * 20).strip()), characters=200, overlap=60)

        assert len(passages) > 1
        assert {passage.text[-1] for passage in passages} == {sentence.strip()[-1]}
        assert {passage.text[:5] for passage in passages} == {sentence[:5]}

    def test_an_abbreviation_ends_no_sentence(self) -> None:
        text = (
            "An evening in town can be long. It was. Later he met Mr. Smith who went home without any words, as ever."
        )

        assert texts(cut(text))[0].endswith("Mr. Smith who went home without any words, as")

    def test_a_text_without_spaces_is_cut_at_the_bound(self) -> None:
        assert [len(passage.text) for passage in cut("x" * 240)] == [100, 100, 100]

    def test_a_character_is_not_parted_from_its_marks(self) -> None:
        passages = cut("x" * 99 + "e\u0301" + "x" * 50)

        assert passages[0].text == "x" * 99
        assert "e\u0301" in passages[1].text

    def test_a_family_and_a_flag_stay_whole(self) -> None:
        family, flag = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea"

        assert cut("x" * 97 + family + "y" * 60)[0].text == "x" * 97
        assert cut("x" * 97 + flag + flag + "y" * 60)[0].text == "x" * 97 + flag

    def test_what_is_repeated_begins_with_a_whole_character(self) -> None:
        passages = split(ExtractedText(text="e\u0301" * 50), characters=61, overlap=1)

        assert {passage.text[0] for passage in passages} == {"e"}


class TestSections:
    def test_no_passage_crosses_a_section_of_the_top_level(self) -> None:
        text = "Pay\nIn 30 days.\n\nLeave\nIs 25 days."

        passages = cut(text, headings=(Heading(1, "Pay", 0), Heading(1, "Leave", 17)))

        assert [(passage.text, passage.headings) for passage in passages] == [
            ("Pay\nIn 30 days.", ("Pay",)),
            ("Leave\nIs 25 days.", ("Leave",)),
        ]

    def test_small_sections_below_share_a_passage(self) -> None:
        text = "Handbook\n\nPay\nIn 30 days.\n\nLeave\nIs 25 days."
        headings = (Heading(1, "Handbook", 0), Heading(2, "Pay", 10), Heading(2, "Leave", 27))

        assert texts(cut(text, headings=headings)) == [text]

    def test_prefers_to_end_before_a_heading_and_repeats_nothing_across_it(self) -> None:
        pay, leave = "Pay\nIt is paid. In 30 days. ", "Leave\n" + "It is 25 days. " * 6
        headings = (Heading(1, "Handbook", 0), Heading(2, "Pay", 10), Heading(2, "Leave", 10 + len(pay)))

        passages = cut("Handbook\n\n" + pay + leave, headings=headings)

        assert [passage.text.split("\n")[0] for passage in passages] == ["Handbook", "Leave"]
        assert [passage.headings for passage in passages] == [("Handbook",), ("Handbook", "Leave")]

    def test_says_the_way_to_the_section(self) -> None:
        text = "A\n" + "a " * 45 + "\nB\n" + "b " * 45 + "\nC\n" + "c " * 45
        headings = (Heading(1, "A", 0), Heading(3, "B", text.index("B")), Heading(2, "C", text.index("C")))

        assert [passage.headings for passage in cut(text, headings=headings)] == [("A",), ("A", "B"), ("A", "C")]

    def test_a_list_of_a_great_many_headings_is_no_structure(self) -> None:
        count = 10_001
        text = "# Aa\n" * count
        headings = tuple(Heading(1, "Aa", place * 5) for place in range(count))

        assert len(cut(text, headings=headings)) < count / 10


class TestBlocks:
    def test_a_table_that_fits_is_not_cut(self) -> None:
        table = "| a | b |\n" * 8
        text = "Some words before it. " * 3 + "\n\n" + table + "\n" + "Some words after. " * 3
        start = text.index("|")

        passages = cut(text, blocks=(Span(start, start + len(table)),))

        assert [passage.text.count("|") for passage in passages] == [0, 24, 0]
        assert passages[1].text == table.strip()

    def test_the_line_end_after_a_table_need_not_fit(self) -> None:
        table = "| a | b |\n" * 9 + "| a | bb |\n"

        assert len(table.strip()) == CHARACTERS
        assert texts(cut(table + "\nAfter.", blocks=(Span(0, len(table)),))) == [table.strip(), "After."]

    def test_a_table_that_does_not_fit_is_cut_between_rows(self) -> None:
        table = "| a | b |\n" * 30

        passages = cut(table, blocks=(Span(0, len(table)),))

        assert len(passages) > 3
        assert {passage.text.replace("| a | b |\n", "") for passage in passages} == {"| a | b |"}


class TestPages:
    def test_says_on_which_pages_a_passage_stands(self) -> None:
        text = "a " * 40 + "b " * 40
        pages = (PageSpan(1, 0, 80), PageSpan(2, 80, 80), PageSpan(3, 80, 160))

        assert [(passage.page_start, passage.page_end) for passage in cut(text, pages=pages)] == [(1, 3), (1, 3)]


STRUCTURED = st.builds(
    lambda pieces, levels: (pieces, levels),
    st.lists(
        st.text(alphabet=st.sampled_from("ab .!?。\n\u0301\u200d\U0001f1e9漢ก่"), max_size=300), min_size=1, max_size=8
    ),
    st.lists(st.integers(0, 4), min_size=8, max_size=8),
)


class TestEveryText:
    @given(structured=STRUCTURED, characters=st.integers(2, 200), overlap=st.integers(0, 200))
    @settings(max_examples=300, deadline=None)
    def test_holds_what_is_promised(
        self, structured: tuple[list[str], list[int]], characters: int, overlap: int
    ) -> None:
        pieces, levels = structured
        starts = [sum(map(len, pieces[:place])) for place in range(len(pieces))]
        text = "".join(pieces)
        marks = list(zip(starts, pieces, levels, strict=False))
        extracted = ExtractedText(
            text=text,
            headings=tuple(Heading(level, "h", start) for start, _, level in marks if level > 1),
            blocks=tuple(Span(start, start + len(piece)) for start, piece, level in marks if level == 1),
        )
        top = min((heading.level for heading in extracted.headings), default=0)

        passages = split(extracted, characters=characters, overlap=overlap)

        covered: set[int] = set()
        for place, passage in enumerate(passages):
            assert passage.ordinal == place
            assert passage.text == text[passage.start : passage.end] == passage.text.strip()
            assert 0 < len(passage.text) <= characters
            inside = range(passage.start + 1, passage.end)
            assert not [
                h for h in extracted.headings if h.level == top and h.start in inside and text[: h.start].strip()
            ]
            covered.update(range(passage.start, passage.end))
        assert [(p.start, p.end) for p in passages] == sorted((p.start, p.end) for p in passages)
        assert not [place for place, character in enumerate(text) if not character.isspace() and place not in covered]

    @given(before=st.integers(0, 300), rows=st.integers(1, 10), after=st.integers(0, 300))
    @settings(max_examples=100, deadline=None)
    def test_keeps_whole_what_fits(self, before: int, rows: int, after: int) -> None:
        table = "| a | b |\n" * rows
        text = "w " * before + "\n\n" + table + "\n" + "w " * after
        start = text.index("|")
        extracted = ExtractedText(text=text, blocks=(Span(start, start + len(table)),))

        passages = split(extracted, characters=100, overlap=40)

        assert any(table.strip() in passage.text for passage in passages)


class TestCost:
    @pytest.mark.parametrize(
        ("_case", "unit"),
        [
            ("no spaces", "x"),
            ("stops", "."),
            ("a character a line", "x\n"),
            ("marks", "\u0301"),
            ("prose", "It is. Well, "),
        ],
    )
    def test_grows_with_the_length_only(self, _case: str, unit: str) -> None:
        text = unit * (2_000_000 // len(unit))
        begun = time.process_time()

        passages = split(ExtractedText(text=text), characters=1_000, overlap=150)

        assert len(passages) > 1_900
        assert time.process_time() - begun < 10

    def test_a_great_many_headings_cost_no_more(self) -> None:
        headings = tuple(Heading(place % 9 + 1, "h", place * 2) for place in range(300_000))
        begun = time.process_time()

        split(ExtractedText(text="h\n" * 300_000, headings=headings), characters=1_000, overlap=150)

        assert time.process_time() - begun < 10

    def test_too_many_passages_are_refused(self) -> None:
        with pytest.raises(TooManyChunks, match=f"more than {CHUNKS_MAX:,} passages"):
            split(ExtractedText(text="word " * 90_000), characters=10, overlap=0)


class TestContext:
    @pytest.mark.parametrize(
        ("title", "filename", "headings", "expected"),
        [
            (None, "staff_handbook-2024.pdf", (), "staff handbook 2024\n\n"),
            ("Staff handbook", "staff_handbook.pdf", ("Leave", "Sick leave"), "Staff handbook\nLeave\nSick leave\n\n"),
            ("Leave", "l.md", ("Leave",), "Leave\nl\n\n"),
            (None, "", (), ""),
        ],
    )
    def test_says_each_thing_once(
        self, title: str | None, filename: str, headings: tuple[str, ...], expected: str
    ) -> None:
        assert context(title, filename, headings) == expected

    def test_is_bounded(self) -> None:
        assert len(context("t" * 900, "f" * 900, tuple(f"{place}" * 200 for place in range(8)))) <= 402


class TestEstimating:
    @pytest.mark.parametrize(("text", "expected"), [("", 1), ("four", 1), ("fours", 2), ("漢字漢字", 3)])
    def test_takes_four_bytes_for_a_token(self, text: str, expected: int) -> None:
        assert estimate_tokens(text) == expected
