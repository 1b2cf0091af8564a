"""One line of JSON per event, from our own code and from libraries alike, without secrets or contents."""

import asyncio
import copy
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

from lexora_gql.telemetry.redaction import format_exception, redact, type_name

OURS = "lexora_gql"
# Their debug records hold prompts, statements, frames and headers, so those are never written, whoever asks for them.
LIBRARY_LEVEL = logging.WARNING
LEVELS = {
    "alembic": logging.INFO,
    # Of statements only what DATABASE_ECHO asks for; the engine hides their parameters.
    "sqlalchemy.engine": logging.INFO,
    "pypdf": logging.ERROR,
    # It warns of each form that is none, with bytes of it; whoever sent it is told.
    "python_multipart": logging.ERROR,
    # What goes wrong in a GraphQL operation holds variables; transport logs it its own way.
    "strawberry": logging.CRITICAL + 1,
    # An address may hold a signature; middleware counts and times requests.
    "uvicorn.access": logging.CRITICAL + 1,
}
SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access")
# Given a handler, or else it makes its own, which writes past ours.
ECHO = "sqlalchemy.engine.Engine"
POOL = "sqlalchemy.pool"


def configure_logging(level: str, style: str, *, stream: TextIO | None = None) -> None:
    """Send everything to standard error, structured. Calling it again replaces what was set.

    Args:
        level: DEBUG, INFO, WARNING or ERROR, for our own code; libraries stay at theirs.
        style: "json" or "console".
        stream: Instead of standard error.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                format_exception,
                redact,
                _renderer(style),
            ],
        )
    )
    _install(handler, logging.getLevelNamesMapping()[level])


def _renderer(style: str) -> Any:  # noqa: ANN401  # structlog's processors have no common type
    if style == "console":
        return structlog.dev.ConsoleRenderer()
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, LIBRARY_LEVEL))
    logging.getLogger(OURS).setLevel(level)
    logging.getLogger("alembic").setLevel(max(level, logging.INFO))
    for name in SERVERS:
        server = logging.getLogger(name)
        # Whoever ran uvicorn in this process before us may have had other ideas.
        server.handlers, server.propagate, server.disabled = [], True, False
        server.setLevel(logging.NOTSET)
    echo = logging.getLogger(ECHO)
    echo.handlers, echo.propagate = [handler], False
    logging.captureWarnings(capture=True)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes what may be written, whatever level a library gave its own loggers."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record that is important enough for where it comes from, without messages of exceptions."""
        if record.levelno < _least(record.name) or _is_ended_while_closing(record):
            return
        plain = copy.copy(record)
        if isinstance(record.args, tuple):
            plain.args = tuple(type_name(arg) if isinstance(arg, BaseException) else arg for arg in record.args)
        if record.name == "asyncio":
            # The lines after the first are reprs of tasks and handles, with their arguments and exceptions.
            plain.msg, plain.args = plain.getMessage().partition("\n")[0], ()
        super().emit(plain)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say that a record could not be written; what logging says by itself holds its arguments."""
        error = sys.exception()
        reason = type_name(error) if error else "unknown"
        try:
            self.stream.write(f'{{"event": "log_record_lost", "logger": "{record.name}", "reason": "{reason}"}}\n')
        except (OSError, ValueError):
            return  # nobody reads us any more


def _is_ended_while_closing(record: logging.LogRecord) -> bool:
    """Return whether a task was cancelled in which the pool closed a connection: asyncpg has cut it by then."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name.startswith(POOL) and isinstance(error, asyncio.CancelledError)


def _least(name: str) -> int:
    """Return the level from which a logger's records are written."""
    if name.partition(".")[0] == OURS:
        return logging.NOTSET
    while name:
        if name in LEVELS:
            return LEVELS[name]
        name = name.rpartition(".")[0]
    return LIBRARY_LEVEL


@contextmanager
def request_context(request_id: str) -> Iterator[None]:
    """Put a request's id on every line logged inside, tasks begun there included."""
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield


def request_id() -> str | None:
    """Return the id of the request that is being served, to be kept with work that outlives it."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found
