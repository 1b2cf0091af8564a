"""Reading Markdown."""

import io
import time

import pytest

from lexora_gql.adapters.extraction import markdown_extractor
from lexora_gql.adapters.extraction.markdown_extractor import read_markdown
from lexora_gql.adapters.extraction.markdown_text import readable
from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed, Heading
from tests.adapters.reading_processes import ignore


def markdown(text: str) -> ExtractedText:
    return list(read_markdown(io.BytesIO(text.encode()), ignore))[-1]


class TestStructure:
    def test_the_text_stays_as_it_is_written(self) -> None:
        source = "# Pay *now*\n\nIn **30** days.\n"

        assert markdown(source).text == source

    def test_headings_of_both_kinds_with_their_places(self) -> None:
        source = "Title\n=====\n\ntext\n\n## `code` and *a* word ##\n\nSub\n---\n"

        found = markdown(source)

        assert found.headings == (
            Heading(1, "Title", 0),
            Heading(2, "code and a word", source.index("##")),
            Heading(2, "Sub", source.index("Sub")),
        )
        assert found.title == "Title"

    def test_code_is_no_heading_and_stays_whole_as_tables_do(self) -> None:
        source = "# A\n\n```sh\n# not a heading\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nend\n"

        found = markdown(source)

        assert [heading.title for heading in found.headings] == ["A"]
        assert [source[block.start : block.end] for block in found.blocks] == [
            "```sh\n# not a heading\n```\n",
            "| a | b |\n| - | - |\n| 1 | 2 |\n",
        ]

    def test_a_long_text_of_all_kinds_of_characters_is_known_to_its_end(self) -> None:
        head = "# F\u00efrst \U0001f600 ##\n\n```sh\n# \u30b3\u30fc\u30c9\n```\n\n"
        source = head + "w\u00f6rd \u6f22\n" * 700_000 + "- ## L\u00e4st\n"

        found = markdown(source)

        assert found.headings == (Heading(1, "F\u00efrst \U0001f600", 0), Heading(2, "L\u00e4st", len(source) - 10))
        assert [source[block.start : block.end] for block in found.blocks] == ["```sh\n# \u30b3\u30fc\u30c9\n```\n"]

    def test_of_a_text_that_takes_too_long_the_beginning_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        source = "# First\n\n" + "*a* `b`\n\n" * 500_000 + "\n\n# Last\n"
        before = time.process_time()
        assert [heading.title for heading in markdown(source).headings] == ["First", "Last"]
        # Blocks are found before the first event is told, in a sixth of the time.
        monkeypatch.setattr(markdown_extractor, "STRUCTURE_CPU_SECONDS", (time.process_time() - before) / 2)

        found = markdown(source)

        assert found.headings == (Heading(1, "First", 0),)
        assert found.text == source

    def test_a_file_of_marks_only_has_no_text(self) -> None:
        with pytest.raises(ExtractionFailed) as failure:
            markdown("# \n\n---\n\n- \n")

        assert failure.value.code == "NO_TEXT"

    def test_a_table_within_a_list_stays_whole(self) -> None:
        source = "- item\n\n  | a | b |\n  | - | - |\n  | 1 | 2 |\n\n- next\n"

        [block] = markdown(source).blocks

        assert source[block.start : block.end] == "  | a | b |\n  | - | - |\n  | 1 | 2 |\n"


class TestFrontMatter:
    @pytest.mark.parametrize(
        ("front", "title", "language"),
        [
            ('---\ntitle: "Sick leave"\nlang: de-AT\n---\n', "Sick leave", "de"),
            ("---\ntitle: Sick leave # draft\ntags:\n  - hr\n- x\n...\n", "Sick leave", None),
            ("---\ntitle: >\n  folded\nlanguage: fr\n---\n", "Leave", "fr"),
            ("---\n---\n", "Leave", None),
            ('+++\ntitle = "Sick leave"\nlanguage = "es"\n[extra]\ntoc = true\n+++\n', "Sick leave", "es"),
        ],
    )
    def test_names_title_and_language_and_is_no_text(self, front: str, title: str, language: str | None) -> None:
        found = markdown(front + "\n# Leave\n\nText.\n")

        assert (found.title, found.language) == (title, language)
        assert found.text == "# Leave\n\nText.\n"
        assert found.headings == (Heading(1, "Leave", 0),)

    @pytest.mark.parametrize("text", ["---\nProse between rules.\n---\n", "+++\nProse.\n+++\n", "---\ntitle: open\n"])
    def test_text_between_rules_is_none(self, text: str) -> None:
        assert markdown(text).text == text

    def test_is_all_there_is_of_a_file_without_text(self) -> None:
        source = "---\ntitle: Sick leave\n---\n"

        assert (markdown(source).title, markdown(source).text) == ("Sick leave", source)


