"""Whether what a client heard of an answer is the answer: all of it, in order, once."""

from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]


def faults(events: list[Event], answer: str) -> list[str]:
    """Return what is wrong with a sequence of events; nothing when it is whole.

    Args:
        events: As a client heard them, over however many connections.
        answer: What the model said.
    """
    found = []
    kinds = [event["__typename"] for event in events]
    if kinds[:1] != ["AnswerSources"] or kinds[-1:] != ["AnswerFinished"]:
        found.append("It does not go from sources to the end.")
    if set(kinds[1:-1]) != {"AnswerText"}:
        found.append("There is something else than text in between.")
    if len({event["cursor"] for event in events}) != len(events):
        found.append("A cursor comes twice.")
    text = ""
    for event in events:
        if event["__typename"] == "AnswerText":
            if event["offset"] != len(text):
                found.append(f"A piece begins at {event['offset']}, where the text has {len(text)} characters.")
            text += event["text"]
    if text != answer:
        found.append("The pieces are not what the model said.")
    stored = [event["message"]["content"] for event in events if event["__typename"] == "AnswerFinished"]
    if stored != [text]:
        found.append("The pieces are not what is stored.")
    return found


def tampered(events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Yield sequences that are wrong in one way each."""
    for at in range(len(events)):
        yield f"event {at} is lost", events[:at] + events[at + 1 :]
        yield f"event {at} comes twice", events[: at + 1] + events[at:]
    for at in range(len(events) - 1):
        yield f"event {at} comes late", [*events[:at], events[at + 1], events[at], *events[at + 2 :]]
    for at, event in enumerate(events):
        if event["__typename"] == "AnswerText":
            shorter = event | {"text": event["text"][:-1]}
            yield f"event {at} lacks a character", [*events[:at], shorter, *events[at + 1 :]]
