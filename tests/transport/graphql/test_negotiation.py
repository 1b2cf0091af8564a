"""What clients take, as `Accept` says it."""

import pytest
from starlette.datastructures import Headers

from lexora_gql.transport.graphql.execution.outcomes import Outcome
from lexora_gql.transport.graphql.http.negotiation import GRAPHQL_JSON, JSON, Accepted, StreamKind, accepted
from lexora_gql.transport.graphql.http.responses import StatusCodes, status_of

EVENTS, PARTS = StreamKind.EVENTS, StreamKind.PARTS
APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'


def taken(*values: str, default: str = JSON) -> tuple[str | None, StreamKind | None]:
    """Return what is taken, by one header or several."""
    headers = Headers(raw=[(b"accept", value.encode("latin-1")) for value in values])
    found = accepted(headers, default=default)
    return found.result, found.stream


class TestResults:
    @pytest.mark.parametrize("default", [JSON, GRAPHQL_JSON])
    @pytest.mark.parametrize("accept", ["", " ", "*/*", "application/*", "*/*;q=0.1", "image/png, */*;q=0.01"])
    def test_who_has_no_wish_gets_the_usual_one(self, accept: str, default: str) -> None:
        assert taken(accept, default=default) == (default, None)
        assert taken(default=default) == (default, None)

    @pytest.mark.parametrize("default", [JSON, GRAPHQL_JSON])
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("application/json", JSON),
            ("application/graphql-response+json", GRAPHQL_JSON),
            ("Application/JSON", JSON),
            ("application/json; charset=utf-8", JSON),
            ("application/graphql-response+json, application/json", GRAPHQL_JSON),
            ("application/json, application/graphql-response+json", JSON),
            ("application/graphql-response+json;q=0.9, application/json", JSON),
            ("application/graphql-response+json, application/json;q=0.9", GRAPHQL_JSON),
            ("application/json;q=0.5, application/graphql-response+json;q=0.51", GRAPHQL_JSON),
            ("application/json;q=0.1, */*", GRAPHQL_JSON),
            ("*/*, application/json;q=0.1", GRAPHQL_JSON),
            ("application/*;q=0.2, application/graphql-response+json;q=0.1, */*", JSON),
            ("application/json;q=0, */*", GRAPHQL_JSON),
            ("application/graphql-response+json;q=0, application/*", JSON),
            ("*/*;q=0.1, application/json;q=0.2", JSON),
            ("application/json;q=1.0;v=1", JSON),
            ("text/html, application/xhtml+xml, application/json;q=0.9", JSON),
            (" , ,application/json, ", JSON),
        ],
    )
    def test_what_is_wanted_most_is_given(self, accept: str, expected: str, default: str) -> None:
        assert taken(accept, default=default) == (expected, None)

    @pytest.mark.parametrize(
        "accept",
        [
            "image/png",
            "text/html",
            "text/*",
            "*",
            "*/json",
            "application",
            "application/json;q=0",
            "application/json;q=0, application/graphql-response+json;q=0, */*",
            "*/*;q=0",
            "application/json;q=none",
            "application/json;q=",
            "application/json;q=-1",
            "application/json;q=2",
            "application/json;q=nan",
            "application/json;q=inf",
            "application/jsonp",
            "x/y," * 50 + "application/json",
            "\xff\xfe",
        ],
    )
    def test_nothing_is_given_that_is_not_wanted(self, accept: str) -> None:
        assert taken(accept) == (None, None)

    def test_several_headers_are_one(self) -> None:
        assert taken("application/json;q=0.5", "application/graphql-response+json") == (GRAPHQL_JSON, None)

    def test_an_error_has_a_type_whatever_is_taken(self) -> None:
        assert Accepted(None, EVENTS).error_type == JSON
        assert Accepted(GRAPHQL_JSON, None).error_type == GRAPHQL_JSON


class TestStreams:
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("text/event-stream", (None, EVENTS)),
            ("TEXT/EVENT-STREAM", (None, EVENTS)),
            (APOLLO, (None, PARTS)),
            ("multipart/mixed;subscriptionSpec=1.0.1", (None, PARTS)),
            ("multipart/mixed;SUBSCRIPTIONSPEC=1.0", (None, PARTS)),
            (f"{APOLLO},application/json", (JSON, PARTS)),
            ("application/json, text/event-stream", (JSON, EVENTS)),
            (f"text/event-stream;q=0.5, {APOLLO}", (None, PARTS)),
            (f"text/event-stream, {APOLLO}", (None, EVENTS)),
            ("text/event-stream;q=0, application/json", (JSON, None)),
            ("multipart/mixed", (None, None)),
            ("multipart/mixed;deferSpec=20220824", (None, None)),
            ("multipart/mixed;subscriptionSpec=2.0", (None, None)),
            ("text/*", (None, None)),
            ("*/*", (JSON, None)),
        ],
    )
    def test_they_are_asked_for_by_name(self, accept: str, expected: tuple[str | None, StreamKind | None]) -> None:
        assert taken(accept) == expected


class TestStatus:
    FAULT = ({"message": "No."},)

    @pytest.mark.parametrize(
        ("outcome", "stable", "draft"),
        [
            (Outcome([], {"a": 1}), 200, 200),
            (Outcome([*FAULT], {"a": None}), 200, 294),
            (Outcome([*FAULT], None), 200, 294),
            (Outcome([*FAULT], is_executed=False), 400, 422),
            (Outcome([*FAULT], is_parsed=False, is_executed=False), 400, 400),
        ],
    )
    def test_it_tells_how_far_a_request_came(self, outcome: Outcome, stable: int, draft: int) -> None:
        expected: dict[StatusCodes, int] = {"stable": stable, "draft": draft}
        for codes, status in expected.items():
            assert status_of(outcome, GRAPHQL_JSON, codes) == status
            assert status_of(outcome, JSON, codes) == 200
