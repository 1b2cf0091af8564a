from pathlib import Path

import pytest
from graphql import print_ast

from lexora_gql.terminal.errors import CannotGoOn
from lexora_gql.terminal.operations import operation

ACCOUNTS = """
query Me { me { ...Person } }
query Other { serverInfo { name } }
fragment Person on User { ...Name }
fragment Name on User { email }
fragment Unused on User { id }
"""
PEOPLE = """
query People { me { ...Name } }
fragment Name on User { fullName }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts.graphql").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "people.graphql").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


class TestAnOperation:
    def test_comes_with_the_fragments_that_it_spreads_and_no_others(self, folder: Path) -> None:
        sent = " ".join(print_ast(operation("Me", folder)).split())

        assert sent == (
            "query Me { me { ...Person } } fragment Person on User { ...Name } fragment Name on User { email }"
        )

    def test_takes_a_fragment_of_its_own_file_before_another_of_that_name(self, folder: Path) -> None:
        assert "fullName" in print_ast(operation("People", folder))

    def test_that_is_not_there_is_said(self, folder: Path) -> None:
        with pytest.raises(CannotGoOn, match="has no operation named Login"):
            operation("Login", folder)

    def test_that_cannot_be_parsed_is_said(self, folder: Path) -> None:
        (folder / "zzz.graphql").write_text("query {", encoding="utf-8")

        with pytest.raises(CannotGoOn, match=r"zzz\.graphql cannot be read: Syntax Error"):
            operation("Me", folder)

    def test_needs_the_checkout(self, tmp_path: Path) -> None:
        with pytest.raises(CannotGoOn, match="needs Lexora's checkout"):
            operation("Me", tmp_path / "elsewhere")
