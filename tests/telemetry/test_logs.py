"""Everything is logged as one line of JSON, and nothing secret: canaries are planted where they might slip out."""

import asyncio
import io
import json
import logging
import os
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import openai
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import create_async_engine

from lexora_gql.telemetry.logs import configure_logging, request_context, request_id
from lexora_gql.telemetry.redaction import REDACTED, safe, scrub

CANARY = "canary-7f3a91"
LOGGERS = ("lexora_gql", "alembic", "sqlalchemy.engine.Engine", "uvicorn", "uvicorn.error", "uvicorn.access", "openai")


class Written(io.StringIO):
    """What was logged."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def written() -> Iterator[Written]:
    """Everything logged at DEBUG; logging is as it was afterwards."""
    root = logging.getLogger()
    before = root.handlers, root.level
    loggers = {name: logging.getLogger(name) for name in LOGGERS}
    states = {name: (logger.level, logger.handlers, logger.propagate) for name, logger in loggers.items()}
    config = structlog.get_config()
    stream = Written()
    configure_logging("DEBUG", "json", stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    structlog.configure(**config)
    root.handlers, root.level = before
    for name, (level, handlers, propagate) in states.items():
        loggers[name].setLevel(level)
        loggers[name].handlers, loggers[name].propagate = handlers, propagate


def ours() -> Any:
    return structlog.get_logger("lexora_gql.tests")


class TestLines:
    def test_an_event_is_one_line_with_its_fields(self, written: Written) -> None:
        ours().info("document_processed", document_id="d1", seconds=1.5)

        [line] = written.lines
        timestamp = line.pop("timestamp")
        assert timestamp.endswith("Z")
        assert line == {
            "event": "document_processed",
            "document_id": "d1",
            "seconds": 1.5,
            "level": "info",
            "logger": "lexora_gql.tests",
        }

    def test_standard_logging_comes_out_the_same(self, written: Written) -> None:
        logging.getLogger("lexora_gql.tests").debug("read %d pages", 3)
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

        assert [(line["level"], line["logger"], line["event"]) for line in written.lines] == [
            ("debug", "lexora_gql.tests", "read 3 pages"),
            ("warning", "uvicorn.error", "Invalid HTTP request received."),
        ]

    async def test_the_requests_id_is_on_every_line_and_in_tasks_begun_there(self, written: Written) -> None:
        async def work() -> None:
            ours().info("in_task", known=request_id())

        with request_context("r-1"):
            ours().info("in_request")
            task = asyncio.create_task(work())
        await task
        ours().info("outside")

        assert [line.get("request_id") for line in written.lines] == ["r-1", "r-1", None]
        assert written.lines[1]["known"] == "r-1"
        assert request_id() is None

    def test_below_the_level_nothing_is_written(self, written: Written) -> None:
        configure_logging("WARNING", "json", stream=written)
        ours().info("unimportant")
        ours().warning("important")

        assert [line["event"] for line in written.lines] == ["important"]

    def test_the_console_has_the_event_and_no_secret(self, written: Written) -> None:
        configure_logging("INFO", "console", stream=written)
        ours().info("signed_in", password=CANARY)

        assert "signed_in" in written.getvalue()
        assert CANARY not in written.getvalue()


def refused() -> None:
    """Raise an error for another one, both with a canary in their messages."""
    try:
        os.environ[CANARY]
    except KeyError as error:
        raise ConnectionRefusedError(111, CANARY) from error


class TestExceptions:
    def test_types_and_places_are_logged_but_no_message(self, written: Written) -> None:
        try:
            refused()
        except OSError:
            ours().exception("step_failed")

        [line] = written.lines
        assert CANARY not in written.getvalue()
        exception = line["exception"].splitlines()
        assert exception[0] == "ConnectionRefusedError (ECONNREFUSED)"
        assert exception[2].endswith("in refused")
        assert "test_logs.py:" in exception[2]
        assert exception[3] == "raised while handling KeyError"

    def test_libraries_that_log_exceptions_log_their_types(self, written: Written) -> None:
        error = ValueError(CANARY)
        logging.getLogger("arq.worker").error("job failed, %s: %s", "ValueError", error, exc_info=error)

        [line] = written.lines
        assert (line["event"], line["exception"]) == ("job failed, ValueError: ValueError", "ValueError")

    def test_a_group_names_what_it_holds(self, written: Written) -> None:
        ours().error("failed", exc_info=ExceptionGroup(CANARY, [ValueError(CANARY), OSError(2, CANARY)]))

        assert written.lines[0]["exception"] == "ExceptionGroup\n  of ValueError, FileNotFoundError (ENOENT)"

    async def test_a_task_nobody_awaited_does_not_spill_its_exception(self, written: Written) -> None:
        loop = asyncio.get_running_loop()
        loop.default_exception_handler(
            {"message": "Task exception was never retrieved", "exception": ValueError(CANARY), "task": CANARY}
        )

        assert written.lines[0]["event"] == "Task exception was never retrieved"
        assert CANARY not in written.getvalue()

    def test_a_record_that_cannot_be_formatted_is_told_without_its_arguments(self, written: Written) -> None:
        record = logging.LogRecord("redis", logging.WARNING, __file__, 1, "%d", (CANARY,), None)
        logging.getLogger().handlers[0].handle(record)

        assert written.lines == [{"event": "log_record_lost", "logger": "redis", "reason": "TypeError"}]


class TestLibraries:
    @pytest.mark.parametrize(
        "name",
        ["openai", "openai._base_client", "httpx", "httpcore.http11", "asyncio", "arq.worker", "websockets.server"],
    )
    def test_they_are_not_heard_below_warning_even_if_their_loggers_are_opened(
        self, written: Written, name: str
    ) -> None:
        logger = logging.getLogger(name)
        level = logger.level
        logger.setLevel(logging.DEBUG)
        try:
            logger.debug("Request options: %s", {"json_data": CANARY})
            logger.info("HTTP Request: %s", CANARY)
        finally:
            logger.setLevel(level)

        assert written.getvalue() == ""

    @pytest.mark.parametrize("name", ["uvicorn.access", "strawberry.execution"])
    def test_some_are_never_heard(self, written: Written, name: str) -> None:
        logging.getLogger(name).error("GET /files/x?signature=%s", CANARY)

        assert written.getvalue() == ""

    async def test_a_model_is_asked_without_a_trace(self, written: Written) -> None:
        logging.getLogger("openai").setLevel(logging.DEBUG)

        def respond(request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(400, json={"error": {"message": CANARY}})

        async with openai.AsyncOpenAI(
            api_key=CANARY,
            base_url="http://model.test/v1",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(transport=httpx2.MockTransport(respond)),
        ) as client:
            try:
                await client.chat.completions.create(model="m", messages=[{"role": "user", "content": CANARY}])
            except openai.BadRequestError:
                ours().exception("model_failed", prompt=CANARY)

        assert "openai.BadRequestError" in written.lines[0]["exception"]
        assert CANARY not in written.getvalue()

    async def test_statements_are_logged_when_asked_for_without_their_parameters(self, written: Written) -> None:
        logging.getLogger("sqlalchemy.engine.Engine").setLevel(logging.NOTSET)
        engine = create_async_engine("postgresql+asyncpg://nobody@localhost/none", echo=True, hide_parameters=True)
        engine.sync_engine.logger.info("SELECT 1")
        engine.sync_engine.logger.debug("Row (%r,)", CANARY)
        await engine.dispose()

        assert [line["event"] for line in written.lines] == ["SELECT 1"]
        assert str(select(bindparam("p", CANARY))) not in written.getvalue()

    @pytest.mark.parametrize(
        ("logger", "error", "is_told"),
        [
            ("sqlalchemy.pool.impl.AsyncAdaptedQueuePool", asyncio.CancelledError(), False),
            ("sqlalchemy.pool.impl.AsyncAdaptedQueuePool", OSError(), True),
            ("asyncio", asyncio.CancelledError(), True),
        ],
    )
    def test_a_connection_closed_by_who_is_ended_is_no_error(
        self, written: Written, logger: str, error: BaseException, *, is_told: bool
    ) -> None:
        logging.getLogger(logger).error("Exception closing connection %r", object(), exc_info=error)

        assert bool(written.lines) is is_told

    def test_warnings_are_logged(self, written: Written) -> None:
        logging.getLogger("py.warnings").warning("a deprecation")

        assert [line["logger"] for line in written.lines] == ["py.warnings"]


class Colour(StrEnum):
    RED = "red"


class Document:
    def __repr__(self) -> str:
        return CANARY


class TestRedaction:
    @pytest.mark.parametrize(
        "name",
        [
            "password", "new_password", "token", "access_token", "Authorization", "proxy-authorization", "secret",
            "secret_key", "client_secret_value", "api_key", "cookie", "set-cookie", "content", "prompt", "page_text",
            "query", "question", "answer", "quote", "database_url", "message",
        ],
    )  # fmt: skip
    def test_values_of_such_names_are_not_written(self, written: Written, name: str) -> None:
        ours().info("mistake", **{name: CANARY}, headers={name: CANARY}, parts=[{"deep": {name: [CANARY]}}])

        assert CANARY not in written.getvalue()
        assert written.lines[0][name] == REDACTED

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("prompt_tokens", 12, 12),
            ("query", 3, 3),
            ("content", None, None),
            ("content_type", "text/plain", "text/plain"),
            ("answer_id", "m1", "m1"),
            ("document", Document(), "<Document>"),
            ("data", CANARY.encode(), "<bytes>"),
            ("id", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
            ("path", Path("a/b"), "a/b"),
            ("cost", Decimal("1.5"), "1.5"),
            ("colour", Colour.RED, "red"),
            ("ids", {"a"}, ["a"]),
        ],
    )
    def test_values_come_out_plain(self, name: str, value: object, expected: object) -> None:
        assert safe(name, value) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("postgresql://lexora:hunter2@db/x", f"postgresql://{REDACTED}db/x"),
            ("got Bearer abc.def-ghi", f"got {REDACTED}"),
            ("key lxk_abcdefgh_" + "A" * 43, f"key {REDACTED}"),
            ("sk-proj-" + "a1" * 20, REDACTED),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2ln", f"jwt {REDACTED}"),
            ("x" * 2_000, "x" * 1_000 + "…"),
        ],
    )
    def test_what_looks_like_a_secret_goes_from_any_text(self, text: str, expected: str) -> None:
        assert scrub(text) == expected

    @given(
        st.recursive(
            st.none() | st.text() | st.binary() | st.floats(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_whatever_is_logged_can_be_written(self, value: object) -> None:
        json.dumps(safe("value", value))
