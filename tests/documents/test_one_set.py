"""The checker of the fault tests must itself go red when something is wrong."""

from collections.abc import Callable
from copy import copy

import pytest

from lexora_gql.documents.models import Chunk, Document, DocumentStatus
from tests.documents.desk import LONG_TEXT, Desk
from tests.documents.one_set import flaws
from tests.factories import Library

Stored = tuple[Document, str | None, list[Chunk]]


def doubled(stored: Stored) -> Stored:
    return stored[0], stored[1], stored[2] * 2


def doubled_and_counted(stored: Stored) -> Stored:
    row = copy(stored[0])
    row.chunk_count *= 2
    return row, stored[1], stored[2] * 2


def one_missing(stored: Stored) -> Stored:
    row = copy(stored[0])
    row.chunk_count -= 1
    return row, stored[1], stored[2][:-1]


def another_text(stored: Stored) -> Stored:
    return stored[0], "x" + (stored[1] or ""), stored[2]


def no_text(stored: Stored) -> Stored:
    return stored[0], None, stored[2]


def still_running(stored: Stored) -> Stored:
    row = copy(stored[0])
    row.status = DocumentStatus.PROCESSING
    return row, stored[1], stored[2]


class TestFlaws:
    @pytest.mark.parametrize(
        ("damage", "flaw"),
        [
            (doubled, "10 chunks are stored, the row says 5"),
            (doubled_and_counted, "ordinals are not 0, 1, 2 …"),
            (one_missing, "text is left out"),
            (another_text, "a chunk is not what stands at its place in the text"),
            (no_text, "there is no text"),
            (still_running, "status is PROCESSING"),
        ],
    )
    async def test_what_is_wrong_is_seen(
        self, desk: Desk, library: Library, damage: Callable[[Stored], Stored], flaw: str
    ) -> None:
        document = await desk.upload(await library.reader(), LONG_TEXT)
        await desk.read()
        stored = await desk.row(document.id), await desk.text(document.id), await desk.chunks(document.id)
        assert flaws(*stored) == []

        assert flaw in flaws(*damage(stored))
