"""Which passwords are refused: too short, too long, or among the first that anyone would try.

NIST SP 800-63B-4 asks for length and for a list of common ones, and against rules of composition. With 15 characters
and more the known lists hold little but repetition, rows of keys and the same few words strung together, so these are
recognised by rule instead of by a list of megabytes.
"""

import re
import unicodedata
from collections.abc import Iterable

from lexora_gql.errors import InvalidInput, require_length

PASSWORD_CHARACTERS_MAX = 1_024
CHARACTERS_DIFFERENT_MIN = 5
# Letters and digits that no rule accounts for: what an attacker would have to guess.
CHARACTERS_OWN_MIN = 5
# Three letters of a row are in every second word ("were", "first"), three digits or equal characters are not.
RUN_LETTERS_MIN = 4
RUN_DIGITS_MIN = 3
CONTEXT_CHARACTERS_MIN = 4

# The commonest parts of leaked passwords, the longer before what they contain.
WORDS = """
    iloveyou trustno1 letmein changeme changeit password passwort passphrase passcode passwd motdepasse contrasena
    administrator admin superuser superman batman spiderman starwars pokemon football baseball basketball soccer
    hockey princess sunshine welcome monkey dragon master shadow michael jennifer jordan ashley charlie daniel
    freedom whatever computer internet google facebook qwerty azerty qwertz secret access hello login guest default
    testing tester test user username root demo sample example temporary temp forever loveme love angel lovely
    summer winter spring autumn january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday abcdef lexora this that is my the a pass word
""".split()  # noqa: SIM905  # a paragraph reads better than two hundred quotes

ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "zaq1xsw2cde3vfr4bgt5nhy6mju7"),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()"),
)
RUNS = "\n".join((*ROWS, *(row[::-1] for row in ROWS)))
DISGUISES = str.maketrans("@4301!|57$", "aaeoiiists")
YEAR = re.compile(r"(?:19|20)\d\d")


def normalise_password(password: str) -> str:
    """Return what is hashed: one form for what keyboards and systems write in several."""
    return unicodedata.normalize("NFKC", password)


def require_acceptable(password: str, *, characters_min: int, context: Iterable[str]) -> str:
    """Return a new password in the form that is hashed.

    Args:
        password: As it was typed; blanks at its ends count.
        characters_min: Of its normalised form.
        context: What is known of the account, such as its address: worth nothing in a password.

    Raises:
        InvalidInput: It is too short, too long or too common. The message does not repeat it.
    """
    require_length("password", password, low=0, high=PASSWORD_CHARACTERS_MAX)
    normal = normalise_password(password)
    require_length("password", normal, low=characters_min, high=PASSWORD_CHARACTERS_MAX)
    if is_common(normal, context):
        message = "`password` is too common or too close to the account; take several words that are your own."
        raise InvalidInput(message, path=("password",))
    return normal


def is_common(password: str, context: Iterable[str] = ()) -> bool:
    """Return whether a password is repetition, rows of keys, common words, or what is known of the account."""
    folded = password.casefold()
    if len(set(folded)) < CHARACTERS_DIFFERENT_MIN or _is_repetition(folded):
        return True
    words = _words_pattern({*WORDS, *_parts(context)})
    return any(_own(reading, words) < CHARACTERS_OWN_MIN for reading in (folded, folded.translate(DISGUISES)))


def _is_repetition(text: str) -> bool:
    # The text's period, by the borders of its prefixes (Knuth, Morris and Pratt).
    borders = [0] * len(text)
    for place in range(1, len(text)):
        border = borders[place - 1]
        while border and text[place] != text[border]:
            border = borders[border - 1]
        borders[place] = border + (text[place] == text[border])
    return 2 * (len(text) - borders[-1]) <= len(text)


def _parts(context: Iterable[str]) -> set[str]:
    whole = [text.casefold() for text in context]
    parts = [part for text in whole for part in re.split(r"[\W_]+", text)]
    return {part for part in (*whole, *parts) if len(part) >= CONTEXT_CHARACTERS_MIN}


def _words_pattern(words: set[str]) -> re.Pattern[str]:
    # Short words count only where they stand alone, or nothing would be left of honest ones.
    patterns = (
        re.escape(word) if len(word) >= CONTEXT_CHARACTERS_MIN else rf"(?<![^\W_]){word}(?![^\W_])"
        for word in sorted(words, key=len, reverse=True)
    )
    return re.compile("|".join(patterns))


def _own(text: str, words: re.Pattern[str]) -> int:
    rest = words.sub(" ", _without_runs(YEAR.sub(" ", text)))
    return sum(character.isalnum() for character in rest)


def _without_runs(text: str) -> str:
    kept: list[str] = []
    place = 0
    while place < len(text):
        length = _run_length(text, place)
        kept.append(" " if length else text[place])
        place += length or 1
    return "".join(kept)


def _run_length(text: str, start: int) -> int:
    same = start + 1
    while same < len(text) and text[same] == text[start]:
        same += 1
    row = start + 1
    while row < len(text) and text[start : row + 1] in RUNS:
        row += 1
    run = text[start : max(same, row)]
    least = RUN_LETTERS_MIN if same < row and not run.isdigit() else RUN_DIGITS_MIN
    return len(run) if len(run) >= least else 0
