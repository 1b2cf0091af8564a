"""A reranker's order, and the fused order wherever it has none to give."""

from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.adapters.offline.reranker import WordSharingReranker
from lexora_gql.ports.reranker import RerankerRejected, RerankerUnavailable
from lexora_gql.retrieval.fusion import Fused
from lexora_gql.retrieval.reranking import reordered
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.retrieval.service import Hit
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

QUERY = "red lamp table"
LOUD = "Red lamp, red lamp, red lamp."
ALL_THREE = "Red is the lamp on the table, " + "which stands in the hall beside the door. " * 8
FAILURE = RerankerUnavailable("the reranker answered 503")


class Reached:
    """A desk with a reranker that shares words."""

    def __init__(self, desk: Desk, reranker: WordSharingReranker) -> None:
        self.desk, self.reranker = desk, reranker

    async def hits(self, viewer: object, query: str = QUERY, first: int = 10) -> Sequence[Hit]:
        search = self.desk.process.services.retrieval.search
        return (await search(viewer, query, first=first, scope=EVERYTHING)).hits  # type: ignore[arg-type]  # a Viewer

    def counted(self, outcome: str) -> float:
        value = self.desk.process.metrics.registry.get_sample_value("reranks_total", {"outcome": outcome})
        return value or 0.0


@pytest.fixture
async def reached(database: Database) -> AsyncIterator[Reached]:
    reranker = WordSharingReranker()
    async with Desk.over(database, reranker=reranker, rerank_candidates=3).closing() as desk:
        yield Reached(desk, reranker)


class TestSearch:
    async def test_the_rerankers_order_wins_and_says_what_was_before(self, reached: Reached) -> None:
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, LOUD, ALL_THREE)
        reached.reranker.failures.append(FAILURE)
        before = await reached.hits(viewer)

        after = await reached.hits(viewer)

        assert [hit.chunk.text for hit in before] == [LOUD, ALL_THREE]
        assert [(hit.chunk.text, hit.rerank_score, hit.fused_rank) for hit in after] == [
            (ALL_THREE, 1.0, 2),
            (LOUD, pytest.approx(2 / 3), 1),
        ]
        assert [hit.score for hit in after] == [hit.rerank_score for hit in after]

    async def test_it_is_asked_about_the_best_alone_with_their_context(self, reached: Reached) -> None:
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, *(f"red {number}" for number in range(9)))

        hits = await reached.hits(viewer, "red", first=9)

        [(query, texts)] = reached.reranker.asked
        assert (query, list(texts)) == ("red", [hit.chunk.context + hit.chunk.text for hit in hits[:3]])
        assert [hit.rerank_score is None for hit in hits] == [False] * 3 + [True] * 6
        assert [hit.fused_rank for hit in hits[3:]] == [4, 5, 6, 7, 8, 9]
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    async def test_what_is_deleted_while_it_thinks_is_not_found(
        self, reached: Reached, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        viewer = await reached.desk.library.reader()
        kept = await reached.desk.document(viewer, "red lamp")
        doomed = await reached.desk.document(viewer, ALL_THREE)
        rerank = reached.reranker.rerank

        async def slow(query: str, texts: Sequence[str]) -> Sequence[float]:
            # Also: no transaction of the search's own stands in the deletion's way.
            await reached.desk.process.services.documents.delete(viewer, doomed.id)
            return await rerank(query, texts)

        monkeypatch.setattr(reached.reranker, "rerank", slow)
        hits = await reached.hits(viewer)

        assert len(reached.reranker.asked[0][1]) == 2
        assert [hit.chunk.document_id for hit in hits] == [kept.id]

    async def test_texts_of_others_never_reach_it(self, reached: Reached) -> None:
        await reached.desk.document(await reached.desk.library.reader(), "red lamp of somebody else")
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, "red lamp")

        await reached.hits(viewer)

        assert [texts for _, texts in reached.reranker.asked] == [("red lamp",)]

    async def test_nothing_found_is_not_asked_about(self, reached: Reached) -> None:
        assert await reached.hits(await reached.desk.library.reader()) == ()
        assert reached.reranker.asked == []

    @pytest.mark.parametrize(
        ("failure", "outcome"), [(FAILURE, "unavailable"), (RerankerRejected("refused"), "rejected")]
    )
    async def test_the_fused_order_stands_where_it_fails(
        self, reached: Reached, failure: Exception, outcome: str
    ) -> None:
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, LOUD, ALL_THREE)
        reached.reranker.failures.append(failure)

        hits = await reached.hits(viewer)

        assert [(hit.fused_rank, hit.rerank_score) for hit in hits] == [(1, None), (2, None)]
        assert (reached.counted(outcome), reached.counted("ok")) == (1, 0)

    async def test_it_is_left_alone_after_three_failures(self, reached: Reached) -> None:
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, LOUD, ALL_THREE)
        reached.reranker.failures.extend([FAILURE] * 3)

        for _ in range(6):
            assert len(await reached.hits(viewer)) == 2

        assert len(reached.reranker.asked) == 3
        assert (reached.counted("unavailable"), reached.counted("resting")) == (3, 3)

    async def test_an_answer_keeps_what_it_gave(self, reached: Reached) -> None:
        viewer = await reached.desk.library.reader()
        await reached.desk.document(viewer, LOUD, ALL_THREE)
        answer = await reached.desk.answered(viewer, QUERY)

        sources = (await reached.desk.process.services.conversations.sources(viewer, [answer.id]))[answer.id]

        assert [(source.fused_rank, source.rerank_score) for source in sources] == [(2, 1.0), (1, pytest.approx(2 / 3))]


SCORES = st.floats(-1e6, 1e6)


class TestReordered:
    @given(st.lists(SCORES, max_size=12), st.dictionaries(st.integers(0, 11), SCORES, max_size=12))
    def test_score_orders_all_and_nothing_is_lost(self, fused: list[float], scores: dict[int, float]) -> None:
        order = [Fused(number, score, None, None) for number, score in enumerate(sorted(fused, reverse=True))]
        known = {number: score for number, score in scores.items() if number < len(order)}

        result = reordered(order, known)

        assert sorted(one.number for one in result.order) == list(range(len(order)))
        values = [one.score for one in result.order]
        assert values == sorted(values, reverse=True)
        assert {one.number for one in result.order[: len(known)]} == set(known)

    def test_ties_stay_as_fused(self) -> None:
        order = [Fused(number, 1.0 / number, None, None) for number in (4, 5, 6)]

        assert [one.number for one in reordered(order, {4: 0.5, 5: 0.9, 6: 0.5}).order] == [5, 4, 6]
