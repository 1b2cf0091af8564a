"""How many tokens a text may cost, without the provider's tokenizer."""

from lexora_gql.conversations.language.wording import is_unspaced

ASCII_CHARACTERS_PER_TOKEN = 4
OTHER_CHARACTERS_PER_TOKEN = 2


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has: rather too many than too few.

    A token for 4 ASCII characters, for 2 of other alphabets, for each of scripts without blanks between words.
    """
    ascii_characters = len(text.encode("ascii", "ignore"))
    unspaced = 0 if ascii_characters == len(text) else sum(map(is_unspaced, text))
    others = len(text) - ascii_characters - unspaced
    return -(-ascii_characters // ASCII_CHARACTERS_PER_TOKEN) - (-others // OTHER_CHARACTERS_PER_TOKEN) + unspaced


def cut_to_tokens(text: str, tokens: int) -> str:
    """Return the beginning of a text that costs at most so many tokens, cut at a blank where there is one near."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate_tokens(text[:middle]) <= tokens else (low, middle - 1)
    if low == len(text):
        return text
    blank = max(text.rfind(" ", 0, low), text.rfind("\n", 0, low))
    return text[: blank if blank > low * 0.8 else low].rstrip()
