"""Short forms of the campaigns on the index; the long ones run by `ops/chaos index`."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import pytest

from lexora_gql.adapters.local_index import snapshots
from lexora_gql.storage.database import Database
from tests.campaigns.index import changing, spoiling
from tests.campaigns.index.forgeries import FORGERIES
from tests.shared_data import PROJECT

SEED = 20_261_128
FORGETFUL = """
from lexora_gql.adapters.local_index.state import ShardState
ShardState._without = lambda state, removed: state
"""
MIXED_UP = """
from tests.campaigns.index import hurry
search, seen = hurry.search, []
def mixed_up(state, *asked):
    seen.append(state)
    return search(seen[-2 % len(seen)], *asked)
hurry.search = mixed_up
"""


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


class TestSearchesDuringChanges:
    async def test_neither_crash_nor_find_what_is_deleted_or_foreign(self) -> None:
        code, found = await _hurried("")

        assert (code, found["wrong"]) == (0, [])
        assert found["searches"] > 20
        assert found["changes"] > 3

    @pytest.mark.parametrize(("broken", "expected"), [(FORGETFUL, "deleted"), (MIXED_UP, "foreign")])
    async def test_a_shard_without_a_protection_is_noticed(self, broken: str, expected: str) -> None:
        code, found = await _hurried(broken)

        assert code == 0
        assert expected in " ".join(found["wrong"])

    async def test_a_crash_is_noticed(self) -> None:
        code, _ = await _hurried("import faulthandler; faulthandler._sigsegv()")

        assert code == -signal.SIGSEGV


class TestDamagedSnapshots:
    async def test_open_as_written_or_are_built_anew(self, tmp_path: Path) -> None:
        outcome = await spoiling.run(tmp_path, snapshots=66, seed=SEED)

        assert outcome.wrong == []
        assert set(outcome.damages.values()) == {6}
        assert outcome.opened > outcome.rebuilt > 20

    async def test_a_check_that_is_left_out_is_noticed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshots, "check", lambda *_: None)

        assert (await spoiling.run(tmp_path, snapshots=22, seed=SEED)).wrong != []


async def _hurried(first: str) -> tuple[int | None, dict[str, Any]]:
    """Search and change for a moment in a process that does something else first."""
    code = (
        f"{first}\nimport json\nfrom tests.campaigns.index import hurry\nprint(json.dumps(hurry.run(2.0, 8, {SEED})))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=PROJECT, stdout=PIPE, stderr=DEVNULL)
    output, _ = await process.communicate()
    return process.returncode, json.loads(output or b"{}")
