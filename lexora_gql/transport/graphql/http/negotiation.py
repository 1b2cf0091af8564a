"""What a client takes: a result as JSON, or a stream of results.

Source:
    RFC 9110, section 12.5.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from starlette.datastructures import Headers

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
RANGES_MAX = 50

Range = tuple[str, float, dict[str, str]]
"""A media range with its quality and parameters."""


class StreamKind(Enum):
    """How several results come over one response."""

    EVENTS = "text/event-stream"
    """graphql-sse, distinct connections mode."""
    PARTS = "multipart/mixed"
    """Apollo's multipart subscriptions, version 1.0."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes, as far as it can be had.

    Attributes:
        result: The type of a single result; None where it takes none.
        stream: How it takes several; None where it does not.
    """

    result: str | None
    stream: StreamKind | None

    @property
    def error_type(self) -> str:
        """The type of an error, for which there must be one whatever the client takes."""
        return self.result or JSON


def accepted(headers: Headers, *, default: str) -> Accepted:
    """Return what the header `Accept` allows.

    Args:
        headers: Of the request.
        default: The type of a result where the client has no wish.
    """
    # The header may come several times; that is the same as one with commas.
    given = ",".join(headers.getlist("accept")).lower()
    if not given.strip():
        return Accepted(default, None)
    ranges = [*_ranges(given)]
    # Of two that are wanted as much, the one that was named first; then the one that those without a wish are given.
    best = max((default, GRAPHQL_JSON, JSON), key=lambda name: _rank(name, ranges))
    wanted = sorted((each for each in ranges if each[1] > 0), key=lambda each: -each[1])
    streams = (_stream(name, parameters) for name, _, parameters in wanted)
    return Accepted(best if _rank(best, ranges)[0] > 0 else None, next((stream for stream in streams if stream), None))


def _rank(name: str, ranges: list[Range]) -> tuple[float, int]:
    """Return how much a type is wanted, and how early it was named: the narrowest range that it is in says so."""
    for wanted in (name, "application/*", "*/*"):
        for place, (given, quality, _) in enumerate(ranges):
            if given == wanted:
                return quality, -place
    return 0.0, 0


def _stream(name: str, parameters: dict[str, str]) -> StreamKind | None:
    if name == StreamKind.EVENTS.value:
        return StreamKind.EVENTS
    # Without the specification's version it is another multipart/mixed: that of incremental delivery.
    if name == StreamKind.PARTS.value and parameters.get("subscriptionspec", "").startswith("1.0"):
        return StreamKind.PARTS
    return None


def _ranges(given: str) -> Iterator[Range]:
    for part in given.split(",", RANGES_MAX)[:RANGES_MAX]:
        name, *rest = (each.strip() for each in part.split(";"))
        pairs = (each.partition("=") for each in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, _quality(parameters.get("q", "1")), parameters


def _quality(given: str) -> float:
    try:
        value = float(given)
    except ValueError:
        return 0.0
    return value if 0.0 <= value <= 1.0 else 0.0
