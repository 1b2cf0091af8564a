"""The labels of lists, as Word prints them."""

import pytest

from lexora_gql.adapters.extraction.docx_numerals import numeral
from tests.adapters.docx_parts import paragraph, part, run, text_of


def level(place: int, pattern: str | None = None, kind: str = "decimal", more: str = "") -> str:
    printed = "" if pattern is None else f'<w:lvlText w:val="{pattern}"/>'
    return f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}{printed}</w:lvl>'


def numbering(*levels: str, more: str = "") -> str:
    definition = f'<w:abstractNum w:abstractNumId="4">{"".join(levels)}</w:abstractNum>'
    return part("numbering", f'{definition}<w:num w:numId="1"><w:abstractNumId w:val="4"/></w:num>{more}')


def items(*places: int, number: int = 1) -> str:
    return "".join(
        paragraph(run("x"), f'<w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="{number}"/></w:numPr>')
        for place in places
    )


def labels(body: str, definitions: str) -> list[str]:
    return [line.strip().removesuffix("x").strip() for line in text_of(body, numbering=definitions).split("\n") if line]


class TestLabels:
    def test_levels_count_anew_below_each_item(self) -> None:
        definitions = numbering(level(0, "%1."), level(1, "%1.%2"))

        assert labels(items(0, 1, 1, 0, 1), definitions) == ["1.", "1.1", "1.2", "2.", "2.1"]

    def test_a_level_may_go_on_counting(self) -> None:
        never, first_only = '<w:lvlRestart w:val="0"/>', '<w:lvlRestart w:val="1"/>'

        assert labels(items(0, 1, 0, 1), numbering(level(0, "%1."), level(1, "%2)", more=never))) == [
            "1.", "1)", "2.", "2)",
        ]  # fmt: skip
        definitions = numbering(level(0, "%1."), level(1, "%2)"), level(2, "%3/", more=first_only))
        assert labels(items(0, 1, 2, 1, 2, 0, 2), definitions)[2::2] == ["1/", "2/", "1/"]

    def test_a_level_that_prints_nothing_has_no_label(self) -> None:
        assert labels(items(0, 0), numbering(level(0, ""))) == ["", ""]
        assert labels(items(0), numbering(level(0, "Note:", kind="none"))) == ["Note:"]

    def test_a_level_of_which_nothing_is_said_is_a_number(self) -> None:
        assert labels(items(0, 0), numbering(level(0))) == ["1.", "2."]

    def test_legal_numbers_are_decimal_throughout(self) -> None:
        definitions = numbering(level(0, "%1", kind="upperRoman"), level(1, "%1.%2", more="<w:isLgl/>"))

        assert labels(items(0, 0, 1), definitions) == ["I", "II", "2.1"]

    def test_a_list_may_begin_anew_or_elsewhere(self) -> None:
        override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
        second = f'<w:num w:numId="2"><w:abstractNumId w:val="4"/>{override}</w:num>'
        definitions = numbering(level(0, "%1."), more=second)

        assert labels(items(0, 0) + items(0, 0, number=2) + items(0), definitions) == ["1.", "2.", "5.", "6.", "3."]

    def test_a_definition_may_be_that_of_a_style(self) -> None:
        linked = '<w:abstractNum w:abstractNumId="3"><w:numStyleLink w:val="Law"/></w:abstractNum>'
        own = f'<w:abstractNum w:abstractNumId="9"><w:styleLink w:val="Law"/>{level(0, "§ %1")}</w:abstractNum>'
        num = '<w:num w:numId="1"><w:abstractNumId w:val="3"/></w:num>'

        assert labels(items(0, 0), part("numbering", linked + own + num)) == ["§ 1", "§ 2"]

    def test_a_list_that_is_not_defined_has_bullets(self) -> None:
        assert labels(items(0, number=7), numbering(level(0, "%1."))) == ["-"]


class TestNumerals:
    @pytest.mark.parametrize(
        ("kind", "number", "expected"),
        [
            ("decimal", 12, "12"),
            ("decimalZero", 7, "07"),
            ("lowerLetter", 28, "bb"),
            ("upperLetter", 3, "C"),
            ("lowerLetter", 0, "0"),
            ("lowerRoman", 1994, "mcmxciv"),
            ("upperRoman", 4_000, "4000"),
            ("russianUpper", 2, "Б"),
            ("ordinal", 21, "21st"),
            ("ordinal", 12, "12th"),
            ("decimalEnclosedCircle", 20, "⑳"),
            ("decimalEnclosedCircle", 21, "21"),
            ("chineseCounting", 10, "十"),
            ("chineseCountingThousand", 21, "二十一"),
            ("japaneseCounting", 8, "八"),
            ("japaneseCounting", 100, "100"),
            ("none", 3, ""),
            ("thaiNumbers", 3, "3"),
        ],
    )
    def test_are_printed_as_word_does(self, kind: str, number: int, expected: str) -> None:
        assert numeral(kind, number) == expected
