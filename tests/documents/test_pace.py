from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.documents.models import IngestionStage
from lexora_gql.documents.pace import Estimate, Pace

PDF = "application/pdf"
PAGES, PASSAGES_A_PAGE, BATCH = 200, 3, 30
PASSAGES = PAGES * PASSAGES_A_PAGE
SECONDS = {
    IngestionStage.PARSING: 0.05,
    IngestionStage.CHUNKING: 0.001,
    IngestionStage.EMBEDDING: 0.02,
    IngestionStage.INDEXING: 0.002,
}
"""Of a page while PARSING, of a passage afterwards."""
WHOLE_SECONDS = PAGES * SECONDS[IngestionStage.PARSING] + PASSAGES * 0.023


@dataclass
class Reading:
    """A document that is read at an even pace, by a clock of its own.

    Attributes:
        told: What was said to be left, beside what was left indeed.
    """

    pace: Pace = field(default_factory=Pace)
    at: float = 100.0
    told: list[tuple[float | None, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.estimate = Estimate(self.pace, PDF, lambda: self.at)
        self.ends_at = self.at + WHOLE_SECONDS

    def tell(self, stage: IngestionStage, done: int = 0, total: int | None = None) -> None:
        self.estimate.report(stage, done, total)
        self.told.append((self.estimate.remaining_seconds(), self.ends_at - self.at))

    def parse(self, pages: int = PAGES) -> None:
        self.tell(IngestionStage.PARSING, 0, PAGES)
        for page in range(1, pages + 1):
            self.at += SECONDS[IngestionStage.PARSING]
            self.tell(IngestionStage.PARSING, page, PAGES)

    def chunk(self) -> None:
        self.tell(IngestionStage.CHUNKING)
        self.at += PASSAGES * SECONDS[IngestionStage.CHUNKING]

    def embed(self) -> None:
        self.tell(IngestionStage.EMBEDDING, 0, PASSAGES)
        for done in range(BATCH, PASSAGES + 1, BATCH):
            self.at += BATCH * SECONDS[IngestionStage.EMBEDDING]
            self.tell(IngestionStage.EMBEDDING, done, PASSAGES)

    def index(self) -> None:
        self.tell(IngestionStage.INDEXING, 0, PASSAGES)
        self.at += PASSAGES * SECONDS[IngestionStage.INDEXING]
        self.estimate.end()

    def whole(self) -> "Reading":
        self.parse()
        self.chunk()
        self.embed()
        self.index()
        return self


@pytest.fixture
def known() -> Pace:
    """The memory of a worker that has read such a document."""
    return Reading().whole().pace


class TestTheFirstDocument:
    def test_nothing_is_said_before_the_embedder_was_measured(self) -> None:
        reading = Reading()
        reading.parse()
        reading.chunk()
        reading.tell(IngestionStage.EMBEDDING, 0, PASSAGES)

        assert {told for told, _ in reading.told} == {None}

    def test_from_its_first_batch_on_the_rest_is_known(self) -> None:
        reading = Reading()
        reading.parse()
        reading.chunk()
        before = len(reading.told)
        reading.embed()

        for told, left in reading.told[before + 1 :]:
            # What storing takes is not measured yet, and is guessed at half of what it is here.
            assert told == pytest.approx(left - PASSAGES * 0.001, rel=0.01)


class TestTheNext:
    def test_what_is_left_is_known_from_the_first_page_on(self, known: Pace) -> None:
        reading = Reading(known).whole()

        for told, left in reading.told:
            assert told == pytest.approx(left, rel=0.02)

    def test_it_falls_all_the_time_and_ends_near_nothing(self, known: Pace) -> None:
        told = [told for told, _ in Reading(known).whole().told if told is not None]

        assert all(later <= earlier + 1e-6 for earlier, later in pairwise(told))
        assert told[0] == pytest.approx(WHOLE_SECONDS, rel=0.02)
        assert told[-1] == pytest.approx(PASSAGES * SECONDS[IngestionStage.INDEXING], rel=0.02)

    def test_between_two_reports_the_clock_counts(self, known: Pace) -> None:
        reading = Reading(known)
        reading.parse(pages=10)
        before = reading.estimate.remaining_seconds()
        assert before is not None

        reading.at += 0.04

        assert reading.estimate.remaining_seconds() == pytest.approx(before - 0.04)

    def test_another_media_type_has_a_memory_of_its_own(self, known: Pace) -> None:
        estimate = Estimate(known, "text/plain", lambda: 0.0)
        estimate.report(IngestionStage.EMBEDDING, 0, 10)

        assert estimate.remaining_seconds() is None


class TestWhatIsUneven:
    def test_where_nothing_moves_nothing_is_said_until_it_does(self, known: Pace) -> None:
        """The embedder is away, and the worker asks again and again."""
        reading = Reading(known)
        reading.parse()
        reading.chunk()
        reading.tell(IngestionStage.EMBEDDING, 0, PASSAGES)
        reading.tell(IngestionStage.EMBEDDING, BATCH, PASSAGES)

        reading.at += 30.0

        assert reading.estimate.remaining_seconds() is None
        reading.tell(IngestionStage.EMBEDDING, 2 * BATCH, PASSAGES)
        assert reading.told[-1][0] is not None

    def test_a_start_from_what_was_paid_for_is_forgotten_soon(self) -> None:
        reading = Reading()
        reading.parse()
        reading.chunk()
        reading.tell(IngestionStage.EMBEDDING, 0, PASSAGES)
        for done in range(BATCH, PASSAGES + 1, BATCH):
            reading.at += 0.001 if done <= PASSAGES / 4 else BATCH * 0.02
            reading.tell(IngestionStage.EMBEDDING, done, PASSAGES)
            if done == PASSAGES * 3 / 4:
                left = PASSAGES / 4 * 0.02
                assert reading.told[-1][0] == pytest.approx(left, rel=0.35)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(list(SECONDS)),
                st.integers(0, 40),
                st.none() | st.integers(0, 40),
                st.floats(0, 100),
            ),
            max_size=30,
        )
    )
    def test_whatever_is_reported_it_is_never_less_than_nothing(
        self, reports: list[tuple[IngestionStage, int, int | None, float]]
    ) -> None:
        pace = Pace()
        for _ in range(2):
            reading = Reading(pace)
            for stage, done, total, seconds in reports:
                reading.tell(stage, done, total)
                reading.at += seconds
                left = reading.estimate.remaining_seconds()
                assert left is None or left >= 0
            reading.estimate.end()
