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

from lexora_gql.adapters.evidence_thresholds import evidence_min, trust_in_meaning
from lexora_gql.adapters.question_words import asks_for_name, asks_for_number, is_stop_word
from lexora_gql.adapters.sentences import quoted, sentences
from lexora_gql.ports.chat_model import PromptSource

WEIGHT_OF_CONTEXT = 0.4
WEIGHT_OF_RANK = 0.08
WEIGHT_OF_LIKENESS = 0.1
WEIGHT_OF_KIND = 0.15

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
        likeness: Cosine with the question; 0 where no embedder told.
        score: Orders the candidates of one question.
    """

    source: int
    place: int
    text: str
    features: frozenset[str]
    coverage: float
    likeness: float
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """What may be quoted for a question.

    Attributes:
        candidates: Best first.
        shared: Share of the question that the one source holds that holds the most of it, 0 to 1.
        knows_meaning: Whether an embedder told of the candidates.
    """

    candidates: Sequence[Candidate]
    shared: float
    knows_meaning: bool


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
    question: str,
    sources: Sequence[PromptSource],
    *,
    meaning: Mapping[tuple[int, int], float] | None = None,
    weight_of_meaning: float = 0.0,
) -> Ranking:
    """Return every sentence that has something in common with the question.

    Args:
        question: Standalone.
        sources: Best first.
        meaning: Cosine of a sentence with the question, by source and place, where an embedder told.
        weight_of_meaning: What a cosine of 1 is worth; 1 is as much as holding the whole question.
    """
    likeness = meaning or {}
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
            alike = likeness.get((source, place), 0.0)
            worth = (coverage + weight_of_meaning * alike + prior + kind) * quality(text)
            found.append(Candidate(source, place, text, own, coverage, alike, worth))
    found.sort(key=lambda candidate: (-candidate.score, candidate.source, candidate.place))
    return Ranking(found, _shared(asked, sources, known), meaning is not None)


def _shared(asked: frozenset[str], sources: Sequence[PromptSource], known: Sequence[Sequence[frozenset[str]]]) -> float:
    held = [
        asked & features(source.title).union(*sentences_) for source, sentences_ in zip(sources, known, strict=True)
    ]
    holding = Counter(word for words in held for word in words)
    weights = {word: math.log(1 + (len(held) + 1) / (holding[word] + 0.5)) for word in asked}
    total = sum(weights.values()) or 1.0
    return max((sum(weights[word] for word in words) / total for words in held), default=0.0)


def choose(question: str, ranking: Ranking) -> list[Candidate]:
    """Return what to quote: the best, then what adds to it in the order of the sources; nothing without evidence."""
    candidates = ranking.candidates
    if not candidates or evidence(question, ranking) < evidence_min(question, knows_meaning=ranking.knows_meaning):
        return []
    best = candidates[0]
    chosen = [best]
    for candidate in candidates[1:]:
        if len(chosen) == SENTENCES_MAX or candidate.score < best.score * RELATIVE_MIN:
            break
        if not any(_are_alike(candidate, other) for other in chosen):
            chosen.append(candidate)
    return [best, *sorted(chosen[1:], key=lambda candidate: (candidate.source, candidate.place))]


def evidence(question: str, ranking: Ranking) -> float:
    """Return how much speaks for the answer being there: what of the question is held, and how alike the best is."""
    held = (max(candidate.coverage for candidate in ranking.candidates) + ranking.shared) / 2
    return held + trust_in_meaning(question) * ranking.candidates[0].likeness


def _weights(asked: frozenset[str], known: Sequence[Sequence[frozenset[str]]]) -> dict[str, float]:
    count = sum(map(len, known))
    holding = Counter(word for texts in known for own in texts for word in own & asked)
    return {word: math.log(1 + (count + 1) / (holding[word] + 0.5)) for word in asked}


def _is_of_kind(question: str, text: str) -> bool:
    if asks_for_number(question):
        return any(map(str.isdecimal, text))
    return asks_for_name(question) and re.search(r"\s[^\W\d_a-z]\w+", text) is not None


def _are_alike(one: Candidate, other: Candidate) -> bool:
    if one.text in other.text or other.text in one.text:
        return True
    common = len(one.features & other.features)
    return common >= ALIKE_MIN * max(1, min(len(one.features), len(other.features)))
