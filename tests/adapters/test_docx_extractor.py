"""Reading DOCX."""

import io
import zipfile

import docx
import pytest

from lexora_gql.adapters.extraction.docx_extractor import read_docx
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, Span
from tests.adapters.made_files import NAMESPACE, docx_of, paragraphs, raw_docx
from tests.adapters.reading_processes import ignore


def read(data: bytes) -> ExtractedText:
    [found] = read_docx(io.BytesIO(data), ignore)
    return found


def failure(data: bytes) -> ExtractionFailed:
    with pytest.raises(ExtractionFailed) as caught:
        read(data)
    return caught.value


class TestText:
    def test_headings_paragraphs_lists_and_tables_in_reading_order(self) -> None:
        document = docx.Document()
        document.core_properties.title = ""
        document.add_heading("Staff handbook", 0)
        document.add_heading("Pay", 1)
        document.add_paragraph("Invoices are paid.")
        document.add_paragraph("within 30 days", style="List Bullet")
        document.add_paragraph("in euros", style="List Bullet")
        table = document.add_table(2, 2)
        for cell, text in zip(
            (c for row in table.rows for c in row.cells), ("Day", "Hours", "Mon", "7|8"), strict=True
        ):
            cell.text = text
        document.add_paragraph("The end.")

        found = read(docx_of(document))

        assert found.text == (
            "Staff handbook\n\nPay\n\nInvoices are paid.\n\n- within 30 days\n- in euros\n\n"
            "| Day | Hours |\n| --- | --- |\n| Mon | 7\\|8 |\n\nThe end."
        )
        assert found.headings == (Heading(1, "Staff handbook", 0), Heading(1, "Pay", 16))
        assert found.blocks == (Span(70, 114),)
        assert found.text[70:114] == "| Day | Hours |\n| --- | --- |\n| Mon | 7\\|8 |"
        assert found.title == "Staff handbook"

    def test_numbers_are_counted_as_they_are_printed(self) -> None:
        levels = "".join(
            f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
            f'<w:lvlText w:val="{pattern}"/></w:lvl>'
            for place, kind, pattern in ((0, "decimal", "%1."), (1, "lowerLetter", "%1%2)"), (2, "upperRoman", "%3"))
        )
        numbering = (
            f'<w:numbering xmlns:w="{NAMESPACE}"><w:abstractNum w:abstractNumId="4">{levels}</w:abstractNum>'
            '<w:num w:numId="1"><w:abstractNumId w:val="4"/></w:num></w:numbering>'
        )
        body = "".join(
            f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{place}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
            f"<w:r><w:t>{text}</w:t></w:r></w:p>"
            for place, text in ((0, "one"), (1, "a"), (1, "b"), (2, "I"), (0, "two"), (1, "again a"))
        )

        found = read(raw_docx(body, word__numbering_xml=numbering))

        assert found.text.split("\n") == ["1. one", "  1a) a", "  1b) b", "    I I", "2. two", "  2a) again a"]

    def test_a_table_within_a_table_keeps_its_words(self) -> None:
        inner = "<w:tbl>" + row("inside", "the cell") + "</w:tbl><w:p/>"
        body = "<w:tbl>" + row("head", "other") + f"<w:tr><w:tc>{inner}</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"

        assert read(raw_docx(body)).text == "| head | other |\n| --- | --- |\n| inside, the cell |  |"

    def test_merged_cells_stand_in_their_columns(self) -> None:
        wide = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>' + paragraphs("wide") + "</w:tc></w:tr>"
        tall = "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc>" + paragraphs("b") + "</w:tc></w:tr>"

        assert read(raw_docx(f"<w:tbl>{wide}{tall}</w:tbl>")).text == "| wide |  |\n| --- | --- |\n|  | b |"

    def test_a_table_of_one_column_is_text(self) -> None:
        found = read(raw_docx(f"<w:tbl><w:tr><w:tc>{paragraphs('Framed', 'words')}</w:tc></w:tr></w:tbl>"))

        assert (found.text, found.blocks) == ("Framed\n\nwords", ())

    def test_what_was_deleted_is_gone_and_what_was_inserted_is_there(self) -> None:
        run = "<w:r><w:t>{}</w:t></w:r>"
        body = (
            f"<w:p><w:ins>{run.format('new')}</w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
            f"<w:hyperlink>{run.format(' link')}</w:hyperlink><w:r><w:tab/><w:t>end</w:t></w:r></w:p>"
        )

        assert read(raw_docx(body)).text == "new link\tend"

    def test_notes_follow_the_paragraph_that_they_hang_on(self) -> None:
        note = f'<w:footnote w:id="2">{paragraphs("The note.")}</w:footnote>'
        notes = f'<w:footnotes xmlns:w="{NAMESPACE}">{note}</w:footnotes>'
        body = '<w:p><w:r><w:t>Said.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>' + paragraphs("Next.")

        assert read(raw_docx(body, word__footnotes_xml=notes)).text == "Said.\n\nThe note.\n\nNext."


