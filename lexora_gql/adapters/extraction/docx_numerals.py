"""Numbers as Word prints them before the items of a list."""

from collections.abc import Callable

ROMAN_MAX = 3_999
REPEATS_MAX = 40
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
    (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_CHINESE = "〇一二三四五六七八九"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_ORDINAL = {1: "st", 2: "nd", 3: "rd"}


def numeral(kind: str, number: int) -> str:
    """Return a number in one of Word's kinds of numerals, in decimal where the kind is not known or has none for it.

    Args:
        kind: A value of ST_NumberFormat, such as lowerRoman.
        number: From 0.
    """
    printer = _PRINTERS.get(kind)
    return (printer(number) if printer is not None else "") or ("" if kind in {"none", "bullet"} else str(number))


def _letters(alphabet: str, number: int) -> str:
    """Word goes on after z with aa, bb, cc."""
    if number < 1:
        return ""
    return alphabet[(number - 1) % len(alphabet)] * min(1 + (number - 1) // len(alphabet), REPEATS_MAX)


def _roman(number: int) -> str:
    printed = ""
    for amount, letters in _ROMAN if number <= ROMAN_MAX else ():
        printed += letters * (number // amount)
        number %= amount
    return printed


def _chinese(number: int) -> str:
    """Count as Chinese and Japanese do, up to 99: 十, 十一, 二十."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _CHINESE[ones]
    if tens > len("123456789"):
        return ""
    return f"{_CHINESE[tens] if tens > 1 else ''}十{_CHINESE[ones] if ones else ''}"


def _circled(number: int) -> str:
    return _CIRCLED[number - 1] if 0 < number <= len(_CIRCLED) else ""


def _ordinal(number: int) -> str:
    is_teen = number % 100 // 10 == 1
    return f"{number}{'th' if is_teen else _ORDINAL.get(number % 10, 'th')}"


_PRINTERS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": lambda number: _letters(_LATIN, number),
    "upperLetter": lambda number: _letters(_LATIN, number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "russianLower": lambda number: _letters(_RUSSIAN, number),
    "russianUpper": lambda number: _letters(_RUSSIAN, number).upper(),
    "ordinal": _ordinal,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    **dict.fromkeys(
        ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCountingThousand"), _chinese
    ),
}
