"""What people have filled into a PDF stands beside what was printed."""

import io

import pytest
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from lexora_gql.adapters.extraction.pdf_extractor import read_pdf
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.adapters.made_files import pdf_writer, written
from tests.adapters.reading_processes import ignore

LABELS = [(700.0, "Name:"), (650.0, "Date of birth:"), (600.0, "Signed before a notary")]
PASSWORD, HIDDEN = 1 << 13, 2


def annotation(box: tuple[float, float, float, float], **entries: object) -> DictionaryObject:
    values = {"Type": NameObject("/Annot"), "Subtype": NameObject("/Widget"), **entries}
    made = DictionaryObject({NameObject(f"/{key}"): value for key, value in values.items()})
    made[NameObject("/Rect")] = ArrayObject(map(FloatObject, box))
    return made


def field(box: tuple[float, float, float, float], value: str, **entries: object) -> DictionaryObject:
    known = {"FT": NameObject("/Tx"), "T": TextStringObject(f"field at {box}"), "V": TextStringObject(value)}
    return annotation(box, **known, **entries)


def text_of(*annotations: DictionaryObject, has_form: bool = True, is_scan: bool = False) -> str:
    writer = pdf_writer([] if is_scan else LABELS)
    for made in annotations:
        if made.get("/FT") == "/Btn":
            states = DictionaryObject({NameObject("/Yes"): writer._add_object(DecodedStreamObject())})
            made[NameObject("/AP")] = DictionaryObject({NameObject("/N"): states})
    added = ArrayObject(map(writer._add_object, annotations))
    writer.pages[0][NameObject("/Annots")] = added
    if has_form:
        writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): added})
    [*_, found] = read_pdf(io.BytesIO(written(writer)), ignore)
    return found.text


class TestForms:
    def test_a_value_stands_behind_its_label(self) -> None:
        text = text_of(field((150, 695, 300, 715), "Ada Lovelace"), field((160, 645, 300, 665), "10 December 1815"))

        assert text == "Name: Ada Lovelace\n\nDate of birth: 10 December 1815\n\nSigned before a notary"

    def test_a_value_that_stands_beside_nothing_follows_what_is_above_it(self) -> None:
        text = text_of(field((72, 660, 300, 680), "Ada Lovelace"))

        assert text == "Name:\n\nAda Lovelace\nDate of birth:\n\nSigned before a notary"

    def test_pages_that_were_taken_out_of_a_form_keep_their_values(self) -> None:
        assert "Name: Ada Lovelace" in text_of(field((150, 695, 300, 715), "Ada Lovelace"), has_form=False)

    def test_a_tick_is_told(self) -> None:
        kind = {"FT": NameObject("/Btn"), "T": TextStringObject("signed")}
        yes, off = ({"V": NameObject(state), "AS": NameObject(state)} for state in ("/Yes", "/Off"))

        assert "Signed before a notary ☒" in text_of(annotation((250, 595, 262, 611), **kind, **yes))
        assert "☒" not in text_of(annotation((250, 595, 262, 611), **kind, **off))

    def test_what_is_written_over_a_page_is_read(self) -> None:
        note = {"Subtype": NameObject("/FreeText"), "Contents": TextStringObject("Born\r\rin London")}

        assert "Born\nin London" in text_of(annotation((300, 640, 400, 660), **note), has_form=False)

    def test_passwords_and_what_is_hidden_stay_so(self) -> None:
        secret = field((150, 695, 300, 715), "canary", Ff=NumberObject(PASSWORD))
        hidden = field((160, 645, 300, 665), "canary", F=NumberObject(HIDDEN))

        assert "canary" not in text_of(secret, hidden)
        assert "canary" in text_of(field((150, 695, 300, 715), "canary"))

    def test_a_page_that_is_a_picture_has_no_text_whatever_is_filled_in(self) -> None:
        with pytest.raises(ExtractionFailed) as failure:
            text_of(field((150, 695, 300, 715), "Ada Lovelace"), is_scan=True)

        assert failure.value.code == "NO_TEXT"
