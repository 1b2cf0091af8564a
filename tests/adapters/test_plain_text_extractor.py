"""Reading plain text."""

import io

import pytest

from lexora_gql.adapters.extraction.decoding import decode
from lexora_gql.adapters.extraction.plain_text_extractor import read_plain_text
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, PageSpan
from tests.adapters.reading_processes import ignore


def plain(data: bytes) -> ExtractedText:
    [found] = read_plain_text(io.BytesIO(data), ignore)
    return found


GERMAN = "Die Verordnung über das Löschen von Bränden gilt für alle Gebäude in größeren Städten."
FRENCH = "L'été dernier, les élèves ont visité la forêt où naquit le célèbre poète français."
POLISH = "Zażółć gęślą jaźń. Pracownicy mają prawo do urlopu wypoczynkowego w każdym roku."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy. Zaměstnanci mají právo na dovolenou."
RUSSIAN = "Сотрудники имеют право на ежегодный оплачиваемый отпуск."
SPANISH = "¿Cuándo se paga la factura? Mañana, después de la reunión en la oficina de España."
ITALIAN = "La città è più bella perché c'è il sole, però fa già freddo."
HUNGARIAN = "Árvíztűrő tükörfúrógép. A munkavállalók minden évben fizetett szabadságra jogosultak."
TURKISH = "Çalışanların her yıl ücretli izin hakkı vardır. İşveren bunu engelleyemez, değil mi?"
LATVIAN = "Darbiniekiem ir tiesības uz ikgadēju apmaksātu atvaļinājumu, kura ilgumu nosaka likums."
GREEK = "Οι εργαζόμενοι δικαιούνται ετήσια άδεια με αποδοχές κάθε χρόνο."
HEBREW = "העובדים זכאים לחופשה שנתית בתשלום בכל שנה לפי החוק."
ARABIC = "يحق للموظفين الحصول على إجازة سنوية مدفوعة الأجر كل عام."
JAPANESE = "従業員は毎年有給休暇を取得する権利があります。詳細については人事部に問い合わせてください。"
CHINESE = "员工每年有权享受带薪年假。详情请咨询人力资源部门。"
TAIWANESE = "員工每年有權享受帶薪年假。詳情請諮詢人力資源部門。"
KOREAN = "직원은 매년 유급 휴가를 받을 권리가 있습니다. 자세한 내용은 인사부에 문의하십시오."
THAI = "พนักงานมีสิทธิ์ลาพักร้อนประจำปีโดยได้รับค่าจ้างทุกปี"
HINDI = "चालान का भुगतान तीस दिनों के भीतर किया जाता है।"
WRITTEN = (GERMAN, RUSSIAN, GREEK, HEBREW, ARABIC, JAPANESE, CHINESE, TAIWANESE, KOREAN, THAI, HINDI)


class TestEncodings:
    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            *((GERMAN, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be")),
            *((GERMAN, name) for name in ("cp1252", "iso8859-1", "iso8859-15", "cp850", "cp437", "mac_roman", "cp273")),
            *((FRENCH, name) for name in ("cp1252", "iso8859-1", "mac_roman")),
            *((SPANISH, name) for name in ("cp1252", "iso8859-1", "cp850")),
            *((ITALIAN, name) for name in ("cp1252", "iso8859-1")),
            *((text, name) for text in (POLISH, CZECH, HUNGARIAN) for name in ("cp1250", "iso8859-2", "cp852")),
            *((TURKISH, name) for name in ("cp1254", "iso8859-9")),
            *((LATVIAN, name) for name in ("cp1257", "iso8859-13")),
            *((RUSSIAN, name) for name in ("cp1251", "koi8-r", "iso8859-5", "cp866")),
            *((GREEK, name) for name in ("cp1253", "iso8859-7", "cp737")),
            *((HEBREW, name) for name in ("cp1255", "iso8859-8", "cp862")),
            *((ARABIC, name) for name in ("cp1256", "iso8859-6")),
            *((JAPANESE, name) for name in ("shift_jis", "cp932", "euc_jp", "iso2022_jp")),
            *((CHINESE, name) for name in ("gb18030", "gbk", "gb2312", "hz")),
            *((TAIWANESE, name) for name in ("big5", "cp950")),
            *((KOREAN, name) for name in ("cp949", "euc_kr", "johab", "iso2022_kr")),
            (THAI, "cp874"),
        ],
    )
    def test_is_found_out(self, text: str, encoding: str) -> None:
        assert decode(text.encode(encoding)) == text

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("text", WRITTEN)
    def test_unicode_is_found_out_in_every_script(self, text: str, encoding: str) -> None:
        assert decode(text.encode(encoding)) == text

    @pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
    @pytest.mark.parametrize("text", WRITTEN)
    def test_four_bytes_a_letter_are_found_out_without_a_mark(self, text: str, encoding: str) -> None:
        assert decode(text.encode(encoding)) == text

    def test_a_guess_holds_for_what_stands_beyond_the_sample(self) -> None:
        chinese, thai, german = CHINESE * 2_000 + "镕" + POLISH, THAI * 2_000 + "…", GERMAN * 1_000 + " „so“ – 5 €"

        assert decode(chinese.encode("gb18030")) == chinese
        assert decode(thai.encode("cp874")) == thai
        assert decode(german.encode("cp1252")) == german

    def test_bytes_without_sense_are_no_text(self) -> None:
        assert decode(bytes(place * 97 % 256 for place in range(1, 3_000))) is None

    def test_a_few_stray_control_characters_do_not_make_it_wide(self) -> None:
        data = b"\x01".join([JAPANESE.encode("shift_jis")] * 8)

        assert decode(data) == "\x01".join([JAPANESE] * 8)

    def test_one_broken_character_does_not_make_it_another_encoding(self) -> None:
        data = (GERMAN * 20).encode()

        assert decode(data[:1_000] + b"\xff" + data[1_000:]) == (data[:1_000] + b"\xff" + data[1_000:]).decode(
            "utf-8", "replace"
        )


class TestPlainText:
    def test_line_ends_become_newlines_and_control_characters_go(self) -> None:
        assert plain(b"one\r\ntwo\rthree\x00\x07\x1b[1m\tfour\x0b").text == "one\ntwo\nthree[1m\tfour"

    def test_the_form_feed_at_the_end_begins_no_page(self) -> None:
        assert plain(b"One.\fTwo.\f\n").pages == (PageSpan(1, 0, 6), PageSpan(2, 6, 10))

    def test_an_empty_page_keeps_its_number(self) -> None:
        found = plain(b"One.\f\fThree.")

        assert found.text == "One.\n\nThree."
        assert found.pages == (PageSpan(1, 0, 6), PageSpan(2, 6, 6), PageSpan(3, 6, 12))

    @pytest.mark.parametrize("data", [b"", b" \r\n\t\f", b"-----\n=====\n", b"\xef\xbb\xbf"])
    def test_nothing_to_read_is_no_text(self, data: bytes) -> None:
        with pytest.raises(ExtractionFailed) as failure:
            plain(data)

        assert failure.value.code == "NO_TEXT"
