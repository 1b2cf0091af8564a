"""Finding conversations by their words: any script, nobody else's, page by page."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from lexora_gql.conversations.models import Message, MessageRole
from lexora_gql.errors import InvalidInput
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import PageRequest
from tests.conversations.desk import Desk
from tests.transport.graphql.talks import EPOCH, conversation, message, store

SAID = {
    "Latin": "Die Straße zur KANTINE ist gesperrt; Ärger mit 100% der Gäste_a.",
    "Cyrillic": "Счёт оплачивают в течение тридцати дней.",
    "Chinese": "会议室在三楼，请提前预订。",
    "Japanese": "食堂は正午に開きます。",
    "Korean": "회의실은 삼층에 있습니다.",
    "Thai": "โรงอาหารเปิดตอนเที่ยง",
    "Arabic": "تُدفع الفواتير خلال ثلاثين يوما.",
    "Greek": "Η ΚΑΝΤΙΝΑ ανοίγει το μεσημέρι.",
    "full width": "Ｉｎｖｏｉｃｅ １２",
}


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


async def talk(desk: Desk, viewer: Any, said: str, title: str = "Untitled", *, hours: int = 0) -> Any:
    """Store a conversation of one question."""
    row = conversation(viewer.user_id, EPOCH + timedelta(hours=hours), title)
    question = message(row, None, MessageRole.USER, EPOCH)
    question.content = said
    identity = row.id
    await store(desk.library.database, row)
    await store(desk.library.database, question)
    return identity


async def found(desk: Desk, viewer: Any, search: str) -> set[Any]:
    page = await desk.process.services.conversations.conversations(viewer, PageRequest(50), search)
    assert page.total == len(page.items)
    return {row.id for row in page.items}


class TestWords:
    async def test_they_are_found_in_every_script(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        ids = {name: await talk(desk, viewer, said) for name, said in SAID.items()}
        searches = {
            "Latin": ["kantine", "STRASSE"[:4], "ärger", "perrt", "100%", "gäste_a", "zu", "a"],
            "Cyrillic": ["счёт", "ОПЛАЧИВАЮТ", "дней"],
            "Chinese": ["会议", "三楼", "请提前预订", "楼"],
            "Japanese": ["食堂", "正午", "開きます"],
            "Korean": ["회의", "삼층에"],
            "Thai": ["อาหาร", "เที่ยง"],
            "Arabic": ["الفواتير", "ثلاثين"],
            "Greek": ["καντινα", "μεσημέρι"],
            "full width": ["invoice", "１２", "12"],
        }
        for name, words in searches.items():
            for word in words:
                assert ids[name] in await found(desk, viewer, word), word
        assert await found(desk, viewer, "kantine") == {ids["Latin"]}
        assert await found(desk, viewer, "会议") == {ids["Chinese"]}
        assert await found(desk, viewer, "会议室在二楼") == set()

    async def test_all_must_be_there_in_title_or_messages(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        both = await talk(desk, viewer, "When does the canteen open?", "Opening HOURS")
        one = await talk(desk, viewer, "When does the canteen open?")
        assert await found(desk, viewer, "canteen") == {both, one}
        assert await found(desk, viewer, " hours \n canteen hours ") == {both}
        assert await found(desk, viewer, "canteen laundry") == set()
        assert await found(desk, viewer, "  ") == {both, one}

    async def test_wildcards_are_characters(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        plain = await talk(desk, viewer, "The canteen opens.")
        odd = await talk(desk, viewer, "c%n_een \\ 100%")
        for search, ids in (
            ("c%n_een", {odd}),
            ("%", {odd}),
            ("_", {odd}),
            ("\\", {odd}),
            ("can", {plain}),
            ("%%%", set()),
        ):
            assert await found(desk, viewer, search) == ids, search

    async def test_an_answer_is_found_once_it_has_ended(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await desk.document(viewer, "The canteen opens at noon.")
        sent = await desk.ask(viewer, "When is lunch served in the canteen?", wait_seconds=20)
        assert await found(desk, viewer, "opens noon") == {sent.conversation.id}
        async with desk.library.database.engine.begin() as connection:
            values = {"status": "GENERATING", "lease_token": uuid4()}
            await connection.execute(update(Message).where(Message.id == sent.answer.id).values(values))
        assert await found(desk, viewer, "opens noon") == set()

    async def test_others_conversations_are_never_found(self, desk: Desk) -> None:
        viewer, other = await desk.library.reader(), await desk.library.reader()
        mine = await talk(desk, viewer, "The zebra file is 会议 ok.", "Zebra")
        for search in ("zebra", "会议", "ok"):
            assert await found(desk, other, search) == set()
            assert await found(desk, viewer, search) == {mine}

    async def test_pages_follow_each_other(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        ids = [await talk(desk, viewer, "The canteen opens.", hours=hours) for hours in range(5)]
        await talk(desk, viewer, "Something else.", hours=9)
        service, seen, after = desk.process.services.conversations, list[Any](), None
        while True:
            page = await service.conversations(viewer, PageRequest(2, after=after), "canteen")
            assert page.total == 5
            seen += [row.id for row in page.items]
            if not page.has_next:
                break
            after = page.positions[-1]
        assert seen == ids[::-1]

    @pytest.mark.parametrize("search", ["x" * 201, " ".join(f"w{n}" for n in range(21)), "a\x00b"])
    async def test_what_is_too_much_is_refused(self, desk: Desk, search: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            await found(desk, await desk.library.reader(), search)
        assert refused.value.path == ("search",)


class TestTheIndex:
    async def test_it_is_what_finds_a_word(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        await talk(desk, viewer, "The zebra file.")
        async with desk.library.database.engine.begin() as connection:
            # As the function has it; sequential scans are out of the question with more messages than these.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            query = (
                "EXPLAIN SELECT 1 FROM messages WHERE status <> 'GENERATING' "
                "AND lexora_grams(owner_id, content) @> lexora_grams(:owner, 'zebra')"
            )
            plan = "\n".join((await connection.execute(text(query), {"owner": viewer.user_id})).scalars())
            assert "ix_messages_grams" in plan
            grams = "SELECT lexora_grams(:owner, 'zebra') && lexora_grams(:other, 'zebra')"
            owners = {"owner": viewer.user_id, "other": uuid4()}
            assert (await connection.execute(text(grams), owners)).scalar_one() is False
