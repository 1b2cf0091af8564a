"""Taking secrets and contents out of what is about to be logged.

A last resort: code does not log them in the first place. Messages of exceptions are never logged, since those of
libraries hold statements, values, prompts and answers: the type, the chain and the lines of code are.
"""

import errno
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any
from uuid import UUID

REDACTED = "[redacted]"
SECRET_PARTS = frozenset(
    ["password", "passwords", "passwd", "secret", "secrets", "authorization", "cookie", "cookies", "credentials", "jwt"]
)
"""A name with one of these in it is a secret's."""
SECRET_ENDS = frozenset(
    ["token", "dsn", "content", "prompt", "text", "query", "question", "answer", "quote", "body", "message", "messages"]
)
"""A name that ends in one of these is a secret's or a content's."""
SECRET_NAMES = frozenset(
    ["api_key", "apikey", "database_url", "redis_url", "bucket_url", "download_url", "key_material"]
)

TEXT_CHARACTERS_MAX = 1_000
ITEMS_MAX = 20
DEPTH_MAX = 3
FRAMES_MAX = 30
CHAIN_MAX = 5

_SECRET_LOOKS = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+|\blxk_\w{8}_[\w-]{20,}|\bsk-[\w-]{16,}|(?i:\bbearer\s+)[\w.~+/=-]{8,}|(?<=://)[^\s/@]+@"
)
_PLAIN = (UUID, date, timedelta, Decimal, PurePath)
_HOME = re.compile(r"^.*?(?=lexora_gql[/\\])|^.*[/\\](?:site-packages|lib)[/\\](?:python3\.\d+[/\\])?")


def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401  # structlog's shape
    """Return an event without secrets and contents, all its values plain, for a renderer."""
    return {name: safe(name, value) for name, value in event.items()}


def safe(name: str, value: object, depth: int = 0) -> object:
    """Return a value as it may be logged under a name: numbers as they are, texts without what looks like a secret."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret(name):
        return REDACTED
    plain = value.value if isinstance(value, Enum) else value
    if isinstance(plain, str):
        return scrub(plain)
    return str(plain) if isinstance(plain, _PLAIN) else _inner(name, plain, depth)


def _inner(name: str, value: object, depth: int) -> object:
    """Return what a collection holds, each part as `safe` gives it; of anything else only its type."""
    if isinstance(value, Mapping) and depth < DEPTH_MAX:
        items = list(value.items())[:ITEMS_MAX]
        return {str(key): safe(str(key), inner, depth + 1) for key, inner in items}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEPTH_MAX:
        return [safe(name, inner, depth + 1) for inner in list(value)[:ITEMS_MAX]]
    return value if isinstance(value, int | float) else f"<{type(value).__name__}>"  # its repr may hold anything


def is_secret(name: str) -> bool:
    """Return whether a name is one of a secret's or a content's."""
    lower = name.lower().replace("-", "_")
    parts = lower.split("_")
    return lower in SECRET_NAMES or parts[-1] in SECRET_ENDS or not SECRET_PARTS.isdisjoint(parts)


def scrub(text: str) -> str:
    """Return a text cut to a length, without tokens, keys and passwords of addresses."""
    short = text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[:TEXT_CHARACTERS_MAX]}…"
    return _SECRET_LOOKS.sub(REDACTED, short)


def format_exception(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401  # structlog's shape
    """Replace an event's `exc_info` by `exception`: types and lines of code, innermost cause first."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exception() if given is True else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_described(error))
    return event


def _described(error: BaseException) -> list[str]:
    lines: list[str] = []
    for place, link in enumerate(_chain(error)):
        lines.append(f"{'raised while handling ' if place else ''}{type_name(link)}")
        lines.extend(f"  {frame}" for frame in _frames(link.__traceback__))
        if isinstance(link, BaseExceptionGroup):
            lines.append(f"  of {', '.join(type_name(inner) for inner in link.exceptions[:ITEMS_MAX])}")
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(CHAIN_MAX):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace)[-FRAMES_MAX:]:
        yield f"{_HOME.sub('', frame.filename)}:{frame.lineno} in {frame.name}"


def type_name(error: BaseException) -> str:
    """Return an exception's type, and the operating system's word for it where there is one; never its message."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    code = errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
    return f"{name} ({code})" if code else name
