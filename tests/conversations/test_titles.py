"""Titles: made from the first question, short, in any script."""

import unicodedata
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexora_gql.conversations.requests import EditMessage
from lexora_gql.conversations.titles import TITLE_CHARACTERS, title_of
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk


class TestTitleOf:
    @pytest.mark.parametrize(
        ("question", "title"),
        [
            ("  When does it\n\topen? ", "When does it open?"),
            ("a" * 80, "a" * 80),
            ("a" * 81, "a" * 79 + "…"),
            ("word " * 20, "word " * 15 + "word…"),
            ("x" * 75 + " and more", "x" * 75 + " and…"),
            ("Bell\x07 and\u202e turn", "Bell and turn"),
            ("食堂は" * 10 + "。" + "昼" * 60, "食堂は" * 10 + "。" + "昼" * 48 + "…"),
            ("会议在几点开始" * 6 + "，" + "地点在哪里" * 9, "会议在几点开始" * 6 + "…"),
        ],
    )
    def test_it_is_one_line_cut_where_a_word_ends(self, question: str, title: str) -> None:
        assert title_of(question) == title

    def test_no_character_loses_its_accents(self) -> None:
        for length in range(70, 82):
            title = title_of("a" * length + "e\u0301" * 20)
            cut = title.removesuffix("…")
            assert cut.endswith("\u0301") or cut == "a" * len(cut)

    @given(st.text(min_size=1, max_size=300))
    @settings(max_examples=300, deadline=None)
    def test_it_is_never_empty_nor_long(self, question: str) -> None:
        title = title_of(question)
        assert 1 <= len(title) <= TITLE_CHARACTERS
        assert not any(unicodedata.category(one) == "Zl" for one in title_of(f"a{question}"))


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


class TestTitles:
    async def test_a_conversation_without_one_gets_it_with_its_first_question(self, desk: Desk) -> None:
        viewer = await desk.library.reader()
        service = desk.process.services.conversations
        empty = await service.create(viewer, None)
        first = await desk.ask(viewer, "When does it open?", conversation_id=empty.id, wait_seconds=20)
        assert first.conversation.title == "When does it open?"
        second = await desk.ask(viewer, "And where?", conversation_id=empty.id, wait_seconds=20)
        assert second.conversation.title == "When does it open?"
        request = EditMessage(first.question.id, "Does it open?")
        assert (await service.send(viewer, request)).conversation.title == "When does it open?"

    @pytest.mark.parametrize("title", ["Canteen", "New conversation"])
    async def test_one_that_was_given_stays(self, desk: Desk, title: str) -> None:
        viewer = await desk.library.reader()
        service = desk.process.services.conversations
        given = await service.create(viewer, title)
        renamed = await service.rename(viewer, (await service.create(viewer, None)).id, title)
        for conversation in (given, renamed):
            sent = await desk.ask(viewer, "When does it open?", conversation_id=conversation.id, wait_seconds=20)
            assert sent.conversation.title == title
