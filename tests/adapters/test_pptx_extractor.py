"""PPTX: slides as pages, their titles as headings, what they show as people read it."""

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from lexora_gql.documents.splitting import split
from lexora_gql.ports.text_extractor import ExtractedText, Heading
from tests.adapters.slides import (
    BLANK,
    COMPARISON,
    SECTION,
    SPACES,
    TITLE_AND_CONTENT,
    TITLE_ONLY,
    TITLE_PAGE,
    TWO_CONTENTS,
    box,
    deck,
    picture,
    read,
    rewritten,
    saved,
    shape_xml,
    slide,
    xml,
)


def page(found: ExtractedText, number: int) -> str:
    span = found.pages[number - 1]
    assert span.number == number
    return found.text[span.start : span.end].strip()


class TestSlides:
    def test_each_is_a_page_with_its_title_as_a_heading(self) -> None:
        made = deck()
        slide(made, TITLE_PAGE, "Boilers\nof 2026", "The town hall's")
        slide(made, TITLE_AND_CONTENT, "Noise", "It hums at night.")

        found = read(made)

        assert (found.title, found.page_count) == ("Boilers of 2026", 2)
        assert found.text == "Boilers of 2026\n\nThe town hall's\n\nNoise\n\n- It hums at night."
        assert page(found, 2) == "Noise\n\n- It hums at night."
        assert found.headings == (Heading(1, "Boilers of 2026", 0), Heading(1, "Noise", found.text.index("Noise")))

    def test_a_passage_is_of_one_slide_and_stands_between_its_offsets(self) -> None:
        made = deck()
        for number in range(1, 5):
            slide(made, TITLE_AND_CONTENT, f"Part {number}", "\n".join(f"Line {line}." for line in range(number * 20)))

        found = read(made)
        passages = split(found, characters=300, overlap=50)

        assert {passage.page_start for passage in passages} == {1, 2, 3, 4}
        assert all(passage.page_start == passage.page_end for passage in passages)
        assert all(passage.text == found.text[passage.start : passage.end] for passage in passages)
        assert {(passage.page_start, *passage.headings) for passage in passages} == {
            (number, f"Part {number}") for number in range(1, 5)
        }

    def test_one_without_a_title_belongs_to_no_other(self) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Noise")
        box(slide(made, BLANK), "It hums.", 1, 1)

        found = read(made)

        assert [(heading.title, heading.start) for heading in found.headings] == [("Noise", 0), ("Slide 2", 7)]
        assert found.text == "Noise\n\nIt hums."

    def test_slides_that_head_a_section_stand_above_the_others(self) -> None:
        made = deck()
        slide(made, SECTION, "Heat", "All of it")
        slide(made, TITLE_ONLY, "Boilers")

        headings = read(made).headings

        assert [(heading.level, heading.title) for heading in headings] == [(1, "Heat"), (2, "Boilers")]

    def test_sections_that_the_file_names_stand_above_all(self) -> None:
        made = deck()
        for title in ("Boilers", "Pumps", "Rooms"):
            slide(made, TITLE_ONLY, title)
        identities = [entry.get("id") for entry in made.slides._sldIdLst]
        entries = [f'<p14:sldId id="{one}"/>' for one in identities]
        listed = "".join(
            f'<p14:section name="{name}"><p14:sldIdLst>{"".join(held)}</p14:sldIdLst></p14:section>'
            for name, held in (("Heat", entries[:2]), ("House", entries[2:]))
        )
        added = f'<p:extLst xmlns:p14="urn:any"><p:ext><p14:sectionLst>{listed}</p14:sectionLst></p:ext></p:extLst>'

        def with_sections(name: str, content: bytes) -> bytes:
            end = b"</p:presentation>"
            return content.replace(end, added.encode() + end) if name == "ppt/presentation.xml" else content

        headings = read(rewritten(saved(made), with_sections)).headings

        assert [(heading.level, heading.title) for heading in headings] == [
            (1, "Heat"), (2, "Boilers"), (2, "Pumps"), (1, "House"), (2, "Rooms"),
        ]  # fmt: skip

    def test_notes_of_the_speaker_stand_below_a_heading(self) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Noise").notes_slide.notes_text_frame.text = "Ask for complaints.\nWait."
        slide(made, TITLE_ONLY, "Heat")

        found = read(made)

        assert page(found, 1) == "Noise\n\nSpeaker notes\n\nAsk for complaints.\n\nWait."
        assert [(one.level, one.title) for one in found.headings] == [(1, "Noise"), (2, "Speaker notes"), (1, "Heat")]

    def test_hidden_ones_are_read_and_named(self) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Noise")
        slide(made, TITLE_ONLY, "Cost")._element.set("show", "0")

        found = read(made)

        assert page(found, 2) == "Cost"
        assert found.warnings == ("Slide 2 is hidden when the slides are shown; the text was read.",)

    def test_pages_are_counted_from_1_whatever_is_printed_on_them(self) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Noise")
        made._element.set("firstSlideNum", "11")

        [only] = read(made).pages

        assert (only.number, only.label) == (1, "11")


