"""Where paragraphs, sentences, words and characters of any language end."""

import re
import unicodedata

# How far a cut may move so as not to go through a character with its marks; longer piles of marks are cut.
MARKS_MAX = 32
ZERO_WIDTH_JOINER = "\u200d"
_STOPS = "[.!?…]"
# What may stand before a stop that ends no sentence: another stop, a single letter, an abbreviation.
_NO_END = rf"(?<!{_STOPS}{_STOPS})(?<![\s.(][^\W\d_]{_STOPS})" + "".join(
    rf"(?<!\b{word}{_STOPS})"
    for word in (
        *("Mr", "Dr", "Ms", "vs", "No", "Nr", "St", "pp", "Jr", "ca", "cf", "al"),
        *("Mrs", "Fig", "Sec", "Art", "Abs", "Vol", "Nos", "bzw", "vgl"),
    )
)
# Arabic, Urdu, Hindi, Amharic, Armenian, Khmer, Burmese, Tibetan.
_FURTHER_STOPS = "\u061f\u06d4\u0964\u0965\u1362\u1367\u0589\u17d5\u104b\u0f0d"
_SENTENCE_END = re.compile(
    # All begin with one of these characters, which is looked for at the speed of memory; what it means comes after.
    rf"[.!?…。！？｡．{_FURTHER_STOPS}\n](?:"
    # Latin, Cyrillic, Greek, Hebrew: a stop and white space, but not after an abbreviation or before a small letter.
    rf"(?<={_STOPS}){_NO_END}{_STOPS}*+[\"'”’»)\]]*(?=\s)(?!\s+[a-zà-öø-ÿа-я])"
    # Chinese and Japanese: no white space follows.
    r"|(?<=[。！？｡．])[。！？｡．]*[」』”’）】]*"
    rf"|(?<=[{_FURTHER_STOPS}])[{_FURTHER_STOPS}]*"
    r"|(?<=\n)(?:\s*\n|(?=[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t]))"
    r")"
)
_WHITE_SPACE = re.compile(r"\s*")
_WORD_BREAK = re.compile(r"\s+")
_BREAKS = " \n\t\u3000\u00a0\u200b"


def skip_white_space(text: str, low: int, high: int) -> int:
    """Return the first place from `low` on that holds no white space, `high` at most."""
    match = _WHITE_SPACE.match(text, low, high)
    return match.end() if match else low


def last_paragraph_end(text: str, low: int, high: int) -> int | None:
    """Return the last place in a stretch where an empty line begins."""
    found = text.rfind("\n\n", low, high)
    return found if found >= 0 else None


def last_sentence_end(text: str, low: int, high: int) -> int | None:
    """Return the last place in a stretch where a sentence, or an item of a list, ends."""
    found = None
    # What follows decides whether a stop ends a sentence, so the search sees a little further.
    for match in _SENTENCE_END.finditer(text, low, min(high + 3, len(text))):
        if match.end() <= high:
            found = match.end()
    return found


def last_line_end(text: str, low: int, high: int) -> int | None:
    """Return the last place in a stretch where a line ends."""
    found = text.rfind("\n", low, high)
    return found if found >= 0 else None


def last_word_end(text: str, low: int, high: int) -> int | None:
    """Return the last place in a stretch where white space stands."""
    found = max(text.rfind(character, low, high + 1) for character in _BREAKS)
    return found if found >= 0 else None


def first_sentence_start(text: str, low: int, high: int) -> int | None:
    """Return the first place in a stretch where a sentence begins after another, short of `high`."""
    for match in _SENTENCE_END.finditer(text, max(0, low - 2), high):
        start = skip_white_space(text, match.end(), high)
        if low <= start < high:
            return start
    return None


def first_word_start(text: str, low: int, high: int) -> int | None:
    """Return the first place in a stretch where a word begins after white space, short of `high`."""
    match = _WORD_BREAK.search(text, max(0, low - 1), high)
    return match.end() if match and low <= match.end() < high else None


def whole_characters(text: str, place: int, floor: int) -> int:
    """Return the place, or the nearest before it, not below `floor`, where no character is cut from its marks."""
    for step in range(MARKS_MAX):
        cut = place - step
        if cut <= floor:
            break
        if cut >= len(text) or not _belong_together(text, cut):
            return cut
    return max(place, floor)


def next_whole_character(text: str, place: int, ceiling: int) -> int:
    """Return the place, or the nearest after it up to `ceiling`, where a character begins that is not white space."""
    for cut in range(place, min(place + MARKS_MAX, ceiling)):
        if cut == 0 or not _belong_together(text, cut):
            return skip_white_space(text, cut, ceiling)
    return ceiling if place + MARKS_MAX >= ceiling else place


def _belong_together(text: str, cut: int) -> bool:
    before, after = text[cut - 1], text[cut]
    if after < "\u0300":
        return False
    if ZERO_WIDTH_JOINER in (before, after) or unicodedata.category(after) in {"Mn", "Mc", "Me"}:
        return True
    # Thai and Lao write some vowels before the consonant, one after; Korean syllables may come in parts.
    if "\u0e40" <= before <= "\u0e44" or "\u0ec0" <= before <= "\u0ec4" or after in "\u0e33\u0eb3":
        return True
    if "\u1160" <= after <= "\u11ff" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    return _is_regional(after) and _regional_before(text, cut) % 2 == 1


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regional_before(text: str, cut: int) -> int:
    """Return how many halves of flags stand before a place, as far as it matters."""
    count = 0
    while count < MARKS_MAX and cut - count > 0 and _is_regional(text[cut - count - 1]):
        count += 1
    return count
