"""Changes of a large shard: what is little of it is searched at once, and folded in beside searches."""

from pathlib import Path

import pytest

from lexora_gql.adapters.local_index import shard
from lexora_gql.adapters.local_index.searching import search
from lexora_gql.adapters.local_index.shard import Shard
from lexora_gql.ports.passage_index import IndexChanges, RemovedPassages
from tests.adapters.passages import COLLECTION, EMBEDDER, along, document, invented, numbers

ROWS = 1_000


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shard:
    """A folded shard of a thousand passages, in which five are few."""
    monkeypatch.setattr(shard, "SMALL_ROWS", 5)
    one = Shard(tmp_path, COLLECTION, EMBEDDER)
    one.apply(IndexChanges(invented(ROWS)), since=0, revision=1)
    return one


class TestChangesOfALargeShard:
    @pytest.mark.parametrize(("count", "is_recent"), [(6, True), (20, True), (21, False)])
    def test_are_recent_up_to_a_fiftieth_of_it(self, large: Shard, count: int, *, is_recent: bool) -> None:
        large.apply(IndexChanges(invented(count, first=2_000, seed=2)), since=1, revision=2)

        assert large.state.recent_rows == (count if is_recent else 0)
        assert len(large.state.folded or ()) == ROWS + (0 if is_recent else count)

    def test_find_the_same_once_they_are_folded(self, large: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
        change = IndexChanges(invented(20, first=2_000, seed=2), [RemovedPassages(document(3), 500)])
        large.apply(change, since=1, revision=2)
        before = search(large.state, along(1), "w1 w2 w5", None, ROWS)

        monkeypatch.setattr(shard, "_RECENT_ROWS", 1)
        monkeypatch.setattr(shard, "_RECENT_SHARE", 0.0)
        large.fold()
        after = search(large.state, along(1), "w1 w2 w5", None, ROWS)

        assert large.state.recent_rows == 0
        assert after.candidates == before.candidates
        assert sorted(numbers(after.by_wording)) == sorted(numbers(before.by_wording))
        assert numbers(after.by_meaning) == numbers(before.by_meaning)
