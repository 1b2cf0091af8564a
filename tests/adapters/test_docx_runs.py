"""What the paragraphs of a DOCX say, as Word shows them."""

import pytest

from tests.adapters.docx_parts import paragraph, part, run, text_of
from tests.adapters.made_files import paragraphs


def text_box(text: str) -> str:
    return f"<w:txbxContent>{paragraphs(text)}</w:txbxContent>"


def field(instruction: str, result: str) -> str:
    marks = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
    return f"{marks[0]}<w:r><w:instrText>{instruction}</w:instrText></w:r>{marks[1]}{run(result)}{marks[2]}"


def equation(content: str) -> str:
    return text_of(paragraph(f"<m:oMath>{content}</m:oMath>"))


def said(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


class TestTrackedChanges:
    def test_are_read_as_accepted(self) -> None:
        deleted = "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>"

        assert text_of(paragraph(f"{run('The ')}{deleted}<w:ins>{run('new')}</w:ins>{run(' rule')}")) == "The new rule"

    def test_what_was_moved_is_read_once_and_where_it_is_now(self) -> None:
        before = paragraph(f"<w:moveFrom>{run('Moved.')}</w:moveFrom>")

        assert text_of(before + paragraphs("Between.") + paragraph(f"<w:moveTo>{run('Moved.')}</w:moveTo>")) == (
            "Between.\n\nMoved."
        )

    def test_paragraphs_join_where_the_mark_between_them_was_deleted(self) -> None:
        first = paragraph(run("One "), "<w:rPr><w:del/></w:rPr>")

        assert text_of(first + paragraphs("sentence.", "Next.")) == "One sentence.\n\nNext."

    def test_a_deleted_mark_before_a_table_joins_nothing(self) -> None:
        table = f"<w:tbl><w:tr><w:tc>{paragraphs('a')}</w:tc><w:tc>{paragraphs('b')}</w:tc></w:tr></w:tbl>"

        assert text_of(paragraph(run("One"), "<w:rPr><w:del/></w:rPr>") + table) == "One\n\n| a | b |\n| --- | --- |"

    def test_deleted_rows_and_cells_are_gone(self) -> None:
        cells = "".join(f"<w:tc>{paragraphs(text)}</w:tc>" for text in "ab")
        gone = f"<w:tr><w:trPr><w:del/></w:trPr>{cells}</w:tr>"
        cell_gone = f"<w:tc><w:tcPr><w:cellDel/></w:tcPr>{paragraphs('c')}</w:tc>"

        assert text_of(f"<w:tbl><w:tr>{cells}{cell_gone}</w:tr>{gone}</w:tbl>") == "| a | b |\n| --- | --- |"


class TestHiddenText:
    STYLES = part(
        "styles",
        '<w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Note"><w:basedOn w:val="Secret"/></w:style>',
    )

    @pytest.mark.parametrize("properties", ["<w:vanish/>", '<w:rStyle w:val="Secret"/>', '<w:rStyle w:val="Note"/>'])
    def test_is_left_out(self, properties: str) -> None:
        assert text_of(paragraph(run("seen") + run(" unseen", properties)), styles=self.STYLES) == "seen"

    def test_is_left_out_where_the_paragraph_is_hidden(self) -> None:
        body = paragraph(run("unseen"), '<w:pStyle w:val="Note"/>') + paragraphs("seen")

        assert text_of(body, styles=self.STYLES) == "seen"

    def test_is_read_where_the_run_says_otherwise(self) -> None:
        shown = run("seen", '<w:rStyle w:val="Secret"/><w:vanish w:val="0"/>')

        assert text_of(paragraph(shown), styles=self.STYLES) == "seen"

    def test_what_is_hidden_on_the_web_only_is_read(self) -> None:
        assert text_of(paragraph(run("seen", "<w:webHidden/>"))) == "seen"


class TestTextBoxes:
    def test_is_read_once_though_it_is_drawn_for_two_editions_of_word(self) -> None:
        boxes = (
            f'<mc:AlternateContent><mc:Choice Requires="wps">{text_box("Boxed.")}</mc:Choice>'
            f"<mc:Fallback><w:pict>{text_box('Boxed.')}</w:pict></mc:Fallback></mc:AlternateContent>"
        )

        assert text_of(paragraph(f"{run('Before.')}<w:r>{boxes}</w:r>") + paragraphs("After.")) == (
            "Before.\n\nBoxed.\n\nAfter."
        )

    def test_is_read_from_the_older_form_where_there_is_no_other(self) -> None:
        fallback = f"<mc:AlternateContent><mc:Fallback>{text_box('Boxed.')}</mc:Fallback></mc:AlternateContent>"

        assert text_of(paragraph(f"<w:r>{fallback}</w:r>")) == "Boxed."


class TestContentControls:
    def test_are_read_around_paragraphs_runs_rows_and_cells(self) -> None:
        def control(content: str) -> str:
            return f'<w:sdt><w:sdtPr><w:alias w:val="no"/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'

        cell = control(f"<w:tc>{paragraphs('cell')}</w:tc>") + f"<w:tc>{paragraphs('other')}</w:tc>"
        body = control(paragraphs("block")) + paragraph(run("in ") + control(run("line")))

        assert text_of(body + f"<w:tbl>{control(f'<w:tr>{cell}</w:tr>')}</w:tbl>") == (
            "block\n\nin line\n\n| cell | other |\n| --- | --- |"
        )


class TestFields:
    def test_the_result_is_read_and_not_the_instruction(self) -> None:
        link = f'<w:hyperlink r:id="rId9">{run("the rules")}</w:hyperlink>'
        simple = f'<w:fldSimple w:instr=" REF pay ">{run("30 days")}</w:fldSimple>'

        assert text_of(paragraph(run("See ") + link + run(", ") + field(" REF due ", "June") + run(", ") + simple)) == (
            "See the rules, June, 30 days"
        )

    def test_of_fields_within_fields_only_the_outer_result_is_read(self) -> None:
        begin, separate, end = (f'<w:fldChar w:fldCharType="{kind}"/>' for kind in ("begin", "separate", "end"))
        inner = field(" MERGEFIELD name ", "inner")
        outer = f"<w:r>{begin}<w:instrText> IF </w:instrText></w:r>{inner}<w:r>{separate}</w:r>{run('outer')}"

        assert text_of(paragraph(f"{outer}<w:r>{end}</w:r>")) == "outer"

    def test_a_field_that_ends_in_another_paragraph_loses_nothing(self) -> None:
        opened = '<w:r><w:fldChar w:fldCharType="begin"/><w:instrText> TOC </w:instrText>'
        opened += '<w:fldChar w:fldCharType="separate"/></w:r>'

        assert text_of(
            paragraph(opened + run("Pay 3"))
            + paragraph(run("Leave 4"))
            + paragraph('<w:r><w:fldChar w:fldCharType="end"/></w:r>' + run("Text."))
        ) == ("Pay 3\n\nLeave 4\n\nText.")


class TestSigns:
    def test_tabs_breaks_and_hyphens(self) -> None:
        signs = "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>"

        assert text_of(paragraph(signs)) == "a\tb\nc-d"

    def test_soft_hyphens_are_no_part_of_a_word(self) -> None:
        said_softly = run("invo") + "<w:r><w:softHyphen/></w:r>" + run("i\u00adces")

        assert text_of(paragraph(said_softly)) == "invoices"

    def test_ruby_is_read_by_its_base(self) -> None:
        ruby = f"<w:ruby><w:rubyPr/><w:rt>{run('かんじ')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase></w:ruby>"

        assert text_of(paragraph(f"<w:r>{ruby}</w:r>")) == "漢字"

    @pytest.mark.parametrize(
        ("font", "code", "expected"),
        [
            ("Symbol", "F061", "α"),
            ("Symbol", "0061", "α"),
            ("Symbol", "F0B3", "≥"),
            ("Symbol", "F02B", "+"),
            ("Wingdings", "F0FC", "✓"),
            ("Wingdings", "F0FE", "☑"),
            ("Segoe UI", "2713", "✓"),
            ("Webdings", "F061", ""),
            ("Wingdings", "zz", ""),
        ],
    )
    def test_symbols_are_read_as_what_they_show(self, font: str, code: str, expected: str) -> None:
        assert text_of(paragraph(f'<w:r><w:t>x</w:t><w:sym w:font="{font}" w:char="{code}"/></w:r>')) == f"x{expected}"


SUM = '<m:naryPr><m:chr m:val="∑"/></m:naryPr>'


class TestEquations:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (f"<m:f><m:num>{said('a+b')}</m:num><m:den>{said('2')}</m:den></m:f>", "(a+b)/2"),
            (f"<m:sSup><m:e>{said('x')}</m:e><m:sup>{said('2')}</m:sup></m:sSup>", "x^2"),
            (f"<m:sSub><m:e>{said('x')}</m:e><m:sub>{said('i+1')}</m:sub></m:sSub>", "x_(i+1)"),
            (f"<m:rad><m:deg/><m:e>{said('y')}</m:e></m:rad>", "√(y)"),
            (f"<m:d><m:e>{said('a')}</m:e><m:e>{said('b')}</m:e></m:d>", "(a|b)"),
            (
                f"<m:nary>{SUM}<m:sub>{said('i')}</m:sub><m:sup>{said('n')}</m:sup><m:e>{said('i')}</m:e></m:nary>",
                "∑_i^n i",
            ),
            (f"<m:m><m:mr><m:e>{said('1')}</m:e><m:e>{said('0')}</m:e></m:mr></m:m>", "1, 0"),
            (f"<m:func><m:fName>{said('sin')}</m:fName><m:e>{said(' x')}</m:e></m:func>", "sin x"),
        ],
    )
    def test_are_read_on_one_line(self, content: str, expected: str) -> None:
        assert equation(content) == expected

    def test_stand_apart_from_the_words_around_them(self) -> None:
        assert text_of(paragraph(f"{run('where')}<m:oMath>{said('x=1')}</m:oMath>{run('holds')}")) == "where x=1 holds"
