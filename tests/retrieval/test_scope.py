"""Where to look, and how much of it may be named."""

from uuid import uuid4

import pytest

from lexora_gql.errors import InvalidInput
from lexora_gql.retrieval.scope import EVERYTHING, SCOPE_IDS_MAX, TAG_CHARACTERS_MAX, Scope


class TestScope:
    def test_a_thousand_ids_are_allowed_and_one_more_is_refused(self) -> None:
        ids = tuple(uuid4() for _ in range(SCOPE_IDS_MAX + 1))
        Scope(collection_ids=ids[:-1], document_ids=ids[:-1])
        with pytest.raises(InvalidInput):
            Scope(collection_ids=ids)
        with pytest.raises(InvalidInput):
            Scope(document_ids=ids)

    @pytest.mark.parametrize("tag", ["\x00", "a\ud800", "x" * (TAG_CHARACTERS_MAX + 1)])
    def test_a_tag_is_text_of_some_length(self, tag: str) -> None:
        with pytest.raises(InvalidInput):
            Scope(tags=("menu", tag))

    @pytest.mark.parametrize(
        ("scope", "is_by_document"),
        [
            (EVERYTHING, False),
            (Scope(collection_ids=(uuid4(),)), False),
            (Scope(tags=()), False),
            (Scope(tags=("menu",)), True),
            (Scope(document_ids=()), True),
        ],
    )
    def test_documents_and_tags_narrow_within_collections(self, scope: Scope, is_by_document: bool) -> None:
        assert scope.is_by_document is is_by_document
