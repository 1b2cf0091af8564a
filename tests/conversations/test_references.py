"""Citations and sources of stored answers, when their document is read anew."""

from collections.abc import AsyncIterator

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.anchoring import Anchor, find_again, holder
from lexora_gql.conversations.models import AnswerSource, Citation, Message
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

CANTEEN = "The canteen opens at noon."
QUESTION = "When does the canteen open?"


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with Desk.over(database).closing() as desk:
        yield desk


class TestReadAnew:
    @pytest.fixture
    async def viewer(self, desk: Desk) -> Viewer:
        return await desk.library.reader()

    async def test_a_quote_is_found_at_its_new_place(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.document(viewer, CANTEEN, "The shop closes at nine.")
        answer = await desk.answered(viewer, QUESTION)
        [before] = await desk.citations(viewer, answer)
        await desk.read_anew(document, "A new preface.", "The shop closes at nine.", CANTEEN)
        citation, source = await referring(desk, viewer, answer)
        assert (citation.char_start, citation.char_end) == (42, 42 + len(CANTEEN))
        assert (citation.quote, citation.document_id) == (CANTEEN, document.id)
        assert citation.chunk_id not in {None, before.chunk_id}
        assert source.chunk_id == citation.chunk_id
        chunks = await desk.process.services.documents.chunks_by_ids(viewer, [citation.chunk_id])
        assert chunks[citation.chunk_id].text == CANTEEN
        text = await desk.process.services.documents.text(viewer, document.id, start=42, end=42 + len(CANTEEN))
        assert text == CANTEEN

    async def test_a_quote_that_is_gone_keeps_its_words(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.document(viewer, CANTEEN)
        answer = await desk.answered(viewer, QUESTION)
        await desk.read_anew(document, "Nothing of the kind.")
        citation, _ = await referring(desk, viewer, answer)
        assert (citation.quote, citation.chunk_id, citation.document_id) == (CANTEEN, None, document.id)

    async def test_the_answers_of_all_who_ask_are_anchored(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.document(viewer, CANTEEN)
        answers = [await desk.answered(viewer, QUESTION) for _ in range(3)]
        await desk.read_anew(document, "A new preface.", CANTEEN)
        for answer in answers:
            citation, source = await referring(desk, viewer, answer)
            assert citation.char_start == 16
            assert source.chunk_id == citation.chunk_id is not None

    async def test_what_is_found_is_the_new_text_only(self, desk: Desk, viewer: Viewer) -> None:
        document = await desk.document(viewer, CANTEEN)
        await desk.answered(viewer, QUESTION)
        await desk.read_anew(document, "The canteen opens at one.")
        found = await desk.process.services.retrieval.search(viewer, QUESTION, first=10, scope=EVERYTHING)
        assert [hit.chunk.text for hit in found.hits] == ["The canteen opens at one."]


class TestFindAgain:
    @pytest.mark.parametrize(
        ("text", "quote", "near", "expected"),
        [
            ("abc noon", "noon", 0, Anchor(4, 8)),
            ("noon and noon and noon", "noon", 9, Anchor(9, 13)),
            ("noon and noon", "noon", 3, Anchor(0, 4)),
            ("noon and noon", "noon", 7, Anchor(9, 13)),
            ("noon", "noon", 9_999, Anchor(0, 4)),
            ("Noon", "noon", 0, None),
            ("noon", "", 0, None),
            ("", "noon", 0, None),
            ("🙂 noon", "noon", 0, Anchor(2, 6)),
        ],
    )
    def test_the_nearest_place_is_taken(self, text: str, quote: str, near: int, expected: Anchor | None) -> None:
        assert find_again(text, quote, near=near) == expected


class TestHolder:
    @pytest.mark.parametrize(
        ("anchor", "expected"),
        [
            (Anchor(0, 5), 0),
            (Anchor(8, 14), 1),
            (Anchor(6, 12), 0),
            (Anchor(20, 22), 1),
            (Anchor(30, 40), None),
            (Anchor(5, 5), None),
        ],
    )
    def test_who_holds_most_of_it_holds_it(self, anchor: Anchor, expected: int | None) -> None:
        assert holder(anchor, [(0, 10), (10, 25)]) == expected


async def referring(desk: Desk, viewer: Viewer, answer: Message) -> tuple[Citation, AnswerSource]:
    """Return the answer's citation, and the source that it cites."""
    [citation] = await desk.citations(viewer, answer)
    sources = (await desk.process.services.conversations.sources(viewer, [answer.id]))[answer.id]
    return citation, next(source for source in sources if source.marker == citation.marker)
