"""How many of the words of a DOCX are read, and how many of those read are in it.

    python -m tests.benchmarks.text_fidelity

The truth is the Markdown that the shared data has for some of its files; it leaves out headers and footers, which count
against precision here. Words are compared as often as they occur, without markup, case and compatible forms. The limit:
recall is at least 0.98 on average.
"""

import html
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lexora_gql.adapters.extraction.docx_extractor import read_docx
from tests.shared_data import SHARED_DATA

RECALL = 0.98
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TARGET = re.compile(r"\]\([^)\n]*\)")
_MARKUP = re.compile(r"\\(?=[!-/:-@\[-`{-~])|[*~`]+")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What became of a file's words, each counted as often as it occurs.

    Attributes:
        name: Of the file.
        words: In the truth.
        missing: Of those, what was not read.
        extra: What was read besides.
    """

    name: str
    words: int
    missing: Counter[str]
    extra: Counter[str]

    @property
    def recall(self) -> float:
        """The share of its words that was read."""
        return 1 - self.missing.total() / self.words

    @property
    def precision(self) -> float:
        """The share of the words read that are its."""
        found = self.words - self.missing.total()
        return found / (found + self.extra.total()) if found else 0.0


def words_of(text: str) -> Counter[str]:
    """Count the words of a text, its Markdown left out."""
    plain = _MARKUP.sub("", _TARGET.sub("]", _COMMENT.sub(" ", html.unescape(text))))
    return Counter(_WORD.findall(unicodedata.normalize("NFKC", plain).casefold()))


def fidelity(file: Path, truth: Path) -> Fidelity:
    """Read a DOCX and compare it with its truth."""
    with file.open("rb") as source:
        [found] = read_docx(source, lambda _done, _total: None)
    expected, read = words_of(truth.read_text(encoding="utf-8")), words_of(found.text)
    return Fidelity(file.name, expected.total(), expected - read, read - expected)


def known() -> Iterator[Fidelity]:
    """Compare every DOCX whose truth is known."""
    for truth in sorted((SHARED_DATA / "groundtruth" / "docling" / "docx").glob("*.docx.md")):
        yield fidelity(SHARED_DATA / "docs" / "docx" / "good" / "docling" / truth.stem, truth)


def measure() -> bool:
    """Print every file and the means; returns whether the limit holds."""
    files = list(known())
    for file in files:
        print(f"{file.name:44} {file.words:6,} words   recall {file.recall:.4f}   precision {file.precision:.4f}")
        if file.missing:
            print(f"    missing {dict(file.missing.most_common(12))}, extra {dict(file.extra.most_common(12))}")
    if not files:
        print(f"no truth in {SHARED_DATA}")
        return False
    recall = sum(file.recall for file in files) / len(files)
    precision = sum(file.precision for file in files) / len(files)
    print(f"{len(files)} files: mean recall {recall:.4f} (at least {RECALL}), mean precision {precision:.4f}")
    return recall >= RECALL


def main() -> None:
    """Run on the command line."""
    sys.exit(0 if measure() else 1)


if __name__ == "__main__":
    main()