class TestMending:
    def test_a_part_beside_the_text_may_be_damaged(self) -> None:
        document = docx.Document()
        document.add_heading("Pay", 1)
        sound = io.BytesIO(docx_of(document))
        damaged = io.BytesIO()
        with zipfile.ZipFile(sound) as source, zipfile.ZipFile(damaged, "w") as target:
            for info in source.infolist():
                is_settings = info.filename == "word/settings.xml"
                target.writestr(info.filename, "<not xml" if is_settings else source.read(info))

        found = read(damaged.getvalue())

        assert (found.text, found.headings) == ("Pay", (Heading(1, "Pay", 0),))

    def test_control_characters_in_the_xml_are_left_out(self) -> None:
        assert read(raw_docx(paragraphs("a\x01b&#2;c&#x1F;d&#9;e"))).text == "abcd\te"

    def test_an_entity_is_not_fetched(self) -> None:
        document = (
            '<!DOCTYPE d [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'
            f'<w:document xmlns:w="{NAMESPACE}"><w:body>{paragraphs("Before &secret;after")}</w:body></w:document>'
        )
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("word/document.xml", document)

        assert read(buffer.getvalue()).text.startswith("Before")
        assert "\n" not in read(buffer.getvalue()).text


class TestFailing:
    def test_an_encrypted_file(self) -> None:
        data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le")

        assert failure(data).code == "ENCRYPTED"

    def test_an_old_word_file_is_told_apart(self) -> None:
        caught = failure(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))

        assert (caught.code, "Save it as DOCX" in caught.message) == ("CORRUPT", True)

    @pytest.mark.parametrize(
        ("_case", "data"),
        [
            ("no zip", b"PK\x03\x04 and nothing"),
            ("cut off", raw_docx(paragraphs("text"))[:-40]),
            ("not XML", raw_docx("<w:p>")),
            ("no body", raw_docx("</w:body><w:body>").replace(b"word/document", b"word/dokument")),
            ("nested a million deep", raw_docx("<w:p>" * 1_000_000)),
        ],
    )
    def test_a_damaged_file(self, _case: str, data: bytes) -> None:
        assert failure(data).code == "CORRUPT"

    def test_deep_nesting_ends(self) -> None:
        assert failure(raw_docx("<w:sdt>" * 2_000 + paragraphs("deep") + "</w:sdt>" * 2_000)).code == "CORRUPT"

    def test_a_file_without_text(self) -> None:
        assert failure(raw_docx("<w:p/>" + "<w:tbl>" + row("", " ") + "</w:tbl>")).code == "NO_TEXT"

    def test_too_many_members(self) -> None:
        names = {f"media__{number}_bin": b"" for number in range(2_000)}

        caught = failure(raw_docx(paragraphs("text"), **names))

        assert caught.code == "TOO_LARGE_TO_PARSE"
        assert "holds 2,001 files inside; at most 2,000 are read" in caught.message

    def test_a_member_that_swells_is_counted_as_it_comes_out(self) -> None:
        caught = failure(raw_docx(paragraphs("text"), media__zeros_bin=bytes(100_000_001)))

        assert caught.code == "TOO_LARGE_TO_PARSE"
        assert "swells to more than 100 MB" in caught.message


def row(*cells: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc>{paragraphs(cell)}</w:tc>" for cell in cells) + "</w:tr>"
