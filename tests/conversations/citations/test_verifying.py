"""Citations: which sentence a marker stands for, which words of the source back it, and whether they do."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexora_gql.conversations.citations import Citation, CitationVerification, SourceText, cite
from lexora_gql.conversations.citations.claims import claims
from lexora_gql.conversations.citations.markers import MarkerFilter, MarkerSpan
from lexora_gql.conversations.language.sentences import sentences
from lexora_gql.ports.text_extractor import PageSpan, Span
from tests.conversations.citations.more_verdicts import MISSED, TOLD_APART
from tests.conversations.citations.verdicts import CONTRADICTED, LEAVE, REWORDED, TABLE, UNRELATED, VERBATIM
from tests.shared_data import require_shared_data

EXACT, NORMALIZED = CitationVerification.EXACT, CitationVerification.NORMALIZED
SUPPORTED, UNSUPPORTED = CitationVerification.SUPPORTED, CitationVerification.UNSUPPORTED


def answer(text: str, *numbers: int) -> tuple[str, tuple[MarkerSpan, ...]]:
    markers = MarkerFilter(numbers or (1,))
    content = markers.feed(text) + markers.flush()
    return content, markers.spans


def cited(text: str, *sources: str) -> list[Citation]:
    numbered = {number: SourceText(source) for number, source in enumerate(sources, start=1)}
    return cite(*answer(text, *numbered), numbered)


def verdict(source: str, claim: str) -> CitationVerification:
    [citation] = cited(claim.rstrip(".。") + " [1].", source)
    return citation.verification


class TestVerdicts:
    @pytest.mark.parametrize(("source", "claim", "expected"), TABLE, ids=[claim for _, claim, _ in TABLE])
    def test_each_pair_gets_the_verdict_a_reader_gives(
        self, source: str, claim: str, expected: CitationVerification
    ) -> None:
        assert verdict(source, claim) is expected

    @pytest.mark.parametrize(("source", "claim", "expected"), TOLD_APART, ids=[claim for _, claim, _ in TOLD_APART])
    def test_so_does_each_pair_in_more_languages(self, source: str, claim: str, expected: CitationVerification) -> None:
        assert verdict(source, claim) is expected

    def test_of_a_hundred_pairs_ninety_five_are_right_and_no_wrong_one_is_vouched_for(self) -> None:
        pairs = [*TABLE, *TOLD_APART, *MISSED]
        wrong = [(expected, said) for source, claim, expected in pairs if (said := verdict(source, claim)) != expected]

        assert len(wrong) <= 0.05 * len(pairs)
        assert UNSUPPORTED not in {expected for expected, _ in wrong}

    def test_the_table_has_every_kind_of_pair(self) -> None:
        assert [len(VERBATIM), len(REWORDED), len(CONTRADICTED), len(UNRELATED)] == [16, 20, 23, 8]


class TestQuotes:
    def test_words_to_the_letter_are_quoted_as_the_source_breaks_them(self) -> None:
        source = "Old rules end.\nInvoices are\npaid  within 30 days after receipt. More."

        [citation] = cited("Invoices are paid within 30 days [1].", source)

        assert (citation.quote, citation.verification) == ("Invoices are\npaid  within 30 days", EXACT)
        assert source[citation.char_start : citation.char_end] == citation.quote

    def test_the_full_stop_belongs_to_the_quote_where_both_have_it(self) -> None:
        [citation] = cited("Invoices are paid. [1]", "We pay. Invoices are paid. Soon.")

        assert citation.quote == "Invoices are paid."

    @pytest.mark.parametrize(
        ("source", "claim"),
        [
            ("The unpaid days count.", "paid days count"),
            ("It costs 3.5 euros.", "It costs 3"),
            ("Pay 1,000 euros.", "Pay 1"),
            ("It is -5 degrees.", "5 degrees"),
        ],
    )
    def test_part_of_a_word_or_a_number_is_not_to_the_letter(self, source: str, claim: str) -> None:
        assert verdict(source, claim) not in {EXACT, NORMALIZED}

    def test_a_papers_own_references_are_no_words(self) -> None:
        [citation] = cited(
            "As shown, water boils at 100 degrees. [1]", "As shown [12], water boils at 100 degrees [3, 4]."
        )

        assert citation.verification is EXACT
        assert citation.quote == "As shown [12], water boils at 100 degrees [3, 4]."

    def test_other_words_are_backed_by_whole_sentences(self) -> None:
        [citation] = cited("Leave for full-time employees is 25 days [1].", LEAVE)

        assert citation.quote == "Full-time employees receive 25 days of paid annual leave per year."

    def test_what_two_sentences_say_together_is_backed_by_both(self) -> None:
        source = "Rain fell. The bridge opened in 1932. It spans 503 metres over the harbour. Tolls apply."

        [citation] = cited("The bridge of 1932 spans 503 metres over the harbour [1].", source)

        assert (citation.quote, citation.verification) == (
            "The bridge opened in 1932. It spans 503 metres over the harbour.",
            SUPPORTED,
        )


class TestPlaces:
    def test_offsets_count_in_the_document_and_the_page_is_where_the_quote_begins(self) -> None:
        document = "First page text.\n\nInvoices are paid\non time. Next page text. Third."
        pages = (PageSpan(4, 0, 16), PageSpan(5, 18, 36), PageSpan(6, 36, 100))
        chunk = SourceText(document[18:], 18, pages)

        citations = cite(*answer("Invoices are paid on time [1]. Third [1]."), {1: chunk})

        assert [(c.char_start, c.char_end, c.page) for c in citations] == [(18, 44, 5), (61, 67, 6)]
        assert all(document[c.char_start : c.char_end] == c.quote for c in citations)

    def test_a_document_without_pages_has_none(self) -> None:
        assert cited("Paid [1].", "Paid.")[0].page is None

    def test_the_span_is_the_markers_place_in_the_answer(self) -> None:
        content, markers = answer("𝔘p [1, 2]. Down [2].", 1, 2)

        citations = cite(content, markers, {1: SourceText("𝔘p."), 2: SourceText("Down.")})

        assert [(c.marker, content[c.span.start : c.span.end]) for c in citations] == [
            (1, "[1]"),
            (2, "[2]"),
            (2, "[2]"),
        ]

    def test_a_marker_without_a_source_is_left_out(self) -> None:
        assert cite("Paid [1].", [MarkerSpan(1, 5, 8)], {}) == []


class TestClaims:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Paid on time [1]. Next one.", [(1, "Paid on time.")]),
            ("Paid on time. [1] Next one.", [(1, "Paid on time.")]),
            ("Paid on time.[1] Next one.[2]", [(1, "Paid on time."), (2, "Next one.")]),
            ("Paid on time [1][2].", [(1, "Paid on time."), (2, "Paid on time.")]),
            ("Paid on time [1], [2].", [(1, "Paid on time."), (2, "Paid on time.")]),
            ("As [1] says, it is paid.", [(1, "As says, it is paid.")]),
            ("[1] says that it is paid.", [(1, "says that it is paid.")]),
            ("One thing is true [1] and so is another [2].", [(1, "One thing is true"), (2, "and so is another.")]),
            ("Rome [1] and Oslo [2] have signed.", [(1, "Rome have signed."), (2, "and Oslo have signed.")]),
            ("- Paid on time [1]\n- Paid late [2]", [(1, "- Paid on time"), (2, "- Paid late")]),
            ("Paid\non time. [1]", [(1, "Paid\non time.")]),
            ("Paid on time.\n[1]\n\nNext one.", [(1, "Paid on time.")]),
            ("按时支付[1]。下一句。[2]", [(1, "按时支付。"), (2, "下一句。")]),
            ("Dr. Smith paid 3.5 euros, e.g. in May [1].", [(1, "Dr. Smith paid 3.5 euros, e.g. in May.")]),
        ],
    )
    def test_a_marker_stands_for_its_sentence(self, text: str, expected: list[tuple[int, str]]) -> None:
        content, markers = answer(text, 1, 2)

        assert [(marker.marker, claim) for marker, claim in claims(content, markers)] == expected


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("One. Two! Three? ", ["One.", "Two!", "Three?"]),
            ("Am 3. März wurde z. B. gezahlt. Gut.", ["Am 3. März wurde z. B. gezahlt.", "Gut."]),
            ("第一句。第二句！", ["第一句。", "第二句！"]),
            ("هل دفعت؟ نعم.", ["هل دفعت؟", "نعم."]),
            ("A line that\nwraps here. End.", ["A line that\nwraps here.", "End."]),
            ("Heading\n\nText", ["Heading", "Text"]),
            ("- one\n- two\n1. three", ["- one", "- two", "1. three"]),
        ],
    )
    def test_they_end_where_a_reader_stops(self, text: str, expected: list[str]) -> None:
        assert [text[span.start : span.end] for span in sentences(text)] == expected


class TestEveryText:
    @given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 1_000))
    @settings(max_examples=150)
    def test_the_quote_is_the_text_at_its_place(self, text: str, source: str, start: int) -> None:
        content, markers = answer(f"{text}[1]{source}. [1]")
        document = "x" * start + source

        citations = cite(content, markers, {1: SourceText(source, start)})

        assert [c.span for c in citations] == [Span(marker.start, marker.end) for marker in markers]
        assert all(document[c.char_start : c.char_end] == c.quote for c in citations)

    @given(
        st.lists(
            st.sampled_from(["Paid ", "in 30", ".", "\n", "- ", "ß", "ﬁ", "\u00ad", " ", "不", "五", "[2]", "’"]),
            max_size=30,
        )
    )
    def test_hostile_pieces_never_raise(self, pieces: list[str]) -> None:
        text = "".join(pieces)
        assert all(c.quote in text for c in cite(*answer(text + "[1]"), {1: SourceText(text)}))

    @pytest.mark.parametrize(
        "unit", [" ", "[", "a ", "1,", "x", ".", "may 5 ", "一", "1 ", "A. ", "中·", "Ab ", "[1 ", "a1-"]
    )
    def test_time_grows_no_faster_than_the_text(self, unit: str) -> None:
        source = unit * (8_000 // len(unit))
        content, markers = answer(source[:2_000] + " foo bar baz [1]")

        begin = time.perf_counter()
        cite(content, markers, {1: SourceText(source)})

        # A few milliseconds as a rule; what is quadratic takes seconds.
        assert time.perf_counter() - begin < 0.5


class TestRealText:
    @pytest.mark.parametrize("language", ["en", "de", "zh", "ar"])
    def test_sentences_of_a_paragraph_are_exact_in_it_and_unsupported_elsewhere(self, language: str) -> None:
        lines = (
            require_shared_data("retrieval", f"xquad-{language}", "corpus.jsonl")
            .read_text(encoding="utf-8")
            .splitlines()[:30]
        )
        texts = [json.loads(line)["text"] for line in lines]
        own, others = [], []
        for place, text in enumerate(texts):
            first = sentences(text)[0]
            claim = text[first.start : first.end]
            own += [citation.verification for citation in cited(claim + " [1]", text)]
            others += [citation.verification for citation in cited(claim + " [1]", texts[(place + 7) % len(texts)])]

        assert own == [EXACT] * len(texts)
        assert others == [UNSUPPORTED] * len(texts)
