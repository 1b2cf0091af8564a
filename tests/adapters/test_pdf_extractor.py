"""Reading PDF."""

import io

import pypdfium2
import pytest
from pypdf import PageObject
from pypdf.constants import PageLabelStyle
from pypdf.generic import DictionaryObject, NameObject
from pypdfium2 import PdfiumError, raw

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading, PageSpan
from tests.adapters.made_files import pdf, pdf_writer, written
from tests.adapters.reading_processes import ignore

PAY = [(700.0, "Pay"), (660.0, "Invoices are paid"), (646.0, "within 30 days."), (600.0, "Then it costs.")]
LEAVE = [(700.0, "Leave"), (660.0, "There are 25 days.")]


def read(data: bytes) -> ExtractedText:
    """Return the last that the reader knows."""
    return list(read_pdf(io.BytesIO(data), ignore))[-1]


def failure(data: bytes) -> ExtractionFailed:
    with pytest.raises(ExtractionFailed) as caught:
        read(data)
    return caught.value


class TestText:
    def test_pages_and_paragraphs_are_parted_by_an_empty_line(self) -> None:
        found = read(pdf(PAY, LEAVE))

        assert found.text == (
            "Pay\n\nInvoices are paid\nwithin 30 days.\n\nThen it costs.\n\nLeave\n\nThere are 25 days."
        )
        assert found.pages == (PageSpan(1, 0, 56), PageSpan(2, 56, 81))
        assert found.page_count == 2

    def test_a_page_without_text_is_named(self) -> None:
        found = read(pdf(PAY, [], LEAVE))

        assert [(page.number, page.end - page.start) for page in found.pages] == [(1, 56), (2, 0), (3, 25)]
        assert found.warnings == ("Page 2 has no text.",)

    def test_many_pages_without_text_are_named_in_ranges(self) -> None:
        assert read(pdf(PAY, [], LEAVE, [], [], [], PAY, [])).warnings == ("Pages 2, 4-6, 8 have no text.",)

    def test_more_ranges_than_anybody_reads_are_counted(self) -> None:
        [warning] = read(pdf(*([PAY, []] * 9), PAY, [], PAY, [], [], PAY, [], [])).warnings

        assert warning == "Pages 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 and 4 more have no text."

    def test_says_the_text_before_the_structure(self) -> None:
        first, second = read_pdf(io.BytesIO(pdf(PAY)), ignore)

        assert first.text is second.text


class TestStructure:
    def test_the_outline_gives_headings_where_their_words_stand(self) -> None:
        writer = pdf_writer(PAY, LEAVE)
        pay = writer.add_outline_item(title="1 Pay", page_number=0)
        writer.add_outline_item(title="then it  COSTS", page_number=0, parent=pay)
        writer.add_outline_item(title="Nowhere", page_number=1)

        found = read(written(writer))

        assert found.headings == (
            Heading(1, "1 Pay", 0),
            Heading(2, "then it COSTS", found.text.index("Then")),
            Heading(1, "Nowhere", found.text.index("Leave")),
        )

    def test_title_language_and_labels(self) -> None:
        writer = pdf_writer(PAY, LEAVE)
        writer.add_metadata({"/Title": "Microsoft Word - Staff handbook"})
        writer.set_page_label(0, 0, style=PageLabelStyle.LOWERCASE_ROMAN)
        writer.set_page_label(1, 1, style=PageLabelStyle.DECIMAL, start=7)

        found = read(written(writer))

        assert found.title == "Staff handbook"
        assert [page.label for page in found.pages] == ["i", "7"]

    def test_a_file_that_says_nothing_has_no_title_and_no_labels(self) -> None:
        found = read(pdf(PAY))

        assert (found.title, found.language, found.headings) == (None, None, ())
        assert [page.label for page in found.pages] == [None]

    def test_structure_that_cannot_be_read_leaves_the_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_arguments: object) -> None:
            raise RecursionError

        monkeypatch.setattr(raw, "FPDF_GetMetaText", fail)

        assert read(pdf(LEAVE)).text == "Leave\n\nThere are 25 days."

    def test_an_outline_that_goes_in_circles_ends(self) -> None:
        writer = pdf_writer(PAY, LEAVE)
        first = writer.add_outline_item(title="Pay", page_number=0)
        second = writer.add_outline_item(title="Leave", page_number=1)
        item = second.get_object()
        assert isinstance(item, DictionaryObject)
        item[NameObject("/Next")] = first

        assert [heading.title for heading in read(written(writer)).headings] == ["Pay", "Leave"]


class TestFailing:
    def test_a_password_is_asked_for(self) -> None:
        writer = pdf_writer(PAY)
        writer.encrypt("secret", algorithm="AES-256")

        assert failure(written(writer)).code == "ENCRYPTED"

    def test_a_password_of_the_owner_only_is_not_needed(self) -> None:
        writer = pdf_writer(LEAVE)
        writer.encrypt("", "of the owner", algorithm="AES-256")

        assert read(written(writer)).text == "Leave\n\nThere are 25 days."

    def test_rubbish_is_corrupt(self) -> None:
        assert failure(b"%PDF-1.7\nrubbish").code == "CORRUPT"

    def test_scanned_pages_have_no_text(self) -> None:
        caught = failure(pdf([], []))

        assert caught.code == "NO_TEXT"
        assert "any of its 2 pages" in caught.message
        assert "text recognition" in caught.message

    def test_too_many_pages(self) -> None:
        writer = pdf_writer()
        for _ in range(5_001):
            writer.add_page(PageObject.create_blank_page(width=10, height=10))

        caught = failure(written(writer))

        assert caught.code == "TOO_MANY_PAGES"
        assert caught.message.startswith("The PDF has 5,001 pages; at most 5,000 are read.")


class TestTheSecondReader:
    @pytest.fixture(autouse=True)
    def _pdfium_gives_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_arguments: object) -> None:
            raise PdfiumError("Failed to load document.", err_code=raw.FPDF_ERR_FORMAT)

        monkeypatch.setattr(pypdfium2, "PdfDocument", fail)

    def test_pypdf_reads_the_text(self) -> None:
        assert read(pdf(LEAVE)).text.split() == ["Leave", "There", "are", "25", "days."]

    def test_pypdf_reads_the_structure(self) -> None:
        writer = pdf_writer(PAY, LEAVE)
        pay = writer.add_outline_item(title="Pay", page_number=0)
        writer.add_outline_item(title="Leave", page_number=1, parent=pay)
        writer.add_metadata({"/Title": "Staff handbook"})
        writer.set_page_label(0, 1, style=PageLabelStyle.LOWERCASE_ROMAN)

        found = read(written(writer))

        assert found.headings == (Heading(1, "Pay", 0), Heading(2, "Leave", found.text.index("Leave")))
        assert found.title == "Staff handbook"
        assert [page.label for page in found.pages] == ["i", "ii"]

    def test_a_password_is_asked_for(self) -> None:
        writer = pdf_writer(PAY)
        writer.encrypt("secret", algorithm="AES-256")

        assert failure(written(writer)).code == "ENCRYPTED"

    def test_rubbish_is_corrupt(self) -> None:
        assert failure(b"%PDF-1.7\nrubbish").code == "CORRUPT"
