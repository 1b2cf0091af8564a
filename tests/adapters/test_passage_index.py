"""What every passage index does; the local one is tried with its rows recent, folded, and read from a snapshot."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from lexora_gql.adapters.local_index import LocalIndex, shard
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.ports.passage_index import IndexChanges, PassageIndex, Rankings, RemovedPassages
from tests.adapters.passages import COLLECTION, EMBEDDER, Vector, add, along, ask, document, invented, numbers, passage

LUNCH = [
    passage(1, "The canteen opens at noon.", of=1, vector=along(1, 0.5)),
    passage(2, "Invoices are paid within thirty days; late invoices cost interest.", of=2, vector=along(0, 1)),
    passage(3, "The canteen closes at two; cash is not taken.", of=1, vector=along(1, 0.1)),
    passage(4, "Ask the canteen for an invoice.", of=3, vector=along(0.2, 1)),
]

FOLDS_BEYOND = {"folded": 0, "mixed": 150}
"""From how many passages on a shard is folded: always, or with some recent rows beside it."""


@pytest.fixture(params=["brute force", "recent", "folded", "mixed"])
async def index(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PassageIndex]:
    if request.param in FOLDS_BEYOND:
        monkeypatch.setattr(shard, "SMALL_ROWS", FOLDS_BEYOND[request.param])
    index: PassageIndex = BruteForceIndex() if request.param == "brute force" else LocalIndex(tmp_path, 1 << 30)
    yield index
    await index.aclose()


class TestSearch:
    async def test_finds_nothing_where_there_is_no_shard(self, index: PassageIndex) -> None:
        found = await ask(index, "canteen")

        assert (list(found.by_meaning), list(found.by_wording), found.candidates, found.revision) == ([], [], 0, 0)

    async def test_ranks_by_meaning_with_the_cosine(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        found = await ask(index, vector=along(1))

        assert numbers(found.by_meaning) == [3, 1, 4, 2]
        assert [one.score for one in found.by_meaning] == pytest.approx([0.995037, 0.894427, 0.196116, 0.0], abs=2e-6)
        assert found.candidates == 4
        assert found.revision == 1

    async def test_ranks_by_wording_what_shares_a_word(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        found = await ask(index, "when does the CANTEEN open?")

        assert numbers(found.by_wording) == [1, 4, 3]
        assert found.by_wording[0].score > found.by_wording[1].score > found.by_wording[2].score > 0

    async def test_scores_wording_as_bm25_defines_it(self, index: PassageIndex) -> None:
        await add(index, [passage(1, "red red lamp"), passage(2, "red chair"), passage(3, "green table here")])

        found = await ask(index, "lamp red")

        # Rarity of "red" is ln(1 + 1.5/2.5), of "lamp" ln(1 + 2.5/1.5); the average length is 8/3.
        assert numbers(found.by_wording) == [1, 2]
        assert [one.score for one in found.by_wording] == pytest.approx([1.5574, 0.5236], abs=2e-4)

    async def test_gives_at_most_as_many_as_asked_for(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        found = await ask(index, "canteen invoice", count=2)

        assert (len(found.by_meaning), len(found.by_wording), found.candidates) == (2, 2, 4)

    async def test_breaks_ties_by_number(self, index: PassageIndex) -> None:
        await add(index, [passage(number, "the same words", of=number % 3) for number in range(60, 0, -1)])

        found = await ask(index, "same", count=7)

        assert numbers(found.by_meaning) == [1, 2, 3, 4, 5, 6, 7]
        assert numbers(found.by_wording) == [1, 2, 3, 4, 5, 6, 7]

    async def test_calls_a_tie_what_differs_by_less_than_a_millionth(self, index: PassageIndex) -> None:
        await add(index, [passage(number, "x", vector=along(1, 1e-5 * (60 - number))) for number in range(1, 61)])

        assert numbers((await ask(index, count=7)).by_meaning) == [1, 2, 3, 4, 5, 6, 7]

    @pytest.mark.parametrize(
        "words", ["", "?", "AND", "\x00", "\ud800", "number:1", "document:[* TO *]", '"', "(", "💩", "-canteen +"]
    )
    async def test_takes_any_words_as_words(self, index: PassageIndex, words: str) -> None:
        await add(index, LUNCH)

        found = await ask(index, words)

        assert numbers(found.by_wording) == ([1, 4, 3] if "canteen" in words else [])
        assert len(found.by_meaning) == 4

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("東京都の人口は約千四百万人です。", "東京の人口"),
            ("กรุงเทพมหานครเป็นเมืองหลวง", "เมืองหลวง"),
            ("भारत की राजधानी नई दिल्ली है", "दिल्ली"),
            ("Die Rechnungen werden bezahlt", "rechnung"),
            ("كتاب على الطاولة", "الكتاب"),
            ("Книги лежат на столе", "книга"),
            ("co\u00adoper\u00adation", "cooperation"),
            ("ﬁnance at full ＷＩＤＴＨ", "finance width"),
        ],
    )
    async def test_finds_words_of_many_scripts(self, index: PassageIndex, text: str, words: str) -> None:
        await add(index, [passage(1, text), passage(2, "nothing of the kind")])

        assert numbers((await ask(index, words)).by_wording) == [1]

    async def test_puts_words_side_by_side_as_in_the_query_first(self, index: PassageIndex) -> None:
        await add(index, [passage(1, "board of the supervisory west"), passage(2, "west of the supervisory board")])
        found = await ask(index, "supervisory board")
        assert numbers(found.by_wording) == [2, 1]
        assert [one.score for one in found.by_wording] == pytest.approx([0.4011, 0.3646], abs=2e-4)

    async def test_counts_the_words_of_questions_little_and_finds_by_them(self, index: PassageIndex) -> None:
        await add(index, [passage(1, "what lasted"), passage(2, "tower fell"), passage(3, "bridge fell")])
        found = await ask(index, "what tower")
        assert numbers(found.by_wording) == [2, 1]
        assert found.by_wording[1].score == pytest.approx(0.3 * found.by_wording[0].score, abs=2e-4)

    async def test_refuses_a_query_of_other_dimensions(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        with pytest.raises(ValueError, match=r"dimensions|lengths"):
            await ask(index, vector=np.ones(9, dtype=np.float32))


class TestScope:
    async def test_searches_and_counts_only_the_documents_given(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        found = await ask(index, "canteen", documents=frozenset({document(2), document(3), document(99)}), count=1)

        assert numbers(found.by_meaning) == [4]
        assert numbers(found.by_wording) == [4]
        assert found.candidates == 2

    async def test_finds_nothing_in_no_documents(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        found = await ask(index, "canteen", documents=frozenset())

        assert (list(found.by_meaning), list(found.by_wording), found.candidates) == ([], [], 0)

    @pytest.mark.parametrize("size", [1, 3, 12, 39])
    async def test_is_exact_when_all_the_best_are_out_of_scope(self, index: PassageIndex, size: int) -> None:
        best = [passage(number, "lamp", of=100) for number in range(1, 300)]
        rest = [
            passage(300 + number, f"lamp {'filler ' * (number + 1)}", of=number, vector=along(1, 1 + number))
            for number in range(40)
        ]
        await add(index, [*best, *rest])

        found = await ask(index, "lamp", documents=frozenset(document(number) for number in range(size)), count=20)

        expected = list(range(300, 300 + min(size, 20)))
        assert (numbers(found.by_meaning), numbers(found.by_wording), found.candidates) == (expected, expected, size)


class TestApply:
    async def test_stands_at_nothing_first(self, index: PassageIndex) -> None:
        assert await index.revision(COLLECTION, EMBEDDER) == 0

    async def test_adds_to_what_is_there(self, index: PassageIndex) -> None:
        await add(index, LUNCH[:2])
        await add(index, LUNCH[2:], since=1)

        assert await index.revision(COLLECTION, EMBEDDER) == 2
        assert numbers((await ask(index, "canteen")).by_wording) == [1, 4, 3]

    async def test_takes_a_change_of_nothing(self, index: PassageIndex) -> None:
        await add(index, [])

        assert await index.revision(COLLECTION, EMBEDDER) == 1
        assert await ask(index, "canteen") == Rankings([], [], 0, 1)

    async def test_removes_a_documents_passages_up_to_a_number(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        changes = IndexChanges(removed=[RemovedPassages(document(1), 1), RemovedPassages(document(3), 3)])
        await index.apply(COLLECTION, EMBEDDER, changes, since=1, revision=2)

        found = await ask(index, "canteen")
        assert (numbers(found.by_meaning), numbers(found.by_wording), found.candidates) == ([3, 4, 2], [4, 3], 3)
        scoped = await ask(index, "canteen", documents=frozenset({document(1)}))
        assert (numbers(scoped.by_meaning), numbers(scoped.by_wording), scoped.candidates) == ([3], [3], 1)

    async def test_removes_before_it_adds(self, index: PassageIndex) -> None:
        await add(index, LUNCH)

        changes = IndexChanges(
            added=[passage(9, "The canteen has moved.", of=1)], removed=[RemovedPassages(document(1), 8)]
        )
        await index.apply(COLLECTION, EMBEDDER, changes, since=1, revision=2)

        assert numbers((await ask(index, "canteen")).by_wording) == [9, 4]

    async def test_counts_nothing_that_was_removed_as_frequent(self, index: PassageIndex) -> None:
        exact = BruteForceIndex()
        passages = [
            passage(at, f"{'lamp' if at < 150 else 'chair'} {'red' if at % 7 else 'blue'} wood", of=at // 10)
            for at in range(1, 301)
        ]
        # A document's passages up to a number, and whole documents: all of the lamps but a few.
        removed = [RemovedPassages(document(1), 14), *(RemovedPassages(document(of), 999) for of in range(2, 15))]
        for each in (index, exact):
            await add(each, passages[:280])
            await add(each, passages[280:], since=1)
            await each.apply(COLLECTION, EMBEDDER, IndexChanges(removed=removed), since=2, revision=3)

        found, expected = [await ask(each, "a red lamp", count=200) for each in (index, exact)]

        assert numbers(found.by_wording) == numbers(expected.by_wording)
        scores = [one.score for one in expected.by_wording]
        assert [one.score for one in found.by_wording] == pytest.approx(scores, rel=1e-3)

    async def test_can_lose_everything_and_begin_again(self, index: PassageIndex) -> None:
        await add(index, LUNCH)
        removed = [RemovedPassages(document(number), 4) for number in (1, 2, 3)]
        await index.apply(COLLECTION, EMBEDDER, IndexChanges(removed=removed), since=1, revision=2)
        empty = await ask(index, "canteen")

        await add(index, [passage(5, "A canteen again.")], since=2)

        assert (list(empty.by_meaning), list(empty.by_wording), empty.candidates) == ([], [], 0)
        assert numbers((await ask(index, "canteen")).by_wording) == [5]

    async def test_changes_nothing_when_applied_again(self, index: PassageIndex) -> None:
        await add(index, LUNCH)
        before = await ask(index, "canteen")

        await add(index, LUNCH)
        await add(index, [passage(9, "canteen")])

        assert await ask(index, "canteen") == before

    async def test_changes_nothing_when_it_stands_elsewhere(self, index: PassageIndex) -> None:
        await add(index, LUNCH, since=7)

        assert await index.revision(COLLECTION, EMBEDDER) == 0
        assert (await ask(index, "canteen")).candidates == 0

    async def test_lets_one_of_many_at_once_win(self, index: PassageIndex) -> None:
        await asyncio.gather(*(add(index, LUNCH) for _ in range(8)))

        assert await index.revision(COLLECTION, EMBEDDER) == 1
        assert (await ask(index, "canteen")).candidates == 4

    @pytest.mark.parametrize(
        "vector", [np.ones(7, dtype=np.float32), np.full(8, np.nan, dtype=np.float32), np.full(8, np.inf, np.float32)]
    )
    async def test_refuses_a_bad_vector_whole(self, index: PassageIndex, vector: Vector) -> None:
        await add(index, LUNCH[:2])

        with pytest.raises(ValueError, match=r"dimensions|lengths|finite"):
            await add(index, [LUNCH[2], passage(9, "canteen", vector=vector)], since=1)

        assert await index.revision(COLLECTION, EMBEDDER) == 1
        assert (await ask(index, "canteen")).candidates == 2

    async def test_keeps_collections_and_embedders_apart(self, index: PassageIndex) -> None:
        other = UUID(int=2)
        await add(index, LUNCH[:1])
        await index.apply(other, EMBEDDER, IndexChanges(added=[LUNCH[1]]), since=0, revision=5)
        await index.apply(COLLECTION, "other:8", IndexChanges(added=[LUNCH[2]]), since=0, revision=6)

        assert numbers((await ask(index)).by_meaning) == [1]
        assert await index.revision(other, EMBEDDER) == 5
        assert await index.revision(COLLECTION, "other:8") == 6
        assert await index.revision(other, "other:8") == 0


class TestForget:
    async def test_leaves_nothing_of_the_collection_and_all_of_others(self, index: PassageIndex) -> None:
        other = UUID(int=2)
        await add(index, LUNCH)
        await index.apply(other, EMBEDDER, IndexChanges(added=LUNCH), since=0, revision=5)

        await index.forget(COLLECTION)

        assert await index.revision(COLLECTION, EMBEDDER) == 0
        assert (await ask(index, "canteen")).candidates == 0
        assert await index.revision(other, EMBEDDER) == 5

    async def test_can_be_filled_again(self, index: PassageIndex) -> None:
        await add(index, LUNCH)
        await index.forget(COLLECTION)

        await add(index, LUNCH[:2])

        assert (await ask(index, "canteen")).candidates == 2


class TestLikeBruteForce:
    """Random passages, changes and queries: the same places and scores as by the definition."""

    @pytest.mark.parametrize("seed", [1, 2, 3])
    async def test_gives_the_same_answers_through_changes(
        self, index: PassageIndex, seed: int, request: pytest.FixtureRequest
    ) -> None:
        mixed = request.node.callspec.params["index"] == "mixed"
        exact = BruteForceIndex()
        passages = invented(600, seed=seed)
        batches = [passages[:400], passages[400:500], passages[500:]]
        chance = np.random.default_rng(seed)
        for since, batch in enumerate(batches):
            removed = [RemovedPassages(document(int(one)), 100 * since) for one in chance.integers(0, 40, 5)]
            for each in (index, exact):
                changes = IndexChanges(batch, removed)
                await each.apply(COLLECTION, EMBEDDER, changes, since=since, revision=since + 1)
            for _ in range(10):
                await self._same(index, exact, chance, mixed=mixed)

    async def _same(
        self, index: PassageIndex, exact: PassageIndex, chance: np.random.Generator, *, mixed: bool
    ) -> None:
        words = " ".join(f"w{int(one)}" for one in chance.pareto(0.5, 6) % 5_000)
        scope = frozenset(document(int(one)) for one in chance.integers(0, 40, 12)) if chance.random() < 0.5 else None
        vector = chance.standard_normal(8).astype(np.float32)
        vector /= np.linalg.norm(vector)

        found = await ask(index, words, vector=vector, documents=scope, count=15)
        expected = await ask(exact, words, vector=vector, documents=scope, count=15)

        assert found.candidates == expected.candidates
        assert numbers(found.by_meaning) == numbers(expected.by_meaning)
        scores = [one.score for one in expected.by_meaning]
        assert [one.score for one in found.by_meaning] == pytest.approx(scores, abs=2e-6)
        # Beside recent rows, the average length is that of the fold.
        wording = [one.score for one in expected.by_wording]
        assert [one.score for one in found.by_wording] == pytest.approx(wording, rel=0.02 if mixed else 1e-3)
        if not mixed:
            assert numbers(found.by_wording) == numbers(expected.by_wording)
