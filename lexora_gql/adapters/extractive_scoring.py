"""Which sentences of the sources best answer a question, by their words alone.

Pure and without a model, so it also serves where nothing else can be had. A sentence is worth the share of the
question's words that it holds, each weighed by how rare it is among the sources; the sentence before it and the title
count for some of what it leaves unsaid ("It was built in 1889."). Headings, tables and other fragments count for less.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lexora_gql.adapters.question_words import asks_for_name, asks_for_number, is_stop_word
from lexora_gql.adapters.sentences import quoted, sentences
from lexora_gql.ports.chat_model import PromptSource

WEIGHT_OF_CONTEXT = 0.4
WEIGHT_OF_RANK = 0.08
WEIGHT_OF_LIKENESS = 0.1
WEIGHT_OF_KIND = 0.15

COVERAGE_MIN = 0.28
COVERAGE_MIN_UNSPACED = 0.17
"""The best sentence holds at least this share of the question, or there is no evidence.

Pairs of characters are more than words, and each says less. Measured with eight sources a question: in English 97 of
100 questions pass whose passage is among the sources, and 42 of 100 where only others from the same articles are.
"""

RELATIVE_MIN = 0.62
"""What follows the best sentence is worth at least this share of it."""

SENTENCES_MAX = 5
ALIKE_MIN = 0.7

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_RUN = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_])+")
_HIRAGANA = re.compile("[\u3040-\u309f]+")
_ENDINGS = (
    "ungen",
    "ments",
    "ings",
    "ment",
    "ing",
    "ung",
    "ies",
    "ied",
    "ed",
    "es",
    "en",
    "er",
    "em",
    "s",
    "n",
    "e",
    "y",
)
_ARABIC_AFFIXES = re.compile("^[وفبلك]?(?:ال|لل)(?=.{3})|^و(?=.{4})|(?<=.{3})(?:ون|ين|ات|ان|ها|هم|يه|يا|ية|ه|ة|ي|ا)$")
_STEM_MIN, _STEM_MAX = 4, 7
_LEADERS = re.compile(r"\.{4,}|(?:\. ){4,}|_{4,}|…{2,}")
_MARKER = re.compile(r"\[\d{1,3}\]")
_TERMINAL = re.compile(r"""[.!…。！｡؟۔।॥።។။:][\s"'”’»)\]」』）]*$""")
_QUESTION = re.compile(r"""[?？؟]["'”’»)\]」』）]*$""")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted.

    Attributes:
        source: Place of its source in the request.
        place: Its place in the source.
        text: On one line, else to the letter.
        features: What it is about.
        coverage: Share of the question that it and its context hold, 0 to 1.
        score: Orders the candidates of one question.
    """

    source: int
    place: int
    text: str
    features: frozenset[str]
    coverage: float
    score: float


def features(text: str) -> frozenset[str]:
    """Return stems of the words; pairs of characters where words have no blanks between them."""
    found: set[str] = set()
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    for run in _RUN.findall(unicodedata.normalize("NFC", folded)):
        if re.match(f"[{_UNSPACED}]", run):
            pairs = {run[n : n + 2] for n in range(len(run) - 1)} or {run}
            found |= {pair for pair in pairs if not _HIRAGANA.fullmatch(pair) and not is_stop_word(pair)}
        elif not is_stop_word(run):
            found.add(_stem(run))
    return frozenset(found)


def _stem(word: str) -> str:
    if any(map(str.isdecimal, word)):
        return word
    if "\u0600" <= word[0] <= "\u06ff":
        return _ARABIC_AFFIXES.sub("", word)
    while ending := next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _STEM_MIN), None):
        word = word.removesuffix(ending)
    return word[:_STEM_MAX]


def quality(text: str) -> float:
    """Return how much a sentence reads like one, 0 to 1."""
    words = len(re.findall(rf"[{_UNSPACED}]{{2}}|[^\W_]+", text))
    letters = sum(map(str.isalpha, text))
    value = 1.0
    if words < 4 or letters < len(text) * 0.5 or _LEADERS.search(text):
        value *= 0.3
    if text.startswith("#") or text.count("|") > 1 or "\t" in text or text.isupper():
        value *= 0.3
    if _QUESTION.search(text):
        value *= 0.3
    elif not _TERMINAL.search(text):
        value *= 0.75
    if text[0].islower() or text[0] in ",;)":
        value *= 0.8
    if _MARKER.search(text):
        # It would read as a citation of ours.
        value *= 0.5
    return value * (1.0 if len(text) <= 500 else max(0.3, 500 / len(text)))


def rank(
    question: str, sources: Sequence[PromptSource], *, meaning: Mapping[tuple[int, int], float] | None = None
) -> list[Candidate]:
    """Return every sentence that has something in common with the question, best first.

    Args:
        question: Standalone.
        sources: Best first.
        meaning: What a sentence is worth by its meaning, by source and place, where an embedder told; 1 is as much as
            holding the whole question.
    """
    asked = features(question)
    parts = [[quoted(source.text, span) for span in sentences(source.text)] for source in sources]
    known = [[features(text) for text in texts] for texts in parts]
    weights = _weights(asked, known)
    total = sum(weights.values()) or 1.0
    found: list[Candidate] = []
    for source, texts in enumerate(parts):
        title = features(sources[source].title)
        prior = WEIGHT_OF_RANK / (1 + source) + WEIGHT_OF_LIKENESS * max(0.0, sources[source].likeness or 0.0)
        for place, text in enumerate(texts):
            own = known[source][place]
            before = known[source][place - 1] if place else frozenset()
            direct = sum(weights[word] for word in asked & own)
            around = sum(weights[word] for word in (asked & (before | title)) - own)
            if not direct:
                continue
            coverage = (direct + WEIGHT_OF_CONTEXT * around) / total
            kind = WEIGHT_OF_KIND * _is_of_kind(question, text)
            worth = coverage + (meaning or {}).get((source, place), 0.0) + prior + kind
            found.append(Candidate(source, place, text, own, coverage, worth * quality(text)))
    return sorted(found, key=lambda candidate: (-candidate.score, candidate.source, candidate.place))


def choose(question: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return what to quote: the best, then what adds to it in the order of the sources; nothing without evidence."""
    if not candidates or candidates[0].coverage < _coverage_min(question):
        return []
    best = candidates[0]
    chosen = [best]
    for candidate in candidates[1:]:
        if len(chosen) == SENTENCES_MAX or candidate.score < best.score * RELATIVE_MIN:
            break
        if not any(_are_alike(candidate, other) for other in chosen):
            chosen.append(candidate)
    return [best, *sorted(chosen[1:], key=lambda candidate: (candidate.source, candidate.place))]


def _weights(asked: frozenset[str], known: Sequence[Sequence[frozenset[str]]]) -> dict[str, float]:
    count = sum(map(len, known))
    holding = Counter(word for texts in known for own in texts for word in own & asked)
    return {word: math.log(1 + (count + 1) / (holding[word] + 0.5)) for word in asked}


def _coverage_min(question: str) -> float:
    unspaced = sum(map(len, re.findall(f"[{_UNSPACED}]+", question)))
    return COVERAGE_MIN_UNSPACED if unspaced * 2 > len(question) else COVERAGE_MIN


def _is_of_kind(question: str, text: str) -> bool:
    if asks_for_number(question):
        return any(map(str.isdecimal, text))
    return asks_for_name(question) and re.search(r"\s[^\W\d_a-z]\w+", text) is not None


def _are_alike(one: Candidate, other: Candidate) -> bool:
    if one.text in other.text or other.text in one.text:
        return True
    common = len(one.features & other.features)
    return common >= ALIKE_MIN * max(1, min(len(one.features), len(other.features)))
