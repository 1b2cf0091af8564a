"""Global ids."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.errors import NotFound
from lexora_gql.transport.graphql.ids import find_id, known_ids, parse_global_id, require_id, to_global_id

DOCUMENT = UUID("6f1f7d0e-8a3e-4d1e-9d51-0d7f3f6f2a11")


class TestGlobalId:
    @given(st.sampled_from(["User", "Document", "Chunk"]), st.uuids())
    def test_it_is_found_again_under_its_type_only(self, kind: str, identifier: UUID) -> None:
        global_id = to_global_id(kind, identifier)

        assert parse_global_id(global_id) == (kind, identifier)
        assert find_id(global_id, kind) == identifier
        assert find_id(global_id, "Conversation") is None

    @given(st.text(max_size=300))
    def test_no_text_breaks_it(self, text: str) -> None:
        found = parse_global_id(text)

        assert found is None or to_global_id(*found) == text

    @pytest.mark.parametrize(
        ("_case", "value"),
        [
            ("empty", ""),
            ("no base64", "§§§"),
            ("no separator", base64.b64encode(DOCUMENT.hex.encode()).decode()),
            ("no UUID", base64.b64encode(b"Document:1").decode()),
            ("padded", to_global_id("Document", DOCUMENT) + "="),
            ("another spelling of the UUID", base64.b64encode(f"Document:{DOCUMENT.hex}".encode()).decode()),
            ("beyond any id", "A" * 201),
        ],
    )
    def test_what_is_none_is_not_found(self, _case: str, value: str) -> None:
        assert parse_global_id(value) is None
        with pytest.raises(NotFound) as raised:
            require_id(value, "Document", "input", "id")
        assert raised.value.path == ("input", "id")

    def test_a_filter_leaves_out_what_cannot_exist(self) -> None:
        document = to_global_id("Document", DOCUMENT)

        assert known_ids([document, "nonsense", to_global_id("User", DOCUMENT)], "Document") == (DOCUMENT,)
        assert known_ids([], "Document") == ()
        assert known_ids(None, "Document") is None
