"""HTML: what a page says, in order, without what stands around it."""

import io
from pathlib import Path

import pytest

from lexora_gql.adapters.extraction.html_extractor import read_html
from lexora_gql.adapters.extraction.limits import Limits
from lexora_gql.adapters.extraction.sandbox import SandboxedExtractor
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed


def read(page: str | bytes) -> ExtractedText:
    data = page.encode() if isinstance(page, str) else page
    [found] = read_html(io.BytesIO(data), lambda *_: None)
    return found


def failure(page: str | bytes) -> str:
    with pytest.raises(ExtractionFailed) as failed:
        read(page)
    return failed.value.code


class TestText:
    @pytest.mark.parametrize(
        ("page", "expected"),
        [
            ("<p>One\n  two</p><p>Three", "One two\n\nThree"),
            ("<div>One<div>Two</div>Three</div>", "One\n\nTwo\n\nThree"),
            ("<p>One<br>Two", "One\nTwo"),
            ("<p>A <b>bold</b>, <i>fine</i> word", "A bold, fine word"),
            ("Fish &amp; chips &#8364;5 &nbsp;&lt;b&gt;", "Fish & chips €5 <b>"),
            ("<ul><li>One<li>Two<ul><li>Deep</ul></ul>", "- One\n- Two\n  - Deep"),
            ("<ol start=3><li>Three<li>Four</ol>", "3. Three\n4. Four"),
            ("<pre>if x:\n    y</pre>", "if x:\n    y"),
            ("<ruby>東<rp>(</rp><rt>とう</rt><rp>)</rp></ruby>", "東とう"),
            ("<details><summary>More</summary>Hidden once</details>", "More\n\nHidden once"),
        ],
    )
    def test_is_laid_out_as_people_see_it(self, page: str, expected: str) -> None:
        assert read(page).text == expected

    @pytest.mark.parametrize(
        "unseen",
        [
            "<script>x()</script>",
            "<style>p {}</style>",
            "<nav>Home</nav>",
            "<noscript>Turn it on</noscript>",
            "<template><p>Not yet</template>",
            "<p hidden>Later</p>",
            "<p style='display: none'>Never</p>",
            "<span aria-hidden=true>x</span>",
            "<div role=navigation>Menu</div>",
            "<!-- a note -->",
            "<select><option>One</select>",
            "<svg><text>Logo</text></svg>",
        ],
    )
    def test_what_nobody_reads_is_left_out(self, unseen: str) -> None:
        assert read(f"<body><p>Before</p>{unseen}<p>After</p>").text == "Before\n\nAfter"

    def test_the_main_part_is_the_page(self) -> None:
        page = "<body><div>Menu</div><main><p>News</p></main><footer>Imprint</footer>"

        assert read(page).text == "News"
        # The control: of an empty one nothing would be left.
        assert read(page.replace("<p>News</p>", "")).text == "Menu\n\nImprint"


class TestStructure:
    def test_headings_stand_where_they_begin(self) -> None:
        found = read("<h1>All <a href='#all'>#</a></h1><p>x<h3>Part\n 2</h3><p>y")

        assert [(heading.level, heading.title) for heading in found.headings] == [(1, "All"), (3, "Part 2")]
        assert [found.text[heading.start :].split("\n")[0] for heading in found.headings] == ["All", "Part 2"]

    def test_title_and_language_are_told(self) -> None:
        found = read("<html lang='de-AT'><head><title>Der\n Kessel</title></head><body><p>Er brummt.")

        assert (found.title, found.language) == ("Der Kessel", "de")
        assert read("<h1>The boiler</h1><p>It hums.").title == "The boiler"

    def test_a_table_is_rows_and_a_block(self) -> None:
        found = read("<p>Fees<table><tr><th>Kind<th>Fee<tr><td rowspan=2>A|B<td>1<tr><td>2</table><p>That is all.")

        table = "| Kind | Fee |\n| --- | --- |\n| A\\|B | 1 |\n|  | 2 |"
        assert found.text == f"Fees\n\n{table}\n\nThat is all."
        [block] = found.blocks
        assert found.text[block.start : block.end] == table

    def test_a_table_that_only_puts_things_in_their_place_is_none(self) -> None:
        assert read("<table><tr><td><h2>Left</h2><td><p>Right</table>").text == "Left\n\nRight"


class TestEncodings:
    @pytest.mark.parametrize(
        ("declared", "encoding"),
        [("windows-1251", "cp1251"), ("Shift_JIS", "cp932"), ("gb2312", "gb18030"), ("ISO-8859-1", "cp1252")],
    )
    def test_what_a_page_says_of_itself_counts(self, declared: str, encoding: str) -> None:
        text = {"cp1251": "Счёт", "cp932": "請求書", "gb18030": "发票", "cp1252": "Überprüfung"}[encoding]

        page = f"<meta charset='{declared}'><p>{text}".encode(encoding)

        assert read(page).text == text

    @pytest.mark.parametrize("declared", ["windows-1251", "nonsense", "rot13", "base64", "x" * 60])
    def test_but_not_against_what_the_bytes_say(self, declared: str) -> None:
        assert read(f"<meta charset={declared}><p>Größe — 発票").text == "Größe — 発票"


class TestHostilePages:
    @pytest.mark.parametrize(
        "page", ["", " \n", "<p></p>", "<script>x()</script>", "<html><head><title>T</title></head>"]
    )
    def test_a_page_without_text_says_so(self, page: str) -> None:
        assert failure(page) == "NO_TEXT"

    @pytest.mark.parametrize(
        "page",
        [
            "<div>" * 100_000 + "deep" + "</div>" * 100_000,
            "<table><tr><td>" * 20_000 + "deep",
            "<ul><li>" * 20_000 + "deep",
            "<p " + "a=1 " * 200_000 + ">wide",
            "<table>" + "<tr><td colspan=1000000 rowspan=1000000>x" * 2_000 + "</table>",
            "<b>" * 50_000 + "bold",
        ],
        ids=["deep", "tables", "lists", "wide", "spans", "bold"],
    )
    async def test_none_is_too_much_for_its_child(self, page: str, tmp_path: Path) -> None:
        file = tmp_path / "page.html"
        file.write_text(page)
        extractor = SandboxedExtractor(Limits(cpu_seconds=20))

        try:
            outcome: str | int = len((await extractor.extract(file, "text/html", lambda *_: None)).text)
        except ExtractionFailed as failed:
            outcome = failed.code
        await extractor.aclose()

        assert outcome in {"CORRUPT", "NO_TEXT"} or isinstance(outcome, int)

    def test_nothing_is_fetched_or_expanded(self) -> None:
        page = '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a; stays<img src="http://127.0.0.1:1/x">'

        assert "root:" not in read(page).text
        assert "stays" in read(page).text

    async def test_a_child_reads_it(self, tmp_path: Path) -> None:
        file = tmp_path / "page.html"
        file.write_text("<html><body><h1>Boiler</h1><p>The boiler of the town hall hums at night.", "utf-8")
        extractor = SandboxedExtractor()

        found = await extractor.extract(file, "text/html", lambda *_: None)

        await extractor.aclose()
        assert (found.title, found.language) == ("Boiler", "en")
