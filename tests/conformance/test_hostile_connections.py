"""HTTP itself misused: the server answers, lets clients see the answer, and is as it was."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.storage.database import Database
from lexora_gql.transport import heads
from lexora_gql.transport.graphql.http import bodies
from tests.conformance.raw_http import post, wire
from tests.transport.api import PREFLIGHT, Api, serving, settings_for

QUERY = b'{"query":"{ serverInfo { name } }"}'
ANSWER = {"serverInfo": {"name": "Lexora"}}
CLOSING = "Connection: close"
FRIEND, STRANGER = "https://app.example.org", "https://app.example.org.example.com"
LARGE = 8 * 1024 * 1024


class TestBodies:
    async def test_they_may_come_in_chunks(self, shared_api: Api) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", "Transfer-Encoding: chunked"))
            for piece in (QUERY[:1], QUERY[1:20], QUERY[20:]):
                await connection.say(f"{len(piece):x};name=value\r\n".encode() + piece + b"\r\n")
            await connection.say(b"0\r\nTrailer: ignored\r\n\r\n")
            answer = await connection.hear()

        assert (answer.status, json.loads(answer.content)["data"]) == (200, ANSWER)

    async def test_who_asks_for_leave_gets_it(self, shared_api: Api) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", "Expect: 100-continue", length=len(QUERY)))
            assert (await connection.hear()).status == 100
            await connection.say(QUERY)
            answer = await connection.hear()

        assert (answer.status, json.loads(answer.content)["data"]) == (200, ANSWER)

    @pytest.mark.parametrize(
        ("lines", "length", "status"),
        [
            ((), LARGE, 413),
            (("Content-Type: text/plain",), 10, 415),
            (("Content-Encoding: gzip",), 10, 415),
            (("Accept: image/png",), 10, 406),
            (("Content-Type: multipart/form-data; boundary=x",), 10, 401),
        ],
    )
    async def test_who_asks_for_leave_is_told_before_a_byte_is_sent(
        self, shared_api: Api, lines: tuple[str, ...], length: int, status: int
    ) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", "Expect: 100-continue", *lines, length=length))

            assert (await connection.hear()).status == status

    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            ((), 413),
            (("Content-Type: text/plain",), 415),
            (("Content-Type: multipart/form-data; boundary=x",), 401),
        ],
    )
    async def test_who_sends_all_the_same_sees_why_it_is_not_wanted(
        self, shared_api: Api, lines: tuple[str, ...], status: int
    ) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", *lines, length=LARGE))
            # A connection that was reset would fail here, and what the server said would be lost.
            await connection.say(*(b"x" * 65_536 for _ in range(LARGE // 65_536)))

            assert (await connection.hear()).status == status

    async def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(self, shared_api: Api) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", "Transfer-Encoding: chunked"))
            await connection.say(*(b"10000\r\n" + b" " * 65_536 + b"\r\n" for _ in range(17)))
            answer = await connection.hear()

        assert (answer.status, answer.headers["connection"]) == (413, "close")
        assert answer.errors[0]["message"] == "The body is larger than 1,048,576 bytes."

    async def test_one_that_stops_coming_is_given_up(self, shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies, "SILENCE_SECONDS", 0.1)
        async with wire(shared_api.port) as connection:
            await connection.say(post(QUERY[:10], length=len(QUERY)))
            answer = await connection.hear()

        assert (answer.status, answer.errors[0]["extensions"]) == (408, {"code": "BAD_REQUEST"})

    async def test_clients_that_break_off_leave_no_trace(
        self, shared_api: Api, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for length in (0, 1, 20):
            async with wire(shared_api.port) as connection:
                await connection.say(post(QUERY[:length], length=len(QUERY)))
        async with wire(shared_api.port) as connection:
            await connection.say(post(QUERY, CLOSING))
            assert (await connection.hear()).status == 200

        assert "Traceback" not in capsys.readouterr().out


class TestConnections:
    @pytest.mark.parametrize(
        ("lines", "body", "status"),
        [
            (("Content-Type: text/plain",), b"GET /graphql?query=%7Bsmuggled%7D HTTP/1.1\r\nHost: lexora\r\n\r\n", 415),
            (("Accept: image/png",), QUERY, 406),
            (("Content-Encoding: br",), b"\x00" * 100, 415),
            ((), b"{", 400),
            ((), b'{"query":"{"}', 200),
        ],
    )
    async def test_the_next_request_is_answered_after_a_refusal(
        self, shared_api: Api, lines: tuple[str, ...], body: bytes, status: int
    ) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(body, *lines), post(QUERY))
            first, second = await connection.hear(), await connection.hear()

        assert (first.status, second.status) == (status, 200)
        assert json.loads(second.content)["data"] == ANSWER

    async def test_none_follows_a_body_that_was_not_read(self, shared_api: Api) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b"", length=LARGE), QUERY)
            assert (await connection.hear()).status == 413
            connection.writer.write_eof()

            assert await connection.is_closed()

    @pytest.mark.parametrize(
        "lines",
        [
            ("Content-Length: 5", "Content-Length: 6"),
            ("Content-Length: 5", "Transfer-Encoding: chunked"),
            ("Content-Length: -1",),
            ("Content-Length: 99999999999999999999999",),
            ("Transfer-Encoding: chunked, identity", "Content-Length: 5"),
            ("X-Name: a\x00b",),
            ("X Name: a",),
        ],
    )
    async def test_what_two_servers_could_read_in_two_ways_is_refused(
        self, shared_api: Api, lines: tuple[str, ...]
    ) -> None:
        head = "\r\n".join(["POST /graphql HTTP/1.1", "Host: lexora", "Content-Type: application/json", *lines, "", ""])
        async with wire(shared_api.port) as connection:
            await connection.say(head.encode("latin-1") + QUERY)

            assert (await connection.hear()).status == 400
            assert await connection.is_closed()


class TestHeads:
    @pytest.mark.parametrize(
        ("begun", "more", "status", "what"),
        [
            (b"GET /graphql?query=", b"a" * 16_384, 414, "address is"),
            (b"GET /graphql HTTP/1.1\r\nX-Name: ", b"a" * 16_384, 431, "headers are"),
            (b"GET /graphql HTTP/1.1\r\n", b"X-Name: a\r\n" * 1_000, 431, "headers are"),
            (b"", b"\r\n" * 8_192, 431, "headers are"),
        ],
    )
    async def test_none_is_read_without_end(
        self, shared_api: Api, begun: bytes, more: bytes, status: int, what: str
    ) -> None:
        async with wire(shared_api.port) as connection:
            hearing = asyncio.create_task(connection.hear())
            await connection.say(begun)
            async for piece in endless(more):
                await connection.say(piece)
                if hearing.done():
                    break
            answer = await hearing

        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert answer.errors[0]["message"] == f"The {what} larger than 65,536 bytes."

    async def test_one_that_is_large_but_bounded_is_read(self, shared_api: Api) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(QUERY, *(f"X-Name-{at}: {'a' * 1_000}" for at in range(60))))

            assert (await connection.hear()).status == 200

    @pytest.mark.parametrize("begun", [b"", b"POST /graphql HTTP/1.1\r\nHost: lex"])
    async def test_who_does_not_end_it_is_let_go(
        self, shared_api: Api, monkeypatch: pytest.MonkeyPatch, begun: bytes
    ) -> None:
        monkeypatch.setattr(heads, "HEAD_SECONDS", 0.1)
        async with wire(shared_api.port) as connection:
            await connection.say(begun)

            assert (await connection.hear()).status == 408
            assert await connection.is_closed()

    async def test_half_of_one_does_not_break_into_an_answer(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(heads, "HEAD_SECONDS", 0.05)
        model, gate = api.process.adapters.model, asyncio.Event()
        assert isinstance(model, ScriptedChatModel)
        model.script("Within 30 days [1].", gate)
        reader = await api.somebody()
        await reader.upload(("invoices.md", b"Invoices are paid within 30 days."))
        await api.ingest()
        query = 'mutation { sendMessage(input: {content: "When are invoices paid?", waitSeconds: 20}) { __typename } }'
        async with wire(api.port) as connection:
            asked = post(json.dumps({"query": query}).encode(), f"Authorization: Bearer {reader.token}")
            await connection.say(asked, b"GET /graphql HTTP/1.1\r\n")
            while not model.requests:  # noqa: ASYNC110  # the model tells nobody that it was asked
                await asyncio.sleep(0.01)
            # Several times as long as the second request may take to come.
            await asyncio.sleep(0.2)
            gate.set()
            first, second = await connection.hear(), await connection.hear()

        assert json.loads(first.content)["data"] == {"sendMessage": {"__typename": "MessageSent"}}
        assert second.status == 408

    @pytest.mark.parametrize("token", ["\xff\xfe", "eyJ.\xe9.x", "a" * 20_000, "", "a b c", "null", "%00"])
    async def test_a_token_of_garbage_is_nobodys(self, shared_api: Api, token: str) -> None:
        async with wire(shared_api.port) as connection:
            await connection.say(post(b'{"query":"{ me { id } }"}', f"Authorization: Bearer {token}"))
            answer = await connection.hear()

        assert (answer.status, answer.errors[0]["extensions"]) == (200, {"code": "UNAUTHENTICATED"})

    async def test_names_from_headers_are_stored_as_far_as_they_can_be(self, api: Api) -> None:
        headers = [(b"User-Agent", b"\xff\xfe" + b"x" * 10_000)]
        operation = 'mutation { register(input: {email: "a@example.org", password: "P"}) { __typename } }'
        body = {"query": operation.replace("P", "correct horse battery staple")}
        response = await api.http.post("/graphql", json=body, headers=headers)

        assert response.json()["data"] == {"register": {"__typename": "Authenticated"}}


async def endless(piece: bytes) -> AsyncIterator[bytes]:
    """Yield the same bytes until nobody asks any more, or a mebibyte is reached."""
    for _ in range(1 + 1_048_576 // len(piece)):
        yield piece
        await asyncio.sleep(0.001)


@pytest.fixture
async def shared(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    """A server that pages of one other site may use."""
    async with serving(database, settings_for(tmp_path, cors_origins=(FRIEND,))) as running:
        yield running


class TestOtherSites:
    @pytest.mark.parametrize(("origin", "status", "allowed"), [(FRIEND, 200, FRIEND), (STRANGER, 400, None)])
    async def test_they_ask_for_leave_first(self, shared: Api, origin: str, status: int, allowed: str | None) -> None:
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, graphql-require-preflight",
        }
        response = await shared.http.options("/graphql", headers=headers)

        assert (response.status_code, response.headers.get("access-control-allow-origin")) == (status, allowed)
        assert "access-control-allow-credentials" not in response.headers

    @pytest.mark.parametrize(
        ("request_", "status"),
        [
            ({"content": QUERY, "headers": {"Content-Type": "application/json"}}, 200),
            ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
            ({"content": b"x" * 2_000_000, "headers": {"Content-Type": "application/json"}}, 413),
            ({"files": {"0": b""}, "headers": PREFLIGHT}, 401),
        ],
    )
    async def test_they_may_read_every_answer_that_is_meant_for_them(
        self, shared: Api, request_: dict[str, Any], status: int
    ) -> None:
        for origin, allowed in ((FRIEND, FRIEND), (STRANGER, None)):
            headers = request_["headers"] | {"Origin": origin}
            response = await shared.http.post("/graphql", **request_ | {"headers": headers})

            assert (response.status_code, response.headers.get("access-control-allow-origin")) == (status, allowed)
            assert {"Accept", "Origin"} <= {each.strip() for each in response.headers["vary"].split(",")}

    @pytest.mark.parametrize("header", [*PREFLIGHT, "Apollo-Require-Preflight", "X-Requested-With"])
    async def test_any_of_three_headers_says_that_a_form_is_meant(self, api: Api, header: str) -> None:
        reader = await api.somebody()
        response = await api.http.post(
            "/graphql", data={"a": "b"}, files={"0": b""}, headers=reader.headers | {header: "1"}
        )

        assert response.json()["errors"][0]["message"] == "The part `operations` must come before the part `a`."
