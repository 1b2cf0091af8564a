"""Naming pages to a person."""

from itertools import pairwise

RANGES_NAMED_MAX = 10


def name_pages(numbers: list[int], one: str = "Page", several: str = "Pages") -> str:
    """Return such as "Page 3", or "Pages 3, 5-7 and 12 more"; the numbers ascend."""
    if len(numbers) == 1:
        return f"{one} {numbers[0]:,}"
    ranges = [[numbers[0], numbers[0]]]
    for before, number in pairwise(numbers):
        if number > before + 1:
            ranges.append([number, number])
        ranges[-1][1] = number
    named = [f"{low:,}" if low == high else f"{low:,}-{high:,}" for low, high in ranges[:RANGES_NAMED_MAX]]
    more = sum(high - low + 1 for low, high in ranges[RANGES_NAMED_MAX:])
    return f"{several} {', '.join(named)}" + (f" and {more:,} more" if more else "")


def agree(numbers: list[int], one: str, several: str) -> str:
    """Return the verb that goes with so many pages."""
    return one if len(numbers) == 1 else several
