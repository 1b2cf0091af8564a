"""PPTX that is damaged, encrypted, something else, or made to do harm."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.adapters.made_files import paragraphs, raw_docx
from tests.adapters.reading_processes import ignore
from tests.adapters.slides import (
    BLANK,
    PPTX,
    TITLE_AND_CONTENT,
    TITLE_ONLY,
    box,
    deck,
    picture,
    read,
    rewritten,
    saved,
    slide,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")


def failure(data: bytes) -> ExtractionFailed:
    with pytest.raises(ExtractionFailed) as failed:
        read(data)
    return failed.value


@pytest.fixture(scope="module")
def sound() -> bytes:
    made = deck()
    for number in (1, 2, 3):
        slide(made, TITLE_AND_CONTENT, f"Part {number}", "It hums.")
    return saved(made)


@pytest.fixture(scope="module")
async def extractor() -> AsyncIterator[SandboxedExtractor]:
    made = SandboxedExtractor(Limits(cpu_seconds=10))
    yield made
    await made.aclose()


class TestOtherFiles:
    def test_an_encrypted_one_says_so(self) -> None:
        found = failure(OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"))

        assert (found.code, found.is_retryable) == ("ENCRYPTED", False)
        assert found.message.startswith("The PPTX is protected with a password. Save a copy without")

    def test_an_old_one_under_the_new_name_says_what_to_do(self) -> None:
        found = failure(OLE + b"\0" * 600)

        assert (found.code, found.message) == (
            "CORRUPT",
            "The file is in PowerPoint's format of before 2007 (.ppt). Save it as PPTX and upload that.",
        )

    @pytest.mark.parametrize(
        ("_case", "data", "code"),
        [
            ("a document", raw_docx(paragraphs("Text.")), "CORRUPT"),
            ("a text", b"Part 1", "CORRUPT"),
            ("nothing", b"", "CORRUPT"),
            ("no slides", saved(deck()), "NO_TEXT"),
        ],
    )
    def test_what_holds_no_slides_is_refused(self, _case: str, data: bytes, code: str) -> None:
        assert failure(data).code == code

    def test_pictures_of_text_say_what_to_do(self) -> None:
        made = deck()
        picture(slide(made, BLANK), 6_000_000, 6_000_000)

        found = failure(saved(made))

        assert found.code == "NO_TEXT"
        assert found.message == (
            "The PPTX has no text on its one slide: it probably holds pictures of text. Save it as PDF, run text "
            "recognition (OCR) over that and upload the result."
        )


class TestDamage:
    @pytest.mark.parametrize("content", [None, b"", b"<p:sld", b"\xff\xfe\x00"])
    def test_one_slide_costs_itself_only(self, sound: bytes, content: bytes | None) -> None:
        found = read(rewritten(sound, lambda name, data: content if name == "ppt/slides/slide2.xml" else data))

        assert found.text == "Part 1\n\n- It hums.\n\nPart 3\n\n- It hums."
        assert [span.number for span in found.pages] == [1, 2, 3]
        assert found.warnings == ("Slide 2 is damaged and could not be read.",)

    def test_all_slides_are_too_much(self, sound: bytes) -> None:
        without = rewritten(sound, lambda name, data: None if SLIDE.fullmatch(name) else data)

        assert failure(without).code == "CORRUPT"

    def test_looks_and_notes_may_be_missing(self, sound: bytes) -> None:
        def only_slides(name: str, data: bytes) -> bytes | None:
            kept = SLIDE.fullmatch(name) or "presentation" in name or name in {"_rels/.rels", "[Content_Types].xml"}
            return data if kept or name.startswith("ppt/slides/_rels") else None

        assert read(rewritten(sound, only_slides)).text.split("\n\n")[:2] == ["Part 1", "It hums."]

    def test_slides_are_found_without_the_package_saying_where(self, sound: bytes) -> None:
        found = read(rewritten(sound, lambda name, data: None if name == "_rels/.rels" else data))

        assert len(found.pages) == 3

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_a_cut_file_is_corrupt(self, sound: bytes, share: float) -> None:
        assert failure(sound[: int(len(sound) * share)]).code == "CORRUPT"


class TestLimits:
    def test_what_swells_beyond_100_mb_is_refused(self, sound: bytes) -> None:
        found = failure(rewritten(sound, lambda _name, data: data, {"ppt/media/film.bin": bytes(100_000_000)}))

        assert found.code == "TOO_LARGE_TO_PARSE"
        assert found.message.startswith("The PPTX swells to more than 100 MB when it is unpacked.")

    def test_so_are_more_than_2_000_members(self, sound: bytes) -> None:
        more = {f"ppt/media/{number}.bin": b"" for number in range(2_000)}

        assert failure(rewritten(sound, lambda _name, data: data, more)).code == "TOO_LARGE_TO_PARSE"

    @pytest.mark.parametrize(("count", "code"), [(5_000, None), (5_001, "TOO_MANY_PAGES")])
    def test_a_slide_shown_again_and_again_counts_each_time(self, count: int, code: str | None) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Part")

        def again(name: str, data: bytes) -> bytes:
            entry = re.search(rb"<p:sldId [^>]*/>", data)
            return data.replace(entry[0], entry[0] * count) if entry and name == "ppt/presentation.xml" else data

        data = rewritten(saved(made), again)

        if code is None:
            assert read(data).page_count == count
        else:
            assert (failure(data).code, failure(data).message) == (
                code, "The PPTX has 5,001 slides; at most 5,000 are read. Split it and upload the parts."
            )  # fmt: skip


LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))
DOCTYPE = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>'
DEEP = 60_000
SHAPE = "<p:sp><p:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></p:txBody></p:sp>"
TABLE = f"<a:tbl>{'<a:tr><a:tc/></a:tr>' * 20_000}<a:tr>{'<a:tc/>' * 20_000}</a:tr></a:tbl>"
HARM = {
    "laughs in text": "<a:p><a:r><a:t>&l9;</a:t></a:r></a:p>",
    "laughs in attributes": '<a:p x="&l9;"/>',
    "groups": "<p:grpSp>" * DEEP + "</p:grpSp>" * DEEP,
    "alternatives": "<mc:AlternateContent><mc:Choice>" * DEEP + "</mc:Choice></mc:AlternateContent>" * DEEP,
    "shapes": SHAPE * 20_000,
    "columns": f"<p:graphicFrame><a:graphic><a:graphicData>{TABLE}</a:graphicData></a:graphic></p:graphicFrame>",
}


class TestHarm:
    @pytest.mark.parametrize("kind", HARM)
    async def test_none_is_too_much_for_its_child(
        self, extractor: SandboxedExtractor, sound: bytes, tmp_path: Path, kind: str
    ) -> None:
        def made(name: str, data: bytes) -> bytes:
            if name != "ppt/slides/slide1.xml":
                return data
            start = f'{DOCTYPE}<p:sld xmlns:mc="urn:mc" '.encode()
            return data.replace(b"<p:sld ", start, 1).replace(b"</p:spTree>", HARM[kind].encode() + b"</p:spTree>")

        file = tmp_path / "harm.pptx"
        file.write_bytes(rewritten(sound, made))
        try:
            found = await extractor.extract(file, PPTX, ignore)
            outcome = "read" if "Part 3" in found.text and "haha" not in found.text else found.text
        except ExtractionFailed as failed:
            outcome = failed.code

        assert outcome in {"read", "TOO_LARGE_TO_PARSE", "PARSER_TIMEOUT"}

    def test_nothing_is_fetched_from_elsewhere(self, sound: bytes, tmp_path: Path) -> None:
        secret = tmp_path / "secret.xml"
        secret.write_text("<p:sld>password</p:sld>")
        doctype = f'<!DOCTYPE a [<!ENTITY s SYSTEM "{secret.as_uri()}">]><p:sld '.encode()
        elsewhere = f'Target="{secret.as_uri()}" TargetMode="External"'.encode()

        def made(name: str, data: bytes) -> bytes:
            if name == "ppt/_rels/presentation.xml.rels":
                return data.replace(b'Target="slides/slide3.xml"', elsewhere)
            return data.replace(b"<p:sld ", doctype).replace(b"It hums.", b"!&s;") if SLIDE.fullmatch(name) else data

        found = read(rewritten(sound, made))

        assert found.text == "Part 1\n\n- !\n\nPart 2\n\n- !"
        assert found.warnings == ("Slide 3 is damaged and could not be read.",)

    async def test_a_child_reads_it(self, extractor: SandboxedExtractor, tmp_path: Path) -> None:
        made = deck()
        box(slide(made, BLANK), "The boiler of the town hall hums at night.", 1, 1)
        file = tmp_path / "boiler.pptx"
        file.write_bytes(saved(made))
        told: list[tuple[int, int | None]] = []

        found = await extractor.extract(file, PPTX, lambda done, total: told.append((done, total)))

        assert (found.text, found.language, found.page_count) == ("The boiler of the town hall hums at night.", "en", 1)
        assert told == [(1, 1)]