class TestOrder:
    def test_is_of_rows_from_the_top_each_from_the_left(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        for text, left, top in (("D", 5, 4), ("C", 1, 4), ("B", 5, 1), ("A", 1, 1.1), ("E", 1, 6)):
            box(shown, text, left, top)

        assert read(made).text.split() == ["A", "B", "C", "D", "E"]

    def test_shapes_beside_a_tall_one_are_a_column(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        box(shown, "Tall", 5, 1, height=5)
        for row, text in enumerate("ABC"):
            box(shown, text, 1, 1 + row * 2)

        assert read(made).text.split() == ["A", "B", "C", "Tall"]

    def test_what_says_no_place_of_its_own_has_that_of_its_layout(self) -> None:
        made = deck()
        slide(made, TWO_CONTENTS, "Title", "Left", "Right")
        slide(made, COMPARISON, "Title", "Before", "It hums.", "After", "It is silent.")
        for shown in made.slides:
            shown.shapes._spTree[:] = [*shown.shapes._spTree[:2], *reversed(shown.shapes._spTree[2:])]

        found = read(made)

        assert page(found, 1) == "Title\n\n- Left\n- Right"
        assert page(found, 2) == "Title\n\nBefore\n\n- It hums.\n\nAfter\n\n- It is silent."

    def test_who_reads_from_the_right_begins_there(self) -> None:
        made = deck()
        made._element.set("rtl", "1")
        shown = slide(made, BLANK)
        box(shown, "ثانيا", 1, 1)
        box(shown, "أولا", 5, 1)

        assert read(made).text == "أولا\n\nثانيا"

    def test_a_group_is_read_as_one_however_deep(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        box(shown, "Last", 1, 5)
        group = shown.shapes.add_group_shape()
        for depth in range(30):
            inner = group.shapes.add_textbox(Inches(1), Inches(1 + depth / 10), Inches(1), Inches(0.1))
            inner.text_frame.text = f"T{depth}"
            group = group.shapes.add_group_shape()
        group.shapes.add_textbox(0, Inches(4.2), 9, 9).text_frame.text = "Deep"

        assert read(made).text.split() == [*(f"T{depth}" for depth in range(30)), "Deep", "Last"]

    def test_many_shapes_are_read_line_by_line(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        for number in range(600):
            xml(shown, shape_xml(str(number), top=10_000 * number))

        assert read(made).text.split() == [str(number) for number in range(600)]


class TestText:
    def test_levels_are_indents_and_numbers_go_on(self) -> None:
        made = deck()
        body = slide(made, TITLE_AND_CONTENT, "List", "One\nDeep\nDeeper\nTwo").placeholders[1].text_frame
        body.paragraphs[1].level, body.paragraphs[2].level = 1, 2
        plain = slide(made, TITLE_AND_CONTENT, "Plain", "Said\nFirst\nSecond\nAside\nBold").placeholders[1].text_frame
        for line, mark in enumerate(("buNone", 'buAutoNum type="alphaLcParenR" startAt="3"') * 2):
            properties = plain.paragraphs[(0, 1, 3, 2)[line]]._p.get_or_add_pPr()
            properties.append(properties.makeelement(f"{{{SPACES['a']}}}{mark.split()[0]}", dict(_pairs(mark))))

        found = read(made)

        assert page(found, 1) == "List\n\n- One\n  - Deep\n    - Deeper\n- Two"
        assert page(found, 2) == "Plain\n\nSaid\n\nc) First\nd) Second\n\nAside\n\n- Bold"

    def test_line_ends_and_control_characters_are_cleaned(self) -> None:
        made = deck()
        box(slide(made, BLANK), "One\x0bTwo\x01\x1f!", 1, 1)
        xml(slide(made, BLANK), shape_xml("Three_x000B_Four_x0007_ soft\u00adhyphen"))

        found = read(made)

        assert [page(found, 1), page(found, 2)] == ["One\nTwo!", "Three\nFour softhyphen"]

    def test_what_stands_on_every_slide_is_read_once(self) -> None:
        made = deck()
        for number in range(1, 5):
            shown = slide(made, TITLE_ONLY, f"Part {number}")
            box(shown, "Confidential", 1, 7)
            box(shown, "Wanted", 1, number)
            xml(shown, shape_xml("Lexora Ltd", '<p:ph type="ftr" idx="11"/>'))
            xml(shown, shape_xml("28 November", '<p:ph type="dt" idx="10"/>'))
            xml(shown, shape_xml(f"{number}", '<p:ph type="sldNum" idx="12"/>'))

        found = read(made)

        assert page(found, 1).split("\n\n") == ["Part 1", "Lexora Ltd", "Wanted", "Confidential"]
        assert [page(found, number) for number in (2, 3, 4)] == [f"Part {number}\n\nWanted" for number in (2, 3, 4)]

    def test_equations_and_alternatives_are_read_once(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        half = "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
        formula = f"<mc:AlternateContent><mc:Choice><m:oMath>{half}</m:oMath></mc:Choice></mc:AlternateContent>"
        told = shape_xml("New").replace("</a:r>", f"</a:r>{formula}")
        both = f"<mc:Choice>{told}</mc:Choice><mc:Fallback>{shape_xml('Old')}</mc:Fallback>"
        xml(shown, f"<mc:AlternateContent>{both}</mc:AlternateContent>")
        only = f"<mc:Choice><p:contentPart/></mc:Choice><mc:Fallback>{shape_xml('Drawn', top=10**6)}</mc:Fallback>"
        xml(shown, f"<mc:AlternateContent>{only}</mc:AlternateContent>")
        xml(shown, shape_xml("Unseen").replace('name="x"', 'name="x" hidden="1"'))

        assert read(made).text == "New 1/2\n\nDrawn"

    def test_right_to_left_text_keeps_its_order(self) -> None:
        made = deck()
        slide(made, TITLE_AND_CONTENT, "الضوضاء", "הדוד מזמזם 24 שעות")

        assert read(made).text == "الضوضاء\n\n- הדוד מזמזם 24 שעות"


class TestTablesAndCharts:
    def test_a_table_is_rows_and_a_block_merged_cells_said_once(self) -> None:
        made = deck()
        table = slide(made, TITLE_ONLY, "Fees").shapes.add_table(3, 3, 0, Inches(2), Inches(6), Inches(2)).table
        for row, texts in enumerate((("Kind", "Fee", ""), ("A|B", "1", "x\ny"), ("", "2", "3"))):
            for column, text in enumerate(texts):
                table.cell(row, column).text = text
        table.cell(0, 1).merge(table.cell(0, 2))
        table.cell(1, 0).merge(table.cell(2, 0))

        found = read(made)

        expected = "| Kind | Fee |  |\n| --- | --- | --- |\n| A\\|B | 1 | x y |\n|  | 2 | 3 |"
        assert found.text == f"Fees\n\n{expected}"
        [block] = found.blocks
        assert found.text[block.start : block.end] == expected

    def test_a_single_column_is_a_frame_around_text(self) -> None:
        made = deck()
        table = slide(made, BLANK).shapes.add_table(2, 1, 0, 0, Inches(6), Inches(2)).table
        table.cell(0, 0).text, table.cell(1, 0).text = "One", "Two"

        assert (read(made).text, read(made).blocks) == ("One\n\nTwo", ())

    def test_a_chart_is_its_title_and_a_table(self) -> None:
        made = deck()
        data = CategoryChartData(number_format="0%")
        data.categories = ["2025", "2026"]
        data.add_series("North", (0.25, 0.5))
        data.add_series("South", (None, 1))
        place = (0, Inches(2), Inches(4), Inches(4))
        chart = slide(made, TITLE_ONLY, "Sales").shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
        chart.has_title = True
        chart.chart_title.text_frame.text = "Share of sales"

        assert read(made).text == (
            "Sales\n\nShare of sales\n\n|  | North | South |\n| --- | --- | --- |\n"
            "| 2025 | 25% |  |\n| 2026 | 50% | 100% |"
        )

    def test_points_are_told_by_both_their_numbers(self) -> None:
        made = deck()
        data = XyChartData()
        series = data.add_series("Noise")
        series.add_data_point(1, 2.500000001)
        series.add_data_point(7, 1e20)
        slide(made, BLANK).shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, 0, 0, Inches(4), Inches(4), data)

        assert read(made).text.split("\n")[-2:] == ["| 1 | 2.5 |", "| 7 | 1e+20 |"]

    def test_smart_art_is_a_list(self) -> None:
        made = deck()
        shown = slide(made, BLANK)
        xml(shown, _diagram("rId77"))
        model = _points(("0", "doc", ""), ("1", "node", "Plan"), ("2", "node", "Do"), ("3", "node", "Buy")) + (
            '<dgm:cxnLst><dgm:cxn srcId="0" destId="2" srcOrd="1"/><dgm:cxn srcId="0" destId="1" srcOrd="0"/>'
            '<dgm:cxn srcId="1" destId="3" srcOrd="0"/><dgm:cxn srcId="3" destId="1" srcOrd="0"/></dgm:cxnLst>'
        )
        spaces = " ".join(f'xmlns:{prefix}="{SPACES[prefix]}"' for prefix in ("dgm", "a"))
        relation = f'<Relationship Id="rId77" Type="{SPACES["r"]}/diagramData" Target="../diagrams/data1.xml"/>'

        def related(name: str, content: bytes) -> bytes:
            end = b"</Relationships>"
            return content.replace(end, relation.encode() + end) if name.endswith("slide1.xml.rels") else content

        more = {"ppt/diagrams/data1.xml": f"<dgm:dataModel {spaces}>{model}</dgm:dataModel>".encode()}

        assert read(rewritten(saved(made), related, more)).text == "- Plan\n  - Buy\n- Do"


class TestPictures:
    def test_slides_of_nothing_else_are_named(self) -> None:
        made = deck()
        slide(made, TITLE_ONLY, "Noise")
        for _ in range(2):
            picture(slide(made, BLANK), Inches(8), Inches(6))
        picture(slide(made, TITLE_ONLY, "Heat"), Inches(8), Inches(6))
        picture(slide(made, TITLE_ONLY, "Logo"), Inches(0.5), Inches(0.5))

        found = read(made)

        assert [found.pages[1].start, found.pages[1].end] == [7, 7]
        assert found.warnings == (
            "Slides 2-3 have no text.",
            "Slide 4 has pictures; what is written in them was not read.",
        )


def _pairs(mark: str) -> list[tuple[str, str]]:
    return [(name, told.strip('"')) for name, _, told in (part.partition("=") for part in mark.split()[1:])]


def _diagram(identity: str) -> str:
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="5" name="d"/><p:cNvGraphicFramePr/><p:nvPr/>'
        '</p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="9" cy="9"/></p:xfrm><a:graphic><a:graphicData>'
        f'<dgm:relIds r:dm="{identity}"/></a:graphicData></a:graphic></p:graphicFrame>'
    )


def _points(*points: tuple[str, str, str]) -> str:
    told = "".join(
        f'<dgm:pt modelId="{identity}" type="{kind}"><dgm:t><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>'
        "</dgm:pt>"
        for identity, kind, text in points
    )
    return f"<dgm:ptLst>{told}</dgm:ptLst>"
