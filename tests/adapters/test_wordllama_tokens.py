"""Word by word, a text has the very tokens that it has as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from lexora_gql.adapters import wordllama_tokens
from lexora_gql.adapters.wordllama_embedder import _MODEL, _package_folder
from lexora_gql.adapters.wordllama_tokens import WORD_CHARACTERS_MAX, Tokens

PATH = str(_package_folder() / "tokenizers" / f"{_MODEL}_tokenizer_config.json")
PIECES = [
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u2581",
    "<s>",
    "</s>",
    "<unk>",
    "the",
    " of",
    "ing",
    "é",
    "ß",
    "漢字",
    "😀",
    "e\u0301",
]
TEXTS = [
    "",
    " ",
    "Invoices are paid within 30 days.\n\nNot later.",
    "  indented\n    code = [1,  2]  \n",
    "日本語の文章には空白がありません。",
    "Ünïcödé, \u200bzero\u200dwidth and \x00 control",
    "a <s> b</s><unk> c",
    "\u2581already\u2581marked",
    "x" * 5_000,
    " ".join(f"many{number}words" for number in range(200)),
]


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(PATH)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    made = Tokenizer.from_file(PATH)
    made.no_padding()
    made.no_truncation()
    return made


def whole(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


class TestTokens:
    @pytest.mark.parametrize("text", TEXTS)
    def test_are_those_of_the_whole_text(self, tokens: Tokens, tokenizer: Tokenizer, text: str) -> None:
        assert tokens.ids(text) == whole(tokenizer, text)
        assert tokens.ids(text) == whole(tokenizer, text)  # from memory

    @given(st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)))
    def test_are_those_of_any_text(self, tokens: Tokens, tokenizer: Tokenizer, pieces: list[str]) -> None:
        text = "".join(pieces)

        assert tokens.ids(text) == whole(tokenizer, text)

    def test_the_vocabulary_goes_on_across_no_beginning_of_a_word(self, tokenizer: Tokenizer) -> None:
        assert [word for word in tokenizer.get_vocab() if "\u2581" in word.lstrip("\u2581") or "\n" in word] == []


class TestMemory:
    def test_is_bounded_whatever_comes(self, monkeypatch: pytest.MonkeyPatch, tokenizer: Tokenizer) -> None:
        monkeypatch.setattr(wordllama_tokens, "WORDS_MAX", 100)
        tokens = Tokens(PATH)

        for number in range(50):
            text = " ".join(f"word{number * 20 + at}" for at in range(20))
            assert tokens.ids(text) == whole(tokenizer, text)
            assert len(tokens._known) <= 100

    def test_holds_no_long_words(self) -> None:
        tokens = Tokens(PATH)

        tokens.ids("short " + "x" * WORD_CHARACTERS_MAX)

        assert list(tokens._known) == [" short"]
