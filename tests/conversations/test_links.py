"""Addresses that somebody wrote pass on, others do not, wherever the text was cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.conversations.links import ADDRESS_CHARACTERS_MAX, KnownAddresses, LinkFilter

KNOWN = KnownAddresses(
    [
        "See https://docs.example.org/guide/?a=1 and www.shop.example for more (https://wiki.example/Boiler_(heat)).",
        "Write to help@example.org.",
    ]
)
BITS = st.sampled_from(
    [
        *"[]()!<>`\n .,/:ahw1",
        "http://",
        "https://evil.example/x",
        "https://docs.example.org/guide/?a=1",
        "](",
        "![",
        "<img ",
    ]
)
TEXTS = st.lists(BITS, max_size=40).map("".join)


def shown(text: str, *, cut: int = 0) -> str:
    links = LinkFilter(KNOWN)
    pieces = [text[start : start + cut] for start in range(0, len(text), cut)] if cut else [text]
    return "".join(map(links.feed, pieces)) + links.flush()


class TestWhatPasses:
    @pytest.mark.parametrize(
        "text",
        [
            "See https://docs.example.org/guide/?a=1.",
            "See [the guide](https://docs.example.org/guide/?a=1).",
            "See <https://docs.example.org/guide/?a=1>.",
            "See HTTP://DOCS.EXAMPLE.ORG/guide/?a=1",
            "https://www.shop.example/",
            "https://wiki.example/Boiler_(heat)",
            "[mail](mailto:help@example.org)",
            "a < b and c <b, List<String> and <br>",
            "rows[0](name), see [1] (page 3), [x](not a link at all)",
            "the data: figures, http is a protocol",
            "<im",
            "[x](",
        ],
    )
    def test_what_leads_nowhere_or_where_somebody_said(self, text: str) -> None:
        assert shown(text) == text

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("See https://docs.example.org/guide/?a=12.", "See …."),
            ("See https://docs.example.org/guide", "See …"),
            ("https://docs.example.org.evil.example/guide/?a=1", "…"),
            ("https://evil.example/docs.example.org/guide/?a=1", "…"),
            ("www.evil.example, ftp://evil.example and mailto:evil@evil.example", "…, … and …"),
            ("[click here](https://evil.example/?q=secret)", "[click here]"),
            ('[click](//evil.example/x "title")', "[click]"),
            ("[click](<javascript:alert(1)>)", "[click]"),
            ("[click](/elsewhere)", "[click]"),
            ("![chart](https://evil.example/?q=secret)", "! [chart]"),
            ("![chart](https://docs.example.org/guide/?a=1)", "! [chart](https://docs.example.org/guide/?a=1)"),
            ("![chart][pic]\n\n[pic]: https://evil.example/p.png", "! [chart][pic]\n\n[pic]: …"),
            ("<https://evil.example>", "<…>"),
            ('an <img src="//evil.example/p.png"> image', "an  image"),
            ("<a href=//evil.example>here</a>", "here"),
            ("<IFRAME/src=//evil.example>", ""),
            ("<img src=//evil.example and no end", "‹img src=//evil.example and no end"),
            ("xhttps://evil.example", "x…"),
        ],
    )
    def test_what_nobody_wrote_does_not(self, text: str, expected: str) -> None:
        assert shown(text) == expected

    def test_an_address_of_any_length_goes(self) -> None:
        assert shown(f"a https://evil.example/{'x' * 3 * ADDRESS_CHARACTERS_MAX} b") == "a … b"

    def test_a_thousand_brackets_are_text(self) -> None:
        assert shown("](" * 1_000) == "](" * 1_000


class TestPieces:
    @given(text=TEXTS, cut=st.integers(1, 5))
    def test_how_a_text_is_cut_makes_no_difference(self, text: str, cut: int) -> None:
        assert shown(text, cut=cut) == shown(text)

    @given(text=TEXTS)
    def test_no_other_address_and_no_image_comes_through(self, text: str) -> None:
        left = shown(text).lower().replace("https://docs.example.org/guide/?a=1", "")
        assert "evil.example" not in left
        assert "![" not in left
        assert "<img " not in left

    @given(text=TEXTS)
    def test_what_is_shown_is_found_at_its_place(self, text: str) -> None:
        links = LinkFilter(KNOWN)
        out = links.feed(text) + links.flush()

        places = [links.place(at) for at in range(len(text) + 1)]

        assert places == sorted(places)
        assert places[-1] == len(out)
        # A letter is never another one, where it is shown at all.
        kept = [at for at, (place, after) in enumerate(itertools.pairwise(places)) if after == place + 1]
        assert all(out[places[at]] in {text[at], "…", "‹"} for at in kept)
