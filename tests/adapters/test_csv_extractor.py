"""Rows of CSV, each with the names of its columns."""

import io
from pathlib import Path

import pytest

from lexora_gql.adapters.extraction.csv_extractor import CELL_CHARACTERS_MAX, read_csv
from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.documents.splitting import split
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed
from tests.adapters.reading_processes import ignore

STAFF = "Name,Born\nAda Lovelace,1815\nAlan Turing,1912\n"
READ = ["Name: Ada Lovelace; Born: 1815", "Name: Alan Turing; Born: 1912"]


def found(data: str | bytes) -> ExtractedText:
    [read] = read_csv(io.BytesIO(data.encode() if isinstance(data, str) else data), ignore)
    return read


def rows(data: str | bytes) -> list[str]:
    """Return the rows read, each of which must be a block of its own."""
    read = found(data)
    assert [read.text[block.start : block.end] for block in read.blocks] == read.text.split("\n\n")
    return read.text.split("\n\n")


class TestRows:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_each_names_its_columns(self, delimiter: str) -> None:
        assert rows(STAFF.replace(",", delimiter)) == READ

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
    def test_any_encoding_will_do(self, encoding: str) -> None:
        data = "Stadt;Gebühr\nMünchen;zwölf Euro\nKöln;fünf Euro\n".encode(encoding)

        assert rows(data) == ["Stadt: München; Gebühr: zwölf Euro", "Stadt: Köln; Gebühr: fünf Euro"]

    def test_commas_of_decimals_part_no_columns(self) -> None:
        assert rows("Item;Price\nTea;1,50\nCake, with cream;2,75\n") == [
            "Item: Tea; Price: 1,50",
            "Item: Cake, with cream; Price: 2,75",
        ]

    def test_a_spreadsheet_may_say_what_parts_them(self) -> None:
        assert rows("sep=!\nName!Born\nAda, Countess!1815\n") == ["Name: Ada, Countess; Born: 1815"]

    def test_quotes_hold_what_parts_rows_and_cells(self) -> None:
        assert rows('Name,Note\nAda,"first, ""programmer""\nof all"\n') == [
            'Name: Ada; Note: first, "programmer" of all'
        ]

    def test_empty_cells_and_rows_are_left_out(self) -> None:
        assert rows("Name,Born,Died\n\nAda,,1852\n,,\n") == ["Name: Ada; Died: 1852"]

    def test_cells_beyond_the_names_stand_by_themselves(self) -> None:
        assert rows("Name,Born\nAda,1815,London\nAlan,1912\n")[0] == "Name: Ada; Born: 1815; London"

    @pytest.mark.parametrize("first", ["Ada,1815", "Ada,", "Ada,ada"])
    def test_a_first_row_that_names_nothing_is_a_row(self, first: str) -> None:
        assert rows(f"{first}\nAlan,1912\n")[-1] == "Alan; 1912"
        assert len(rows(f"{first}\nAlan,1912\n")) == 2

    def test_a_single_column_is_a_list(self) -> None:
        assert rows("Tea\nCake\n") == ["Tea", "Cake"]

    def test_control_characters_go(self) -> None:
        assert rows("Name,Born\nA\x00da\x07,1815\n") == ["Name: Ada; Born: 1815"]


class TestPassages:
    def test_a_row_is_never_cut_where_it_fits(self) -> None:
        many = found("Name,Note\n" + "".join(f"Name {n},It is paid. By row {n}; within days.\n" for n in range(500)))

        passages = split(many, characters=400, overlap=100)

        assert all(passage.text.startswith("Name: Name ") for passage in passages)
        assert all(passage.text.endswith("within days.") for passage in passages)
        assert "\n\n".join(passage.text for passage in passages) == many.text


class TestHostile:
    def test_a_quote_that_nobody_closes_swallows_no_rows(self) -> None:
        others = "".join(f"Somebody else,{year}\n" for year in range(10_000))

        read = rows(f'Name,Born\n"Ada,1815\n{others}')

        assert (read[0], read[-1], len(read)) == ('Name: "Ada; Born: 1815', "Name: Somebody else; Born: 9999", 10_001)

    def test_a_cell_of_any_length_is_read(self) -> None:
        assert found("x" * (CELL_CHARACTERS_MAX + 1)).text == "x" * (CELL_CHARACTERS_MAX + 1)

    @pytest.mark.parametrize("data", ["", " \n", ",,,\n,,,\n", "\x00\x00"])
    def test_what_holds_nothing_has_no_text(self, data: str) -> None:
        with pytest.raises(ExtractionFailed) as failure:
            found(data)

        assert failure.value.code == "NO_TEXT"

    def test_names_that_swell_the_text_are_bounded(self) -> None:
        names = ",".join(f"{'n' * 90}{column}" for column in range(500))
        row = ",".join("x" for _ in range(500))

        with pytest.raises(ExtractionFailed) as failure:
            found(names + "\n" + f"{row}\n" * (CHARACTERS_MAX // 40_000))

        assert failure.value.code == "TOO_LARGE_TO_PARSE"

    async def test_the_sandbox_reads_it_like_everything_else(self, tmp_path: Path) -> None:
        file = tmp_path / "staff.csv"
        file.write_text(STAFF)
        extractor = SandboxedExtractor()
        try:
            read = await extractor.extract(file, "text/csv", ignore)
        finally:
            await extractor.aclose()

        assert read.text.split("\n\n") == READ
