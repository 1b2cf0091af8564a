"""What must hold of every answer, whatever was done to its readers and its writer; each returns what violates it."""

from collections.abc import Iterable, Sequence

from tests.campaigns.answers.views import FINISHED, SOURCES, TEXT, Seen, Stored, View


def torn(name: str, view: View, stored: Stored | None) -> list[str]:
    """Each piece begins where the last one ended, and together they are the stored answer to the letter."""
    found, text = [], ""
    for event in view.events:
        if event.kind == TEXT:
            if event.offset != len(text):
                found.append(f"{name}: a piece begins at {event.offset}, but {len(text)} characters are known")
            text += event.text
    if stored is None:
        found.append(f"{name} is not stored")
    elif text != stored.content:
        found.append(f"{name}: {len(text)} characters were seen, {len(stored.content)} are stored: they differ")
    return found


def disordered(name: str, view: View) -> list[str]:
    """Sources first and once, then text, then one terminal event and nothing after it."""
    kinds = [event.kind for event in view.events]
    found = []
    if (ends := kinds.count(FINISHED)) != 1:
        found.append(f"{name} has {ends} terminal events")
    if FINISHED in kinds[:-1]:
        found.append(f"{name} goes on after its end")
    if (sources := kinds.count(SOURCES)) > 1 or (TEXT in kinds and sources != 1):
        found.append(f"{name} has its sources {sources} times")
    elif sources and kinds[0] != SOURCES:
        found.append(f"{name} does not begin with its sources")
    return found


def truncated(name: str, stored: Stored | None, script: str, expected: str) -> list[str]:
    """What is COMPLETED is whole, what is not is the beginning, and it ended as it had to.

    Args:
        name: Of the answer.
        stored: As it ended.
        script: All that the model had to say.
        expected: The status it must have.
    """
    if stored is None:
        return []
    found = [] if stored.status == expected else [f"{name} is {stored.status}, not {expected}"]
    if stored.status == "COMPLETED" and stored.content != script:
        found.append(f"{name} is COMPLETED with {len(stored.content)} of {len(script)} characters")
    elif not script.startswith(stored.content.rstrip()):
        found.append(f"{name} is no beginning of what the model said")
    return found


def rewritten(name: str, told: Seen | None, stored: Stored | None) -> list[str]:
    """What was told as the end is what is stored long after: nobody has written to it since."""
    if told is None or stored is None or (told.status, told.content) == (stored.status, stored.content):
        return []
    return [f"{name} was told as {told.status} of {len(told.content)} characters, and is {stored.status} since"]


def misread(name: str, rest: Sequence[Seen], after: Seen, stored: Stored | None) -> list[str]:
    """Any cursor gives exactly the rest, long after as well."""
    content = stored.content if stored else ""
    start = len(content) if after.kind == FINISHED else after.offset + len(after.text)
    text = "".join(event.text for event in rest)
    offsets = [event.offset for event in rest if event.kind == TEXT]
    if text != content[start:] or (offsets and offsets[0] != start):
        return [f"{name}: after character {start} came {len(text)} characters, not {len(content) - start}"]
    ends = sum(event.kind == FINISHED for event in rest)
    return [] if ends == (after.kind != FINISHED) else [f"{name}: after character {start} came {ends} terminal events"]


def silent(name: str, view: View, *, seconds_max: float) -> list[str]:
    """No reader waits longer than so for something to be seen, while there is something to be seen."""
    if view.finished is None:
        return [f"{name} was never seen to end"]
    if view.silence_seconds > seconds_max:
        return [f"{name} stood still for {view.silence_seconds:.1f} s"]
    return []


def late(name: str, view: View, struck_at: float, *, seconds_max: float) -> list[str]:
    """A reader knows so soon that the writer is lost."""
    if view.finished is None:
        return [f"{name} was never seen to end"]
    took = view.finished.at - struck_at
    return [f"{name} was seen to end {took:.1f} s after its writer"] if took > seconds_max else []


def slow(what: str, share_percent: int, figures: Iterable[float], *, seconds_max: float) -> list[str]:
    """So many in a hundred are within the limit."""
    ordered = sorted(figures)
    if not ordered:
        return []
    reached = ordered[min(len(ordered) - 1, len(ordered) * share_percent // 100)]
    return [f"{what}: {share_percent} % within {reached:.2f} s"] if reached > seconds_max else []
