import hashlib
import json
from pathlib import Path

import pytest
from graphql import build_schema, parse, print_ast

from lexora_gql.terminal.contract.manifest import manifest
from lexora_gql.terminal.errors import CannotGoOn

SCHEMA = build_schema("type Query { me: User } type User { id: ID! email: String! } type Mutation { leave: Boolean }")
ACCOUNTS = """
# What a comment says is no part of a document.
query Me { me { ...Named } }
mutation Leave { leave }
fragment Unused on User { id }
fragment Named on User { email }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.graphql").write_text(ACCOUNTS, encoding="utf-8")
    return tmp_path


class TestAManifest:
    def test_lists_each_operation_with_its_fragments_under_the_hash_of_what_is_sent(self, folder: Path) -> None:
        leave, me = (
            print_ast(parse(text))
            for text in ("mutation Leave { leave }", "query Me { me { ...Named } } fragment Named on User { email }")
        )

        assert json.loads(manifest(SCHEMA, folder)) == {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [
                {"id": hashlib.sha256(leave.encode()).hexdigest(), "name": "Leave", "type": "mutation", "body": leave},
                {"id": hashlib.sha256(me.encode()).hexdigest(), "name": "Me", "type": "query", "body": me},
            ],
        }

    def test_trusts_nothing_that_the_server_would_refuse(self, folder: Path) -> None:
        (folder / "others.graphql").write_text("query Others { people { id } }", encoding="utf-8")

        with pytest.raises(CannotGoOn, match="The operation Others is not valid: Cannot query field 'people'"):
            manifest(SCHEMA, folder)
