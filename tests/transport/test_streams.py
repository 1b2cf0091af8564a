"""Operations over one HTTP response each: server-sent events, and Apollo's parts."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import print_ast

from lexora_gql import clock
from lexora_gql.storage.database import Database
from lexora_gql.terminal.operations import operation
from lexora_gql.transport.graphql.listening import ListenerLimits
from tests.transport.api import Api, Client, serving, settings_for
from tests.transport.complaints import no_complaints

EVENTS = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
NAME = {"query": "{ serverInfo { name } }"}
FOLLOWED = print_ast(operation("DocumentEvents"))
HEARTBEAT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
PART = b"\r\nContent-Type: application/json\r\n\r\n%b\r\n--graphql"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing that a client does is logged as an error."""
    with no_complaints():
        yield


@pytest.fixture
async def lively(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    """A server that gives signs of life, and looks at sessions, many times a second."""
    limits = ListenerLimits(keep_alive_seconds=0.05, session_check_seconds=0.05, last_words_seconds=0.05)
    async with serving(database, settings_for(tmp_path), limits=limits) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event; `id` is None where it has none."""

    kind: str
    id: str | None
    data: str

    @classmethod
    def of(cls, block: bytes) -> "Event":
        """Read one, up to and without its empty line."""
        lines = (line.partition(":") for line in block.decode().split("\n"))
        fields = {name: value.removeprefix(" ") for name, _, value in lines}
        return cls(fields["event"], fields.get("id"), fields["data"])

    @property
    def json(self) -> Any:
        """What it holds."""
        return json.loads(self.data)


@asynccontextmanager
async def stream(
    api: Api, reader: Client, body: dict[str, Any], accept: str = EVENTS, **headers: str
) -> AsyncIterator[httpx.Response]:
    """Send an operation and leave the response open."""
    sent = reader.headers | {"Accept": accept} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with asyncio.timeout(10), api.http.stream("POST", "/graphql", json=body, headers=sent) as response:
        yield response


async def read(api: Api, reader: Client, body: dict[str, Any], accept: str = EVENTS, **headers: str) -> bytes:
    """Return all that comes over a response."""
    async with stream(api, reader, body, accept, **headers) as response:
        return await response.aread()


def events(raw: bytes) -> list[Event]:
    """Return the events in a whole response, heartbeats apart."""
    assert b"\r" not in raw
    assert raw.endswith(b"\n\n")
    return [Event.of(block) for block in raw.removesuffix(b"\n\n").split(b"\n\n") if block != b":"]


async def asked(api: Api) -> tuple[Client, dict[str, Any]]:
    """Return a reader, and the operation that follows an answer of theirs, which has ended."""
    reader = await api.somebody()
    await reader.upload(("invoices.md", b"# Invoices\n\nInvoices are paid within 30 days.\n"))
    await api.ingest()
    sent = await reader.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
    return reader, {"query": print_ast(operation("Answer")), "variables": {"messageId": sent["answer"]["id"]}}


async def nearly_over(api: Api, reader: Client) -> Client:
    """Return a reader whose token has a second or two left."""
    tokens = api.process.services.accounts.access_tokens
    claims = tokens.read(str(reader.token), at=clock.now())
    at = clock.now() - tokens.lifetime + (2_000_000 * clock.now().resolution)
    token, _ = tokens.issue(claims.user_id, claims.session_id, claims.role, at=at)
    return Client(api.http, token)


class TestServerSentEvents:
    async def test_come_at_once_and_are_not_to_be_held_back(self, api: Api) -> None:
        reader = await api.somebody()
        async with stream(api, reader, {"query": FOLLOWED}) as response:
            assert await anext(response.aiter_raw()) == HEARTBEAT
            headers = response.headers

        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert {"ratelimit", "ratelimit-policy", "x-request-id"} <= set(headers)

    async def test_a_query_is_one_event_and_the_end(self, shared_api: Api) -> None:
        raw = await read(shared_api, shared_api.nobody(), NAME)
        result, end = events(raw)

        assert (result.kind, result.id, result.json["data"]) == ("next", None, {"serverInfo": {"name": "Lexora"}})
        assert result.json["extensions"]["cost"]["requested"] == 1
        assert (end, raw.endswith(COMPLETE)) == (Event("complete", None, ""), True)

    async def test_each_has_its_cursor_for_an_id(self, api: Api) -> None:
        reader, body = await asked(api)
        *results, end = events(await read(api, reader, body))

        assert end.kind == "complete"
        assert [result.id for result in results] == [result.json["data"]["answer"]["cursor"] for result in results]
        # What the operation cost is told once.
        assert [("extensions" in result.json) for result in results] == [True] + [False] * (len(results) - 1)

    async def test_any_id_gives_the_rest_whatever_the_operation_says(self, api: Api) -> None:
        reader, body = await asked(api)
        whole = [event.json["data"] for event in events(await read(api, reader, body))[:-1]]
        cursors = [data["answer"]["cursor"] for data in whole]
        assert len(whole) > 2
        for at, cursor in enumerate(cursors):
            first = body | {"variables": body["variables"] | {"after": cursors[0]}}
            rest = events(await read(api, reader, first, Last_Event_ID=cursor))

            assert [event.json["data"] for event in rest[:-1]] == whole[at + 1 :]

    @pytest.mark.parametrize("forged", ["x", "eyJhIjoxfQ", "A" * 4_000])
    async def test_an_id_that_was_not_given_is_refused(self, api: Api, forged: str) -> None:
        reader, body = await asked(api)
        error, end = events(await read(api, reader, body, Last_Event_ID=forged))

        assert (error.kind, error.id, end.kind) == ("next", None, "complete")
        assert [each["extensions"] for each in error.json["errors"]] == [{"code": "BAD_CURSOR"}]

    async def test_what_cannot_be_followed_is_said_in_an_event(self, shared_api: Api) -> None:
        error, end = events(await read(shared_api, shared_api.nobody(), {"query": FOLLOWED}))

        assert [each["extensions"] for each in error.json["errors"]] == [{"code": "UNAUTHENTICATED"}]
        assert end.kind == "complete"

    async def test_silence_is_filled_with_heartbeats(self, lively: Api) -> None:
        reader = await lively.somebody()
        async with stream(lively, reader, {"query": FOLLOWED}) as response:
            pieces = response.aiter_raw()
            heard = b"".join([await anext(pieces) for _ in range(4)])

        assert heard == HEARTBEAT * 4

    async def test_get_follows_too_but_changes_nothing(self, api: Api) -> None:
        reader, body = await asked(api)
        sent = {"query": body["query"], "variables": json.dumps(body["variables"])}
        headers = reader.headers | {"Accept": EVENTS}
        followed = await api.http.get("/graphql", params=sent, headers=headers)
        mutation = {"query": "mutation { logout { __typename } }"}
        refused = await api.http.get("/graphql", params=mutation, headers=headers)

        assert events(followed.content)[-2].json["data"]["answer"]["__typename"] == "AnswerFinished"
        assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
        assert (await reader.run("Me"))["email"] == "reader1@example.org"

    async def test_a_mutation_is_executed_once(self, api: Api) -> None:
        reader = await api.somebody()
        body = {"query": print_ast(operation("CreateConversation")), "variables": {"title": "Streamed"}}
        result, _ = events(await read(api, reader, body))

        assert result.json["data"]["createConversation"]["conversation"]["title"] == "Streamed"
        assert (await reader.run("Conversations"))["totalCount"] == 1

    async def test_head_has_the_headers_and_leaves_nothing_behind(self, api: Api) -> None:
        reader = await api.somebody()
        headers = reader.headers | {"Accept": EVENTS}
        response = await api.http.head("/graphql", params={"query": FOLLOWED}, headers=headers)

        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert api.lifecycle.open_sockets == 0


class TestParts:
    async def test_are_as_apollo_reads_them(self, api: Api) -> None:
        reader, body = await asked(api)
        async with stream(api, reader, body, f"{PARTS}, application/json") as response:
            raw = await response.aread()
        opening, *parts, ending = raw.split(b"\r\n--graphql")
        heads = {part.partition(b"\r\n\r\n")[0] for part in parts}
        payloads = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in [opening.removeprefix(b"--graphql"), *parts]]

        assert response.headers["Content-Type"] == PARTS
        assert (raw[:9], ending) == (b"--graphql", b"--\r\n")
        assert heads == {b"\r\nContent-Type: application/json"}
        kinds = [payload["payload"]["data"]["answer"]["__typename"] for payload in payloads]
        assert (kinds[0], kinds[-1]) == ("AnswerSources", "AnswerFinished")

    async def test_the_first_boundary_and_heartbeats_come_at_once(self, lively: Api) -> None:
        reader = await lively.somebody()
        async with stream(lively, reader, {"query": FOLLOWED}, PARTS) as response:
            pieces = response.aiter_raw()
            heard = b"".join([await anext(pieces) for _ in range(4)])

        assert heard == b"--graphql" + PART % b"{}" * 3

    async def test_what_cannot_be_followed_is_an_error_of_the_way(self, shared_api: Api) -> None:
        raw = await read(shared_api, shared_api.nobody(), {"query": FOLLOWED}, PARTS)

        assert raw.startswith(b'--graphql\r\nContent-Type: application/json\r\n\r\n{"payload":null,"errors":[')
        assert raw.endswith(b"]}\r\n--graphql--\r\n")

    async def test_a_query_of_such_a_client_is_answered_as_ever(self, shared_api: Api) -> None:
        async with stream(shared_api, shared_api.nobody(), NAME, f"{PARTS}, application/json") as response:
            assert json.loads(await response.aread())["data"] == {"serverInfo": {"name": "Lexora"}}
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"


class TestEnding:
    @pytest.mark.parametrize("accept", [EVENTS, PARTS])
    async def test_a_token_that_expires_ends_it_in_words(self, api: Api, accept: str) -> None:
        reader = await nearly_over(api, await api.somebody())
        raw = await read(api, reader, {"query": FOLLOWED}, accept)
        errors = b'"errors":[{"message":"The access token has expired.","extensions":{"code":"UNAUTHENTICATED"}}]'

        if accept == EVENTS:
            assert raw == HEARTBEAT + b"event: next\ndata: {" + errors + b"}\n\n" + COMPLETE
        else:
            assert raw == b"--graphql" + PART % (b'{"payload":null,' + errors + b"}") + b"--\r\n"

    async def test_signing_out_ends_it_in_words(self, lively: Api) -> None:
        reader = await lively.somebody()
        async with stream(lively, reader, {"query": FOLLOWED}) as response:
            pieces = response.aiter_raw()
            await anext(pieces)
            await reader.run("Logout")
            error, end = events(b"".join([piece async for piece in pieces]))

        assert error.json == {
            "errors": [{"message": "The session has ended.", "extensions": {"code": "UNAUTHENTICATED"}}]
        }
        assert end.kind == "complete"

    async def test_going_down_ends_it_without_a_word(self, lively: Api) -> None:
        reader = await lively.somebody()
        async with stream(lively, reader, {"query": FOLLOWED}) as response:
            pieces = response.aiter_raw()
            await anext(pieces)
            assert await lively.lifecycle.drain() is True

            # Whoever reads no end comes back, elsewhere, and goes on.
            assert b"".join([piece async for piece in pieces]).replace(HEARTBEAT, b"") == b""

    async def test_a_client_that_goes_ends_it_and_it_is_counted_once(self, api: Api) -> None:
        reader = await api.somebody()
        await reader.upload(("invoices.md", b"# Invoices"))
        labels = {"type": "subscription", "outcome": "ok"}
        registry, gauge = api.process.metrics.registry, {"name": "documentEvents"}
        before = registry.get_sample_value("graphql_operations_total", labels) or 0.0
        async with stream(api, reader, {"query": FOLLOWED}) as response:
            pieces = response.aiter_raw()
            heard = b""
            while b"event: next" not in heard:
                heard += await anext(pieces)
            assert registry.get_sample_value("live_subscriptions", gauge) == 1
        async with asyncio.timeout(5):
            while api.lifecycle.open_sockets:  # noqa: ASYNC110  # a count has no event
                await asyncio.sleep(0.01)

        assert registry.get_sample_value("live_subscriptions", gauge) == 0
        assert registry.get_sample_value("graphql_operations_total", labels) == before + 1


class TestNumber:
    async def test_is_bounded_before_anything_is_sent_whatever_sockets_there_are(
        self, database: Database, tmp_path: Path
    ) -> None:
        limits = ListenerLimits(sockets=1, streams=1)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader, other = await api.somebody(), await api.somebody()
            body = {"query": FOLLOWED}
            refused = {"type": "subscription", "outcome": "refused"}
            async with api.socket() as socket, stream(api, reader, body):
                await socket.initialise(reader.token)
                async with stream(api, reader, body) as second, stream(api, other, body) as elsewhere:
                    [error] = json.loads(await second.aread())["errors"]
                    assert elsewhere.status_code == 200
            async with asyncio.timeout(5):
                while api.lifecycle.open_sockets:  # noqa: ASYNC110  # a count has no event
                    await asyncio.sleep(0.01)
            async with stream(api, reader, body) as again:
                assert again.status_code == 200

            assert (second.status_code, second.headers["Retry-After"]) == (429, "5")
            assert error["message"] == "A user has at most 1 streams."
            assert error["extensions"] == {"code": "THROTTLED", "retryAfterSeconds": 5.0}
            assert api.process.metrics.registry.get_sample_value("graphql_operations_total", refused) == 1
