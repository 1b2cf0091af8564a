"""Texts with structure, of many scripts, made by hypothesis; and what must hold of their passages."""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from hypothesis import strategies as st

from lexora_gql.documents.splitting import Passage
from lexora_gql.ports.text_extractor import ExtractedText, Heading, PageSpan, Span

# Of letters with marks, families, flags, skin tones, key caps, Hangul in parts, and marks of direction.
WORDS = st.sampled_from(
    (
        *("a", "is", "the", "invoices", "paid,", "30", "x.", "Dr.", "e\u0301te\u0301", "o\u0302\u0323ng", "naïve"),
        *("שָׁלוֹם", "עִבְרִית", "مُعَلِّم", "السلام", "\u200fو\u200f", "می\u200cشوند", "कीमत", "हिन्दी", "क्षत्रिय"),
        *("เก่าน้ำ", "ที่", "漢字", "ひらが\u3099な", "한국", "\u1112\u1161\u11ab\u1100\u1173\u11af", "end。", "次。"),
        *("👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "🇯🇵", "1️⃣", "👩🏿‍🚀👩🏿‍🚀"),
    )
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=14).map(lambda words: " ".join(words) + ". ")
PROSE = st.lists(SENTENCES, min_size=1, max_size=4).map("".join)
# Words without a single blank, as in Chinese, or in what is no language.
UNBROKEN = st.lists(WORDS, min_size=1, max_size=40).map("".join)
ROWS = st.lists(WORDS, min_size=1, max_size=3).map(lambda cells: "| " + " | ".join(cells) + " |\n")
TABLES = st.lists(ROWS, min_size=1, max_size=6).map("".join)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document: a heading, with its level, a table, or prose."""

    text: str
    level: int = 0
    is_table: bool = False


PIECES = st.one_of(
    st.builds(Piece, PROSE | UNBROKEN),
    st.builds(Piece, WORDS, level=st.integers(1, 4)),
    st.builds(Piece, TABLES, is_table=st.just(True)),
)


def put_together(pieces: list[Piece]) -> ExtractedText:
    """Return a document of these parts, each a page of its own."""
    text = ""
    headings: list[Heading] = []
    blocks: list[Span] = []
    pages: list[PageSpan] = []
    for number, piece in enumerate(pieces, 1):
        start = len(text)
        text += piece.text + "\n\n"
        pages.append(PageSpan(number, start, len(text)))
        if piece.level:
            headings.append(Heading(piece.level, piece.text, start))
        if piece.is_table:
            blocks.append(Span(start, start + len(piece.text)))
    return ExtractedText(text=text, headings=tuple(headings), blocks=tuple(blocks), pages=tuple(pages))


DOCUMENTS = st.lists(PIECES, min_size=1, max_size=6).map(put_together)


def faults(extracted: ExtractedText, passages: list[Passage], *, characters: int, overlap: int) -> set[str]:
    """Return what does not hold of a document's passages, in a word each."""
    text = extracted.text
    found: set[str] = set()
    tops = _tops(extracted)
    for before, passage in zip([None, *passages], passages, strict=False):
        checks = {
            "letters": passage.text != text[passage.start : passage.end] or passage.text != passage.text.strip(),
            "length": not 0 < len(passage.text) <= characters,
            "section": bisect_right(tops, passage.start) != bisect_right(tops, passage.end - 1),
            "character": any(_parts_a_character(text, cut) for cut in (passage.start, passage.end)),
            "page": [passage.page_start, passage.page_end] != _pages(extracted, passage),
            "overlap": before is not None and before.end - passage.start > overlap,
            "order": before is not None and not (before.start < passage.start and before.end < passage.end),
        }
        found |= {fault for fault, is_there in checks.items() if is_there}
    covered = {place for passage in passages for place in range(passage.start, passage.end)}
    if any(not character.isspace() and place not in covered for place, character in enumerate(text)):
        found.add("gap")
    for block in extracted.blocks:
        table = text[block.start : block.end].strip()
        if len(table) <= characters and not any(table in passage.text for passage in passages):
            found.add("table")
    return found


def _tops(extracted: ExtractedText) -> list[int]:
    level = min((heading.level for heading in extracted.headings), default=0)
    return [heading.start for heading in extracted.headings if heading.level == level]


def _pages(extracted: ExtractedText, passage: Passage) -> list[int]:
    return [
        next(page.number for page in extracted.pages if page.start <= place < page.end)
        for place in (passage.start, passage.end - 1)
    ]


def _parts_a_character(text: str, cut: int) -> bool:
    if not 0 < cut < len(text):
        return False
    before, after = text[cut - 1], text[cut]
    if unicodedata.category(after) in {"Mn", "Mc", "Me"} or "\u200d" in {before, after} or "🏻" <= after <= "🏿":
        return not before.isspace()
    flags = 0
    while flags < cut and "🇦" <= text[cut - 1 - flags] <= "🇿":
        flags += 1
    return flags % 2 == 1 and "🇦" <= after <= "🇿"
