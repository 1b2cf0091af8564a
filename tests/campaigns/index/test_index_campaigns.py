"""Short forms of the campaigns on the index; the long ones run by `python -m tests.campaigns.index`."""

from pathlib import Path

import pytest

from lexora_gql.adapters.local_index import snapshots
from lexora_gql.storage.database import Database
from tests.campaigns.index import changing, spoiling
from tests.campaigns.index.forgeries import FORGERIES

SEED = 20_261_128


class TestChanging:
    async def test_each_search_finds_what_brute_force_over_postgresql_finds(
        self, database: Database, tmp_path: Path
    ) -> None:
        outcome = await changing.run(database, tmp_path / "house", steps=100, seed=SEED)

        assert outcome.wrong == []
        assert len(outcome.steps) >= 8, outcome.steps
        assert outcome.rankings > 50

    @pytest.mark.parametrize("forgery", sorted(FORGERIES))
    async def test_an_index_without_a_protection_is_noticed(
        self, database: Database, tmp_path: Path, forgery: str
    ) -> None:
        kind = FORGERIES[forgery]
        outcome = await changing.run(database, tmp_path / "house", steps=60, seed=SEED, kind=kind, wrong_max=0)

        assert outcome.wrong != []


class TestDamagedSnapshots:
    async def test_open_as_written_or_are_built_anew(self, tmp_path: Path) -> None:
        outcome = await spoiling.run(tmp_path, snapshots=66, seed=SEED)

        assert outcome.wrong == []
        assert set(outcome.damages.values()) == {6}
        assert outcome.opened > outcome.rebuilt > 20

    async def test_a_check_that_is_left_out_is_noticed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "check", lambda *_: None)

        assert (await spoiling.run(tmp_path, snapshots=22, seed=SEED)).wrong != []
