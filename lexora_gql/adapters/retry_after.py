"""How long a provider asks to be left alone."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return what Retry-After says, a number or a date, in seconds from now; None where it says nothing.

    Args:
        headers: Looked up in lower case.
    """
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):
            seconds = float(headers.get(header, "")) * unit
            if isfinite(seconds) and seconds >= 0:
                return seconds
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(headers.get("retry-after", ""))
        # A date without a zone is taken for UTC, as HTTP has it.
        return max((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds(), 0.0)
    return None
