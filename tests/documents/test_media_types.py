"""What a file is, by its bytes."""

import io
import zipfile

import pytest

from lexora_gql.documents.media_types import ACCEPTED_MEDIA_TYPES, HEAD_BYTES, TAIL_BYTES, MediaType, describe, detect

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SLIDES = MediaType.PPTX


def zipped(*names: str, size: int = 10) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * size)
    return buffer.getvalue()


def detected(data: bytes, filename: str) -> MediaType | None:
    return detect(data[:HEAD_BYTES], data[-TAIL_BYTES:], filename)


class TestDetecting:
    def test_accepts_seven_types(self) -> None:
        assert ACCEPTED_MEDIA_TYPES == (
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "text/markdown",
            "text/plain",
            "text/csv",
            "text/html",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        )

    @pytest.mark.parametrize(
        ("_case", "data", "filename", "expected"),
        [
            ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a.pdf", MediaType.PDF),
            ("a PDF under another name", b"%PDF-1.7\n", "a.txt", MediaType.PDF),
            ("a PDF after rubbish", b"\x00rubbish\n" * 90 + b"%PDF-1.4", "a.pdf", MediaType.PDF),
            ("a PDF after too much rubbish", b"rubbish\n" * 129 + b"%PDF-1.4", "a.pdf", None),
            ("a DOCX", zipped("[Content_Types].xml", "word/document.xml"), "a.docx", MediaType.DOCX),
            ("a DOCX under another name", zipped("word/document.xml"), "a.pdf", MediaType.DOCX),
            ("a DOCX that begins with its pictures", zipped("a.png", "word/document.xml"), "a.docx", MediaType.DOCX),
            ("a spreadsheet", zipped("[Content_Types].xml", "xl/workbook.xml"), "a.docx", None),
            (
                "slides",
                zipped("[Content_Types].xml", "ppt/presentation.xml", "ppt/slides/slide1.xml"),
                "a.pptx",
                SLIDES,
            ),
            ("slides under another name", zipped("ppt/presentation.xml"), "a.pdf", SLIDES),
            ("slides that hold a DOCX's name", zipped("ppt/presentation.xml", "word/fonts.xml"), "a.docx", SLIDES),
            ("slides that hold a table", zipped("ppt/presentation.xml", "ppt/embeddings/a.xlsx"), "a.pptx", SLIDES),
            ("a document under the name of slides", zipped("word/document.xml"), "a.pptx", MediaType.DOCX),
            ("a text under the name of slides", b"Slide 1", "a.pptx", None),
            ("encrypted slides", OLE + b"\x00" * 600, "a.PPTX", SLIDES),
            ("old slides", OLE + b"\x00" * 600, "a.ppt", None),
            ("an archive", zipped("notes.txt"), "a.docx", None),
            ("an encrypted DOCX", OLE + b"\x00" * 600, "a.docx", MediaType.DOCX),
            ("an old Word file", OLE + b"\x00" * 600, "a.doc", None),
            ("Markdown", b"# Title\n", "a.md", MediaType.MARKDOWN),
            ("Markdown by its long name", b"# Title\n", "A.MARKDOWN", MediaType.MARKDOWN),
            ("text", b"# Title\n", "a.txt", MediaType.PLAIN_TEXT),
            ("text without an extension", b"Read me.\n", "README", MediaType.PLAIN_TEXT),
            ("rows", b"a,b\n1,2\n", "a.csv", MediaType.CSV),
            ("a page", b"<!doctype html><p>Hi", "a.HTM", MediaType.HTML),
            ("a page under the name of a text", b"<!doctype html><p>Hi", "a.txt", MediaType.PLAIN_TEXT),
            ("a page under the name of a PDF", b"<!doctype html><p>Hi", "a.pdf", None),
            ("a PDF under the name of a page", b"%PDF-1.7\n", "a.html", MediaType.PDF),
            ("rows parted by tabs", b"a\tb\n1\t2\n", "A.TSV", MediaType.CSV),
            ("rows under the name of a text", b"a,b\n1,2\n", "a.txt", MediaType.PLAIN_TEXT),
            ("a PDF under the name of rows", b"%PDF-1.7\n", "a.csv", MediaType.PDF),
            ("a spreadsheet under the name of rows", zipped("xl/workbook.xml"), "a.csv", None),
            ("a web page under the name of a DOCX", b"<html><body>Hi</body></html>", "a.docx", None),
            ("text under the name of a PDF", b"Read me.\n", "a.pdf", None),
            ("nothing", b"", "a.txt", None),
            ("a picture under the name of a text", b"\x89PNG\r\n\x1a\n" + b"text " * 50, "a.txt", None),
        ],
    )
    def test_bytes_decide(self, _case: str, data: bytes, filename: str, expected: MediaType | None) -> None:
        assert detected(data, filename) is expected

    def test_a_zip_is_known_by_its_list_when_its_first_member_is_large(self) -> None:
        data = zipped("media/film.bin", "word/document.xml", size=200_000)

        assert detected(data, "a.docx") is MediaType.DOCX

    @pytest.mark.parametrize(
        ("outer", "kind"), [("ppt/presentation.xml", SLIDES), ("word/document.xml", MediaType.DOCX)]
    )
    def test_what_a_file_holds_is_not_taken_for_the_file(self, outer: str, kind: MediaType) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner/document", zipped("word/document.xml"))
            archive.writestr("inner/slides", zipped("ppt/presentation.xml"))
            archive.writestr(outer, b"x")

        assert detected(buffer.getvalue(), "a.zip") is kind

    @pytest.mark.parametrize(
        "encoding",
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp1252", "iso2022_jp_2"],
    )
    def test_text_is_text_in_any_encoding(self, encoding: str) -> None:
        assert detected("Überall gilt: bezahlt wird nach 30 Tagen.\n".encode(encoding), "a.txt") is MediaType.PLAIN_TEXT

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    @pytest.mark.parametrize(
        "text", ["Счета оплачены.\n", "请在三十天内支付发票。", "請求書は三十日以内に支払われます。", "تدفع الفواتير"]
    )
    def test_wide_text_without_a_mark_is_text_in_any_script(self, text: str, encoding: str) -> None:
        assert detected(text.encode(encoding), "a.txt") is MediaType.PLAIN_TEXT

    def test_a_cut_through_a_wide_character_does_not_matter(self) -> None:
        assert detected(("Счета оплачены.\n" * 9_000).encode("utf-16-le")[1:][:-1], "a.txt") is MediaType.PLAIN_TEXT

    def test_text_with_too_many_control_characters_is_not_taken_for_wide(self) -> None:
        data = b"\x01".join([b"Invoices are paid within 30 days."] * 40)

        assert detected(data, "a.txt") is None

    @pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "iso2022_jp"])
    def test_japanese_is_text_in_its_old_encodings(self, encoding: str) -> None:
        assert detected("請求書は三十日以内に支払われます。".encode(encoding), "a.txt") is MediaType.PLAIN_TEXT

    def test_bytes_without_order_are_no_text(self) -> None:
        assert detected(bytes(range(256)) * 8, "a.txt") is None

    def test_a_stray_control_character_does_not_make_a_text_binary(self) -> None:
        assert detected(b"a\x01" + b"words " * 50, "a.txt") is MediaType.PLAIN_TEXT

    def test_a_stray_nul_does_not_either(self) -> None:
        assert detected(b"a\x00" + b"words " * 50, "a.txt") is MediaType.PLAIN_TEXT

    def test_a_text_that_begins_like_a_program_is_text(self) -> None:
        assert detected(b"MZ is how programs of MS-DOS begin.\n", "a.txt") is MediaType.PLAIN_TEXT


class TestDescribing:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04rest", "application/zip"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
            (b"Read me.", None),
            (b"", None),
        ],
    )
    def test_names_what_is_well_known(self, data: bytes, expected: str | None) -> None:
        assert describe(data) == expected
