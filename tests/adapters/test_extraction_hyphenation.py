"""Words that a line end had parted."""

import io

import pytest

from lexora_gql.adapters.extraction.hyphenation import join_hyphenated, mark_hyphens
from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from tests.adapters.made_files import pdf
from tests.adapters.reading_processes import ignore


def joined(*pages: str) -> list[str]:
    return join_hyphenated([mark_hyphens(page) for page in pages])


class TestJoining:
    @pytest.mark.parametrize(
        ("pages", "expected"),
        [
            pytest.param(["the environ\ufffement is"], ["the environment is"], id="a parted word"),
            pytest.param(["2019\ufffe2020"], ["2019-2020"], id="numbers"),
            pytest.param(
                ["a well\ufffeknown thing", "it is well-known."],
                ["a well-known thing", "it is well-known."],
                id="a compound",
            ),
            pytest.param(
                ["co\ufffeoperate", "co-operate cooperate"],
                ["cooperate", "co-operate cooperate"],
                id="written both ways",
            ),
            pytest.param(["Anglo\ufffeSaxon"], ["Anglo-Saxon"], id="a name of two names"),
            pytest.param(["ENVIRON\ufffeMENT"], ["ENVIRONMENT"], id="all capitals"),
            pytest.param(["Haupt\ufffeund Nebensatz"], ["Haupt- und Nebensatz"], id="German, a part left out"),
            pytest.param(["short\ufffeand long-term"], ["short- and long-term"], id="English, a part left out"),
            pytest.param(["thous\ufffeand", "a thousand"], ["thousand", "a thousand"], id="no part left out"),
        ],
    )
    def test_joins_what_belongs_together(self, pages: list[str], expected: list[str]) -> None:
        assert joined(*pages) == expected

    @pytest.mark.parametrize(
        ("page", "expected"),
        [
            ("Umweltüber-\nwachung ist", "Umweltüberwachung ist"),
            ("le gouverne-\nment a décré\u00ad\nté", "le gouvernement a décrété"),
            ("la compu\u2010\ntación", "la computación"),
            ("государ-\nственный", "государственный"),
            ("το περιβάλ-\nλον", "το περιβάλλον"),
            ("çalış-\nmalar", "çalışmalar"),
            ("środo-\nwisko", "środowisko"),
        ],
    )
    def test_joins_in_every_script_with_small_letters(self, page: str, expected: str) -> None:
        assert joined(page) == [expected]

    @pytest.mark.parametrize("page", ["a list:\n- one\n- two", "5 -\nfive", "COVID-\n19", "see A-\nB"])
    def test_leaves_other_hyphens_at_line_ends(self, page: str) -> None:
        assert joined(page) == [page]


class TestInPdf:
    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            ("the environ-", "ment is", "the environment is"),
            ("die Zusammen-", "arbeit wird", "die Zusammenarbeit wird"),
            ("le gouverne-", "ment a", "le gouvernement a"),
            ("la computa-", "dora es", "la computadora es"),
            ("the years 2019-", "2020", "the years 2019-\n2020"),
        ],
    )
    def test_a_word_is_whole_again(self, first: str, second: str, expected: str) -> None:
        [*_, found] = read_pdf(io.BytesIO(pdf([(700.0, first), (686.0, second)])), ignore)

        assert found.text == expected