class TestWhatPeopleRead:
    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ('See [the rules](https://x.example/a_(b) "Title").', "See the rules."),
            ("See [the\nrules](<a b.md>).", "See the\nrules."),
            ("![A chart](chart.png) ![](blank.png)", "A chart "),
            ("[![Build](b.svg)](https://x.example)", "Build"),
            ("[`code [x](y)`](z) and `[x](y)`", "`code [x](y)` and `[x](y)`"),
            ("[the rules][r] and [R][] and [r].\n\n[r]: https://x.example 'Rules'\n", "the rules and R and r.\n\n"),
            ("[x] done, [ ] open, [1], a[0], [unknown][label]", "[x] done, [ ] open, [1], a[0], [unknown][label]"),
            (r"\[kept\](as it is)", r"\[kept\](as it is)"),
            ("[note]: see there\n", "[note]: see there\n"),
            ("Said.[^1]\n\n[^1]: https://x.example\n", "Said.[^1]\n\n[^1]: https://x.example\n"),
            ("See <https://x.example> or https://y.example.", "See <https://x.example> or https://y.example."),
            ("| [a](b) | `c|d` |\n", "| a | `c|d` |\n"),
            ("- one\n  - [two](x)\n", "- one\n  - two\n"),
        ],
    )
    def test_of_links_and_pictures_the_words_remain(self, source: str, expected: str) -> None:
        assert readable(source) == expected

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("a<!-- b -->c <!---->d\n", "ac d\n"),
            ("a\n\n<!-- b\n\n# c\n```\n-->\n\nd\n", "a\n\n\nd\n"),
            ("a <!-- never ended\n\nb\n", "a <!-- never ended\n\nb\n"),
            ("`<!-- code -->` b <!-- c -->\n", "`<!-- code -->` b \n"),
            ("```html\n<!-- code -->\n[x](y)\n```\n<!-- no -->end\n", "```html\n<!-- code -->\n[x](y)\n```\nend\n"),
            ("~~~\n```\n[x](y)\n~~~\n[x](y)\n", "~~~\n```\n[x](y)\n~~~\nx\n"),
            ("- item\n\n    ```\n    [x](y)\n    ```\n", "- item\n\n    ```\n    [x](y)\n    ```\n"),
        ],
    )
    def test_comments_are_left_out_and_code_is_not(self, source: str, expected: str) -> None:
        assert readable(source) == expected

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ('<a name="top"></a>\n# Title\n', "\n# Title\n"),
            ("one<br/>two <kbd>Ctrl</kbd>", "one two Ctrl"),
            ("<details open>\n<summary class=x>Why</summary>\n", "\nWhy\n"),
            ('<p align="center"><img src="x.png" alt="A &amp; B"></p>', "A & B"),
            ("Dear <your name>, if a <b and c> d", "Dear <your name>, if a <b and c> d"),
            ("List<String> and <T>", "List<String> and <T>"),
        ],
    )
    def test_tags_are_left_out_and_places_to_fill_in_are_not(self, source: str, expected: str) -> None:
        assert readable(source) == expected


class TestCost:
    @pytest.mark.parametrize(
        "unit",
        [
            "[",
            "![",
            "[a](",
            "[a][b",
            "<!--",
            "`",
            "<a ",
            "<img alt=",
            "[a]: b.c\n",
            "> ",
            "-->",
            "`<!--`",
            "<b a",
            "[[a]",
            "(",
            "```\n",
        ],
    )
    def test_grows_with_the_length_only(self, unit: str) -> None:
        begun = time.process_time()

        markdown("word\n\n" + unit * (400_000 // len(unit)) + " word")

        assert time.process_time() - begun < 15
