"""How people refer back to what they asked before, in many languages; words are folded."""

import re

from lexora_gql.conversations.language.vocabulary import STOP_WORDS
from lexora_gql.conversations.language.wording import folded

_LEAD_PHRASES = (
    "and|but|so|or|also|then|what about|how about|what if|what else|why not|same for|ok|okay",
    "und|aber|oder|auch|also|dann|was ist mit|wie ist es mit|wie sieht es|was noch|warum nicht|gilt das",
    "et|mais|ou|alors|qu'en est|et pour|y|pero|o|entonces|que tal|que pasa con|e|ma|poi|mas|entao|en|maar|hoe zit het",
    "а|и|но|или|тогда|а что|как насчет",
)
LEADS = re.compile(rf"^\W*(?:{'|'.join(map(folded, _LEAD_PHRASES))})\b")
"""Beginnings that go on from something."""
LEADS_UNSPACED = (
    "那", "还有", "另外", "如果", "为什么呢", "では", "じゃあ", "それ", "そして", "また",
    "他に", "그럼", "그리고", "그러면",
)  # fmt: skip
_ARABIC_AND = "|".join(map(folded, ["ماذا", "هل", "كم", "متى", "أين", "كيف", "من", "ما", "لماذا", "في", "بالنسبة"]))
ARABIC_LEAD = re.compile(rf"^\W*(?:و(?:{_ARABIC_AND})|ماذا عن|طيب|اذا)")

PRONOUNS = frozenset(
    folded(
        """
        it its they them their theirs he she him her his hers these those ones former latter
        er sie ihm ihn ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner dies diese dieser diesen dabei dafur
        damit davon dazu daran darauf daraus deren dessen dort
        il elle ils elles lui leur leurs celui celle ceux celles cela ca ceci
        ello ella ellos ellas eso esto esos esas aquel aquella
        essa esse isso isto deles delas questo questa quello quella esso essa loro
        hij zij hen hun dit daarvan daarvoor
        он она оно они его ее их ему ей им этот эта это эти
        هو هي هم هن هذا هذه ذلك تلك هؤلاء لها له لهم منها منه فيها فيه عنها عنه
        """
    ).split()
)
"""Words that stand for something said before, wherever they are."""
PRONOUNS_UNSPACED = (
    "它", "他", "她", "这个", "那个", "这些", "那些", "该", "此", "这",
    "其", "それ", "これ", "その", "この", "あの", "彼", "그것", "이것", "그는",
)  # fmt: skip
_BEFORE_THAT = (
    "is|was|are|does|do|did|has|can|will|would|about|of|for|with|like|than|after|before|from|to|by|on|in|why|how"
)
DEMONSTRATIVE = re.compile(
    rf"\b(?:{_BEFORE_THAT}) (?:this|that)\b(?! (?:year|month|week|is|the|a|an|there|it|we|you|i)\b)"
    r"|\b(?:this|that|there|das|es)\s*\W*$|^\W*(?:this|that)\b"
)
"""English uses "this" and "that" for more; here they stand for a thing by themselves."""
EMPTY_SUBJECT = re.compile(
    r"\b(?:is|was|will|does|would|can) it (?:be )?"
    r"(?:possible|true|necessary|allowed|permitted|ok|okay|required|legal|safe|take)\b"
    r"|\bhow long (?:does|did|will) it take\b|\bit is (?:possible|true|necessary|allowed)\b|\bhow is it that\b"
)
"""Where "it" stands for nothing."""

QUESTION_WORDS = frozenset(
    folded(
        """
        what who whom whose when where why how which is are was were do does did can could may must should will would
        has have much many long often
        list show explain describe summarize summarise compare tell give name define find more else
        was wer wen wem wessen wann wo warum wieso weshalb wie welche welcher welches welchen wieviel viel viele lange
        ist sind war waren kann konnen darf durfen muss mussen soll sollen wird werden hat haben gibt gilt
        que qu quel quelle quels quelles qui quand ou comment pourquoi combien est sont
        cual cuales quien quienes cuando donde como cuanto cuanta cuantos cuantas es son hay puede
        che chi quando dove come perche quanto quanti quale quali qual quem onde porque
        wat wie wanneer waar waarom hoe welke
        что кто когда где почему как какой какая какие сколько
        ما ماذا من متى اين لماذا كيف كم هل اي
        """
    ).split()
)
"""A question that begins with one of these has its own verb; they say nothing of what it is about."""
SHORT_WORDS_MAX = 4
SHORT_CHARACTERS_MAX = 6
"""In scripts without blanks: what is shorter names no subject."""

_WITHOUT_MEANING = STOP_WORDS | PRONOUNS | QUESTION_WORDS


def content_words(words: list[str]) -> list[str]:
    """Return those words, as written, that say what a question is about."""
    return [word for word in words if folded(word) not in _WITHOUT_MEANING]
