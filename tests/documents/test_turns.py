import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from lexora_gql.documents.leases import Claim
from lexora_gql.documents.models import Document, DocumentStatus
from tests.documents.desk import Desk
from tests.factories import Library


async def claimed(desk: Desk) -> Claim:
    claim = await desk.ingestion.claim()
    assert claim is not None
    return claim


class TestClaiming:
    async def test_nothing_is_taken_up_where_nothing_is_due(self, desk: Desk) -> None:
        assert await desk.ingestion.claim() is None

    async def test_thirty_documents_are_each_taken_up_once_by_ten_at_a_time(self, desk: Desk, library: Library) -> None:
        viewers = [await library.reader() for _ in range(3)]
        uploaded = {(await desk.upload(viewer, f"Text {n}.")).id for viewer in viewers for n in range(10)}

        async def worker() -> list[Claim]:
            claims = []
            while claim := await desk.ingestion.claim():
                claims.append(claim)
            return claims

        claims = [claim for claims in await asyncio.gather(*(worker() for _ in range(10))) for claim in claims]

        assert Counter(claim.document.id for claim in claims) == Counter(uploaded)
        assert len({claim.token for claim in claims}) == 30
        assert {claim.document.attempt for claim in claims} == {1}

    async def test_owners_take_turns_however_many_documents_one_has(self, desk: Desk, library: Library) -> None:
        busy, modest = await library.reader(), await library.reader()
        await library.waiting(busy, 1_000)
        await desk.upload(modest, "The only one.")

        owners = [(await claimed(desk)).document.owner_id for _ in range(4)]

        assert owners == [busy.user_id, modest.user_id, busy.user_id, busy.user_id]

    async def test_among_a_hundred_owners_each_has_a_turn_before_anyone_has_two(
        self, desk: Desk, library: Library
    ) -> None:
        owners = [await library.reader() for _ in range(100)]
        for place, owner in enumerate(owners):
            await library.waiting(owner, 1 + place % 3)

        taken = [(await claimed(desk)).document.owner_id for _ in range(100)]

        assert sorted(taken) == sorted(owner.user_id for owner in owners)

    async def test_who_is_put_off_does_not_lose_the_turn_of_the_others_of_the_same_owner(
        self, desk: Desk, library: Library
    ) -> None:
        viewer = await library.reader()
        first, second = await desk.upload(viewer, "First."), await desk.upload(viewer, "Second.")
        await desk.change(Document, Document.id == first.id, not_before=datetime.now(UTC) + timedelta(hours=1))

        assert (await claimed(desk)).document.id == second.id

    async def test_one_owner_s_documents_come_in_the_order_of_their_upload(self, desk: Desk, library: Library) -> None:
        viewer = await library.reader()
        uploaded = [(await desk.upload(viewer, f"Text {n}.")).id for n in range(5)]

        assert [(await claimed(desk)).document.id for _ in range(5)] == uploaded

    async def test_what_is_put_off_is_left_alone_until_then(self, desk: Desk, library: Library) -> None:
        document = await desk.upload(await library.reader(), "Text.")
        await desk.change(Document, not_before=datetime.now(UTC) + timedelta(hours=1))

        assert await desk.ingestion.claim() is None
        assert (await desk.row(document.id)).status is DocumentStatus.PENDING
