"""Finding the parts of a DOCX: headers and footers, titles, what stands elsewhere, both editions of the standard."""

import pytest

from lexora_gql.ports.text_extractor import Heading
from tests.adapters.docx_parts import packed, paragraph, part, read, relations, run, text_of, zipped
from tests.adapters.made_files import NAMESPACE, paragraphs

STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def section(*references: str, properties: str = "") -> str:
    named = "".join(
        f'<w:{kind[:6]}Reference w:type="{use}" r:id="{kind}"/>' for kind, use in map(str.split, references)
    )
    return f"<w:sectPr>{named}{properties}</w:sectPr>"


def page_number() -> str:
    return f'<w:fldSimple w:instr=" PAGE ">{run("3")}</w:fldSimple>'


class TestHeadersAndFooters:
    def test_stand_before_and_after_the_text_once_each(self) -> None:
        header, other = part("hdr", paragraphs("Handbook")), part("hdr", paragraphs("Handbook", "Pay"))
        footer = part("ftr", paragraphs("Confidential"))
        first = paragraph(run("One."), section("header1 default", "footer1 default"))
        body = first + paragraphs("Two.") + section("header2 default", "footer1 default")

        assert text_of(body, header1=header, header2=other, footer1=footer) == (
            "Handbook\n\nPay\n\nOne.\n\nTwo.\n\nConfidential"
        )

    @pytest.mark.parametrize(
        ("properties", "settings", "expected"),
        [
            ("", "", "All\n\nText."),
            ("<w:titlePg/>", "", "First\n\nAll\n\nText."),
            ('<w:titlePg w:val="0"/>', "<w:evenAndOddHeaders/>", "All\n\nEven\n\nText."),
        ],
    )
    def test_are_read_only_where_they_are_printed(self, properties: str, settings: str, expected: str) -> None:
        body = paragraphs("Text.") + section("header1 first", "header2 default", "header3 even", properties=properties)
        parts = {f"header{n}": part("hdr", paragraphs(said)) for n, said in ((1, "First"), (2, "All"), (3, "Even"))}

        assert text_of(body, settings=part("settings", settings), **parts) == expected

    def test_a_header_that_no_section_names_is_not_printed(self) -> None:
        assert text_of(paragraphs("Text."), header1=part("hdr", paragraphs("Left over"))) == "Text."

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (run("Page ") + page_number(), "Text."),
            (run("- ") + page_number() + run(" -"), "Text."),
            (run("Handbook, page ") + page_number(), "Text.\n\nHandbook, page"),
            (run("Page"), "Text.\n\nPage"),
        ],
    )
    def test_page_numbers_say_nothing(self, content: str, expected: str) -> None:
        body = paragraphs("Text.") + section("footer1 default")

        assert text_of(body, footer1=part("ftr", paragraph(content))) == expected

    def test_a_heading_in_a_header_begins_no_section(self) -> None:
        header = part("hdr", paragraph(run("Handbook"), '<w:outlineLvl w:val="0"/>'))
        body = paragraph(run("Pay"), '<w:outlineLvl w:val="0"/>') + section("header1 default")

        assert read(packed(body, header1=header)).headings == (Heading(1, "Pay", 10),)


class TestElsewhere:
    def test_text_of_another_format_is_reported(self) -> None:
        found = read(packed(paragraphs("Text.") + '<w:altChunk r:id="rId7"/>'))

        assert found.text == "Text."
        [warning] = found.warnings
        assert warning == (
            "The DOCX includes a part in another format or from another file, whose text was not read. "
            "Open it in Word, save it anew and upload that."
        )

    def test_several_are_counted(self) -> None:
        chunk = '<w:altChunk r:id="rId7"/>'
        sub_document = paragraph('<w:subDoc r:id="rId8"/>' + run("Text."))

        assert "includes 3 parts in" in read(packed(chunk + chunk + sub_document)).warnings[0]

    def test_nothing_is_reported_of_a_whole_document(self) -> None:
        assert read(packed(paragraphs("Text."))).warnings == ()


class TestComments:
    def test_are_left_out_since_they_are_about_the_text(self) -> None:
        body = paragraph(
            f'<w:commentRangeStart w:id="1"/>{run("Text.")}<w:commentRangeEnd w:id="1"/>'
            '<w:r><w:commentReference w:id="1"/></w:r>'
        )

        assert text_of(body, comments=part("comments", f"<w:comment>{paragraphs('Really?')}</w:comment>")) == "Text."


class TestFindingParts:
    def test_parts_are_found_wherever_the_relationships_say(self) -> None:
        style = '<w:style w:styleId="Big"><w:name w:val="heading 2"/></w:style>'
        body = paragraph(run("Pay"), '<w:pStyle w:val="Big"/>')
        members = {
            "_rels/.rels": relations(
                ("a", "officeDocument", "/text/main.xml"), ("b", "core-properties", "p/core.psmdcp")
            ),
            "text/_rels/main.xml.rels": relations(("s", "styles", "../looks/all%20styles.xml")),
            "text/main.xml": part("document", f"<w:body>{body}</w:body>"),
            "looks/all styles.xml": part("styles", style),
            "p/core.psmdcp": '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Staff\nhandbook</dc:title></c>',
        }

        found = read(zipped(members))

        assert (found.headings, found.title) == ((Heading(2, "Pay", 0),), "Staff handbook")

    def test_the_strict_edition_is_read_alike(self) -> None:
        style = '<w:style w:styleId="H"><w:name w:val="heading 1"/></w:style>'
        body = paragraph(run("Pay"), '<w:pStyle w:val="H"/>')
        members = {
            "_rels/.rels": relations(("a", "officeDocument", "word/document.xml"), kinds=STRICT_RELATIONS),
            "word/_rels/document.xml.rels": relations(("s", "styles", "looks.xml"), kinds=STRICT_RELATIONS),
            "word/document.xml": part("document", f"<w:body>{body}</w:body>").replace(NAMESPACE, STRICT),
            "word/looks.xml": part("styles", style).replace(NAMESPACE, STRICT),
        }

        assert read(zipped(members)).headings == (Heading(1, "Pay", 0),)

    @pytest.mark.parametrize(
        ("named", "expected"),
        [("Leave  rules", "Leave rules"), ("Word Document", None), ("untitled", None), ("", None)],
    )
    def test_a_title_that_nobody_gave_is_none(self, named: str, expected: str | None) -> None:
        core = f'<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{named}</dc:title></c>'
        members = {"word/document.xml": part("document", f"<w:body>{paragraphs('Text.')}</w:body>")}

        assert read(zipped({**members, "docProps/core.xml": core})).title == expected
