"""Cursors and pages."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.errors import BadCursor, InvalidInput
from lexora_gql.services import Page, PageRequest, Position
from lexora_gql.signing import Signer
from lexora_gql.transport.graphql.connections import Connection, Cursors, Part

SIGNER = Signer("k" * 32)
ONE = UUID(int=1)
TWO = UUID(int=2)
KEYS = st.one_of(
    st.datetimes(timezones=st.just(UTC)), st.text(st.characters(codec="utf-8"), max_size=300), st.integers(0, 2**53)
)


class TestCursors:
    @given(KEYS, st.uuids())
    def test_a_cursor_means_its_place(self, key: datetime | str | int, identifier: UUID) -> None:
        cursors = Cursors(SIGNER, "documents")

        assert cursors.decode(cursors.encode(Position(key, identifier))) == Position(key, identifier)

    def test_no_character_of_it_can_be_changed(self) -> None:
        cursors = Cursors(SIGNER, "documents")
        cursor = cursors.encode(Position("Invoices", ONE))

        for at in range(len(cursor)):
            changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
            with pytest.raises(BadCursor):
                cursors.decode(changed)

    @pytest.mark.parametrize(
        ("_case", "other"),
        [
            ("another list", Cursors(SIGNER, "collections")),
            ("another order", Cursors(SIGNER, "documents:TITLE_ASC")),
            ("another server", Cursors(Signer("x" * 32), "documents")),
        ],
    )
    def test_what_was_given_elsewhere_is_refused(self, _case: str, other: Cursors) -> None:
        with pytest.raises(BadCursor):
            Cursors(SIGNER, "documents").decode(other.encode(Position("Invoices", ONE)))

    @given(st.text(max_size=200))
    def test_no_text_breaks_it(self, text: str) -> None:
        with pytest.raises(BadCursor):
            Cursors(SIGNER, "documents").decode(text)


class TestRequest:
    def test_the_four_arguments_become_a_page_request(self) -> None:
        cursors = Cursors(SIGNER, "documents")
        place = Position("Invoices", ONE)

        request = cursors.request(Part(first=3, after=cursors.encode(place)))

        assert request == PageRequest(first=3, after=place)

    @pytest.mark.parametrize("part", [Part(first=0), Part(first=101), Part(last=0), Part(first=1, last=1)])
    def test_out_of_range_is_refused(self, part: Part) -> None:
        with pytest.raises(InvalidInput):
            Cursors(SIGNER, "documents").request(part)


class TestConnection:
    def test_a_page_becomes_edges_with_cursors(self) -> None:
        cursors = Cursors(SIGNER, "numbers")
        page = Page([1, 2], [Position(1, ONE), Position(2, TWO)], has_next=True, has_previous=False, total=9)

        connection = Connection[str].of(page, cursors, str)

        assert [edge.node for edge in connection.edges] == ["1", "2"]
        assert [edge.position for edge in connection.edges] == [Position(1, ONE), Position(2, TWO)]
        assert cursors.decode(connection.page_info.start_cursor) == Position(1, ONE)
        assert cursors.decode(connection.page_info.end_cursor) == Position(2, TWO)
        assert (connection.page_info.has_next_page, connection.page_info.has_previous_page) == (True, False)
        assert connection.total_count == 9

    def test_an_empty_page_has_no_cursors(self) -> None:
        page: Page[int] = Page([], [], has_next=False, has_previous=False, total=0)

        connection = Connection[str].of(page, Cursors(SIGNER, "numbers"), str)

        assert (connection.page_info.start_cursor, connection.page_info.end_cursor) == (None, None)
