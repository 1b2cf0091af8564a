from datetime import UTC, datetime, timedelta

from lexora_gql.conversations.models import IdempotencyKey, Message
from lexora_gql.conversations.sweeping import KeySweep
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk
from tests.documents.desk import Desk as Tables
from tests.factories import Library


class TestKeySweep:
    async def test_what_is_older_than_a_day_goes_and_what_it_made_stays(
        self, database: Database, library: Library
    ) -> None:
        tables = Tables(database)
        async with Desk.over(database).closing() as desk:
            viewer = await library.reader()
            for key in ("old", "new"):
                await desk.ask(viewer, "When?", idempotency_key=key, wait_seconds=20.0)
        day = datetime.now(UTC) - timedelta(hours=24)
        await tables.change(IdempotencyKey, IdempotencyKey.key == "old", created_at=day - timedelta(seconds=1))
        await tables.change(IdempotencyKey, IdempotencyKey.key == "new", created_at=day + timedelta(minutes=1))

        assert await KeySweep(database).sweep() == 1

        assert [row.key for row in await tables.rows(IdempotencyKey)] == ["new"]
        assert await tables.count(Message) == 4
        assert await KeySweep(database).sweep() == 0
