"""What a server complains of in its log: whatever clients do, nothing that looks like a fault of its own."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.testing import capture_logs


class _Complaints(logging.Handler):
    """Keeps errors, and whatever has a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        if record.levelno >= logging.ERROR or record.exc_info:
            self.found.append(f"{record.name}: {self.format(record)}")


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect what is logged as an error, by us and by libraries; complete when the context ends."""
    handler = _Complaints()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with capture_logs() as entries:
            yield handler.found
            # Tasks whose exceptions nobody has seen complain when they are thrown away; the young ones are enough.
            gc.collect(1)
    finally:
        root.removeHandler(handler)
    ours = [entry for entry in entries if entry["log_level"] in {"error", "critical"} or "exc_info" in entry]
    handler.found.extend(map(str, ours))


@contextmanager
def no_complaints() -> Iterator[None]:
    """Check that nothing is logged as an error.

    Raises:
        AssertionError: Something was.
    """
    with complaints() as found:
        yield
    assert found == []
