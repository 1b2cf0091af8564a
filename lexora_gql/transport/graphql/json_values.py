"""How much JSON may say: each value is read, walked through and turned into what a resolver takes."""

from lexora_gql.transport.graphql.execution.limits import TOO_COSTLY, Limits
from lexora_gql.transport.graphql.refusals import RequestRefused

JSON_VALUES_MAX = 10_000
"""Items of lists and entries of objects; the longest list that any argument takes has a thousand.

A mebibyte may hold 500,000 of them, which a resolver's arguments take a second of the server's time to be made of.
"""
MARKS_MAX = Limits().source_characters + JSON_VALUES_MAX
"""Commas and opening brackets: one for each value, and those of a document, which may have nothing else."""


class TooManyValues(RequestRefused):
    """It says more than any operation needs to be told."""

    code = TOO_COSTLY


def require_few_marks(body: bytes, what: str) -> None:
    """Check a body before it is read, without telling its texts from its values.

    Raises:
        TooManyValues: It holds too many values, or texts of nothing but commas.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MARKS_MAX:
        raise _too_many(what)


def require_few_values(value: object, what: str) -> None:
    """Check what was read.

    Raises:
        TooManyValues: It holds too many values.
    """
    count, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            count += len(item)
            if count > JSON_VALUES_MAX:
                raise _too_many(what)
            pending.extend(item.values() if isinstance(item, dict) else item)


def _too_many(what: str) -> TooManyValues:
    return TooManyValues(f"{what} holds too many values; at most {JSON_VALUES_MAX:,} are allowed.")
