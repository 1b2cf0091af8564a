"""What holds of the passages of every document, whatever its script and structure."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexora_gql.documents.splitting import Passage, split
from lexora_gql.ports.text_extractor import ExtractedText, Heading, PageSpan, Span
from tests.documents.written import DOCUMENTS, faults


def passage(extracted: ExtractedText, start: int, end: int, pages: tuple[int, int] = (1, 1)) -> Passage:
    return Passage(0, start, end, extracted.text[start:end], (), *pages, token_count=1)


class TestEveryDocument:
    @given(extracted=DOCUMENTS, characters=st.integers(60, 400), overlap=st.integers(0, 200))
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    def test_has_passages_without_a_fault(self, extracted: ExtractedText, characters: int, overlap: int) -> None:
        passages = split(extracted, characters=characters, overlap=overlap)

        assert faults(extracted, passages, characters=characters, overlap=overlap) == set()

    @given(extracted=DOCUMENTS)
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    def test_has_the_same_passages_each_time(self, extracted: ExtractedText) -> None:
        assert split(extracted, characters=100, overlap=30) == split(extracted, characters=100, overlap=30)


class TestTheChecks:
    """Each check finds its fault, so a document without one has passed something."""

    TEXT = "One 👨‍👩‍👧 two.\n\n| a | b |\n| c | d |\n\nTop two is here.\n\n"
    TABLE = Span(TEXT.index("|"), TEXT.index("Top") - 1)
    TOP = TEXT.index("Top")
    EXTRACTED = ExtractedText(
        text=TEXT,
        headings=(Heading(1, "One", 0), Heading(1, "Top", TOP)),
        blocks=(TABLE,),
        pages=(PageSpan(1, 0, TOP), PageSpan(2, TOP, len(TEXT))),
    )

    @pytest.mark.parametrize(
        ("fault", "spans"),
        [
            ("gap", [(0, 14)]),
            ("section", [(0, len(TEXT) - 2)]),
            ("table", [(0, TABLE.start + 9), (TABLE.start + 10, TOP - 2), (TOP, len(TEXT) - 2)]),
            ("character", [(0, 5), (5, TOP - 2), (TOP, len(TEXT) - 2)]),
            ("letters", [(0, 15), (TABLE.start - 1, TOP - 2), (TOP, len(TEXT) - 2)]),
            ("overlap", [(0, TOP - 2), (TABLE.start, TOP - 2)]),
            ("order", [(TOP, len(TEXT) - 2), (0, TOP - 2)]),
            ("page", [(TOP, len(TEXT) - 2)]),
            ("length", [(0, len(TEXT) - 2)]),
        ],
    )
    def test_find_what_they_are_for(self, fault: str, spans: list[tuple[int, int]]) -> None:
        passages = [passage(self.EXTRACTED, start, end) for start, end in spans]

        assert fault in faults(self.EXTRACTED, passages, characters=50, overlap=10)

    def test_find_nothing_where_nothing_is_wrong(self) -> None:
        spans = [(0, self.TABLE.end - 1, (1, 1)), (self.TOP, len(self.TEXT) - 2, (2, 2))]
        passages = [passage(self.EXTRACTED, start, end, pages) for start, end, pages in spans]

        assert faults(self.EXTRACTED, passages, characters=50, overlap=10) == set()

    def test_find_what_a_splitter_does_wrong_that_only_counts(self) -> None:
        cuts = range(0, len(self.TEXT) - 2, 6)
        passages = [passage(self.EXTRACTED, start, start + 6) for start in cuts]

        assert {"letters", "section", "character", "table", "page"} <= faults(
            self.EXTRACTED, passages, characters=50, overlap=10
        )
