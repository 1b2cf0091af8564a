"""One line of JSON per event, from our own code and from libraries alike, without secrets or contents."""

import logging
import logging.config
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

# Their debug records hold prompts, statements, frames and headers.
QUIET = {
    "asyncio": logging.WARNING,
    "arq": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "openai": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "websockets": logging.WARNING,
    "pypdf": logging.ERROR,
    "multipart": logging.WARNING,
    "python_multipart": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "strawberry": logging.CRITICAL,
    "charset_normalizer": logging.WARNING,
}
# A last resort: whoever logs under such a name by mistake logs nothing.
SECRET_NAMES = frozenset(
    {
        "password",
        "token",
        "access_token",
        "refresh_token",
        "authorization",
        "secret",
        "secret_key",
        "api_key",
        "cookie",
        "content",
        "prompt",
        "question",
        "answer",
        "text",
        "query",
        "quote",
    }
)
REDACTED = "[redacted]"


def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Replace the values of names that must not be logged."""
    for name in event:
        if name.lower() in SECRET_NAMES:
            event[name] = REDACTED
    return event


def configure_logging(level: str, style: str) -> None:
    """Send everything to standard error, structured.

    Args:
        level: DEBUG, INFO, WARNING or ERROR; libraries stay at theirs.
        style: "json" or "console".
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if style == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelNamesMapping()[level]))


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Put a request's id on every line logged inside, tasks begun there included."""
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield
