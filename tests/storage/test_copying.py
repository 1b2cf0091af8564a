"""Rows as PostgreSQL sends them: all, in their order, and only those that the actor may see."""

import pytest
from sqlalchemy import LargeBinary, Text, func, literal, null, select, text

from lexora_gql.accounts.models import User
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import Collection
from lexora_gql.storage import copying
from lexora_gql.storage.copying import Row, copy_rows, parted
from lexora_gql.storage.database import WORKER, Database, DatabaseAway
from tests.factories import Library


def row(*columns: bytes | None) -> bytes:
    """Return a row as PostgreSQL sends it."""
    parts = (b"\xff" * 4 if one is None else len(one).to_bytes(4, "big") + one for one in columns)
    return len(columns).to_bytes(2, "big") + b"".join(parts)


class TestCopyRows:
    @pytest.mark.parametrize("portion_bytes", [1, 100, 1 << 20])
    async def test_gives_all_rows_in_their_order(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, portion_bytes: int
    ) -> None:
        monkeypatch.setattr(copying, "PORTION_BYTES", portion_bytes)
        number = func.generate_series(1, 3_000).column_valued("number")
        others = literal("it's $1 ü", Text), literal(b"\0\xff", LargeBinary), null(), literal("", Text)
        query = select(number, *others).order_by(number)
        found: list[Row] = []

        async with database.transaction(WORKER) as session:
            await copy_rows(session, query, found.extend)

        assert found == [(at.to_bytes(4, "big"), "it's $1 ü".encode(), b"\0\xff", None, b"") for at in range(1, 3_001)]

    async def test_gives_what_the_actor_may_see(self, database: Database, library: Library) -> None:
        mine, _ = await library.user(), await library.user()
        found: list[Row] = []

        async with database.transaction(Viewer(mine.id)) as session:
            await copy_rows(session, select(User.id).where(User.role == mine.role), found.extend)

        assert found == [(mine.id.bytes,)]

    async def test_gives_nothing_where_there_is_nothing(self, database: Database) -> None:
        found: list[Row] = []
        async with database.transaction(WORKER) as session:
            await copy_rows(session, select(Collection.id).where(Collection.name == "nothing"), found.extend)

        assert found == []

    async def test_says_that_the_database_is_away_where_the_connection_breaks(self, database: Database) -> None:
        mine = select(func.pg_terminate_backend(func.pg_backend_pid()))
        found: list[Row] = []

        async def cut_off() -> None:
            async with database.transaction(WORKER) as session:
                await session.execute(text("RESET ROLE"))
                await copy_rows(session, mine, found.extend)

        with pytest.raises(DatabaseAway):
            await cut_off()

        async with database.transaction(WORKER) as session:
            await copy_rows(session, select(literal("again", Text)), found.extend)
        assert found == [(b"again",)]


class TestParted:
    def test_keeps_what_is_not_whole_for_later(self) -> None:
        first, second = row(b"ab", None, b""), row(b"\xff\xff")
        whole = first + second

        for length in range(len(whole) + 1):
            rows, used = parted(whole[:length])
            assert used in (0, len(first), len(whole))
            assert used <= length
            assert rows == [(b"ab", None, b""), (b"\xff\xff",)][: (0, len(first), len(whole)).index(used)]

    def test_ends_at_the_end(self) -> None:
        assert parted(row(b"x") + b"\xff\xff") == ([(b"x",)], len(row(b"x")))
