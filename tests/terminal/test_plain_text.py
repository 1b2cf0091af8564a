import pytest

from lexora_gql.terminal.plain_text import file_size, one_line, printable


class TestPrintable:
    @pytest.mark.parametrize(
        ("_case", "text", "shown"),
        [
            ("colours and movements of the cursor", "\x1b[2J\x1b[31mred", "[2J[31mred"),
            ("a title for the window", "\x1b]0;title\x07text", "]0;titletext"),
            ("the one-byte form of the same", "\x9b2Jtext", "2Jtext"),
            ("going back over what was said", "safe\b\b\b\bevil\rgone", "safeevilgone"),
            ("writing from right to left", "invoice\u202efdp.exe", "invoicefdp.exe"),
            ("line ends and tabs", "one\n\ttwo", "one\n\ttwo"),
            ("letters of all kinds", "Größe 寸法 قياس 😀", "Größe 寸法 قياس 😀"),
        ],
    )
    def test_a_document_cannot_command_the_terminal(self, _case: str, text: str, shown: str) -> None:
        assert printable(text) == shown


class TestOneLine:
    def test_white_space_becomes_one_space(self) -> None:
        assert one_line(" Paid\r\nwithin \t 30\x1b days. ") == "Paid within 30 days."

    def test_a_long_text_is_cut_at_a_word(self) -> None:
        assert one_line("Invoices are paid within 30 days.", characters_max=22) == "Invoices are paid…"

    def test_a_text_without_spaces_is_cut_where_it_is(self) -> None:
        assert one_line("請求書は三十日以内に支払われます", characters_max=8) == "請求書は三十日…"

    def test_what_fits_stays(self) -> None:
        assert one_line("Invoices", characters_max=8) == "Invoices"


class TestFileSize:
    @pytest.mark.parametrize(
        ("size_bytes", "shown"),
        [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1.0 kB"), (1_550_000, "1.6 MB"), (2_000_000_000, "2.0 GB")],
    )
    def test_is_said_in_the_unit_that_fits(self, size_bytes: int, shown: str) -> None:
        assert file_size(size_bytes) == shown
