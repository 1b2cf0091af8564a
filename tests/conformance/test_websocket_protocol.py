"""graphql-transport-ws case by case: how each message is answered, and with which words a socket is closed.

Source:
    https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.listening import ListenerLimits
from tests.transport.api import Api, Socket, serving, settings_for
from tests.transport.complaints import complaints, no_complaints

INIT = '{"type":"connection_init"}'
QUERY = {"query": "{ serverInfo { name } }"}
ANSWERED = {"serverInfo": {"name": "Lexora"}}
NO_TYPE = "The message has no `type` that a client may send."
NO_ID = "`id` must be a text of 1 to 256 characters."
NO_PAYLOAD = "`payload` must be an object."
NO_QUERY = "`payload` must be an object with a `query`."
NO_OBJECT = "A message is a JSON object."
NO_TEXT = "The message holds a NUL or a lone surrogate, which no text may hold."


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing that a client does is logged as an error."""
    with no_complaints():
        yield


def said(kind: str, **content: object) -> str:
    """Return a message as a client writes it."""
    return json.dumps({"type": kind} | content)


def asked(identifier: object, **payload: object) -> str:
    """Return a `subscribe`."""
    return said("subscribe", id=identifier, payload=payload or QUERY)


async def send_raw(socket: Socket, *frames: Frame) -> None:
    """Send frames that no client library would."""
    socket.connection.transport.write(b"".join(frame.serialize(mask=True) for frame in frames))


class TestSubprotocol:
    @pytest.mark.parametrize(
        "offered", [["graphql-ws"], ["chat"], [], ["GRAPHQL-TRANSPORT-WS"], ["graphql-transport-ws2"]]
    )
    async def test_others_are_refused(self, shared_api: Api, offered: list[str]) -> None:
        wanted = [Subprotocol(name) for name in offered]
        async with connect(f"ws://127.0.0.1:{shared_api.port}/graphql", subprotocols=wanted or None) as connection:
            assert connection.subprotocol is None
            assert await Socket(connection).ending() == (
                4406,
                "Subprotocol not acceptable; use graphql-transport-ws.",
            )

    @pytest.mark.parametrize("offered", [("graphql-ws", "graphql-transport-ws"), ("graphql-transport-ws", "chat")])
    async def test_ours_is_chosen_among_several(self, shared_api: Api, offered: tuple[str, ...]) -> None:
        async with shared_api.socket(*offered) as socket:
            assert socket.connection.subprotocol == "graphql-transport-ws"
            await socket.initialise()


class TestInitialisation:
    @pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
    async def test_a_token_is_taken_under_any_spelling(self, api: Api, name: str) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.say("connection_init", payload={name: f"Bearer {reader.token}"})
            assert await socket.hear() == {"type": "connection_ack"}
            await socket.say("subscribe", id="1", payload={"query": "{ me { email } }"})

            assert (await socket.hear())["payload"]["data"] == {"me": {"email": "reader1@example.org"}}

    @pytest.mark.parametrize(
        "payload", ["null", "{}", '{"Authorization":null}', '{"Authorization":""}', '{"other":[]}']
    )
    async def test_without_one_nobody_is_let_in(self, shared_api: Api, payload: str) -> None:
        async with shared_api.socket() as socket:
            await socket.connection.send(f'{{"type":"connection_init","payload":{payload}}}')
            assert await socket.hear() == {"type": "connection_ack"}
            await socket.say("subscribe", id="1", payload={"query": "{ me { email } }"})

            [error] = (await socket.hear())["payload"]["errors"]
            assert error["extensions"] == {"code": "UNAUTHENTICATED"}

    @pytest.mark.parametrize(
        "token", ["Bearer stale", "Bearer ", "Basic eDp5", 7, ["Bearer x"], {}, "Bearer " + "x" * 9_000]
    )
    async def test_what_is_no_token_is_forbidden(self, shared_api: Api, token: object) -> None:
        async with shared_api.socket() as socket:
            await socket.say("connection_init", payload={"Authorization": token})

            assert await socket.ending() == (4403, "Forbidden")

    async def test_silence_is_not_waited_for(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(init_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api, api.socket() as socket:
            await socket.say("ping")

            assert await socket.ending() == (4408, "Connection initialisation timeout")


class TestClosing:
    """What closes a socket that was opened and greeted, unless the case says that it was not."""

    @pytest.mark.parametrize(
        ("frame", "reason"),
        [
            ("[]", NO_OBJECT),
            ("1", NO_OBJECT),
            ('"x"', NO_OBJECT),
            ("null", NO_OBJECT),
            ("[" + INIT + "]", NO_OBJECT),
            ("{}", NO_TYPE),
            ('{"type":null}', NO_TYPE),
            ('{"type":["ping"]}', NO_TYPE),
            ('{"type":{}}', NO_TYPE),
            (said("start", id="1", payload=QUERY), NO_TYPE),
            (said("stop", id="1"), NO_TYPE),
            (said("connection_terminate"), NO_TYPE),
            (said("ka"), NO_TYPE),
            (said("connection_ack"), NO_TYPE),
            (said("next", id="1", payload={}), NO_TYPE),
            (said("error", id="1", payload=[]), NO_TYPE),
            (said("ping", payload=[]), NO_PAYLOAD),
            (said("pong", payload="x"), NO_PAYLOAD),
            (said("subscribe", payload=QUERY), NO_ID),
            (asked(None), NO_ID),
            (asked(1), NO_ID),
            (asked(["1"]), NO_ID),
            (asked({}), NO_ID),
            (asked(""), NO_ID),
            (asked("i" * 257), NO_ID),
            (said("complete"), NO_ID),
            (said("complete", id=7), NO_ID),
            (said("subscribe", id="1"), NO_QUERY),
            (said("subscribe", id="1", payload=None), NO_QUERY),
            (said("subscribe", id="1", payload=[]), NO_QUERY),
            (said("subscribe", id="1", payload="{ me { id } }"), NO_QUERY),
            (said("subscribe", id="1", payload=7), NO_QUERY),
            (said("subscribe", id="1", payload={}), NO_QUERY),
            (asked("1", query=["{ me { id } }"]), NO_QUERY),
            (asked("1", query=None), NO_QUERY),
            (asked("\0"), NO_TEXT),
            (r'{"type":"ping","payload":{"a":"\ud800"}}', NO_TEXT),
            (b"\x00\xff", "Frames must be text."),
            (INIT.encode(), "Frames must be text."),
        ],
        ids=lambda value: repr(value)[:40],
    )  # fmt: skip
    async def test_a_message_that_is_none(self, shared_api: Api, frame: str | bytes, reason: str) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.connection.send(frame)

            assert await socket.ending() == (4400, reason)

    @pytest.mark.parametrize("frame", ["", "{", "ping", "'x'", "NaN", '{"type":1e', "[" * 30_000, "9" * 5_000])
    async def test_what_is_no_json(self, shared_api: Api, frame: str) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.connection.send(frame)

            code, reason = await socket.ending()
            assert (code, str(reason)[:31]) == (4400, "The message is not valid JSON: ")

    @pytest.mark.parametrize("payload", ["[]", "1", '"x"', "true"])
    async def test_a_greeting_whose_payload_is_none(self, shared_api: Api, payload: str) -> None:
        async with shared_api.socket() as socket:
            await socket.connection.send(f'{{"type":"connection_init","payload":{payload}}}')

            assert await socket.ending() == (4400, NO_PAYLOAD)

    async def test_an_operation_before_the_greeting(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.connection.send(asked("1"))

            assert await socket.ending() == (4401, "Unauthorized")

    async def test_a_second_greeting(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.say("connection_init")

            assert await socket.ending() == (4429, "Too many initialisation requests")

    async def test_a_second_greeting_while_the_first_is_heard(self, api: Api) -> None:
        reader = await api.somebody()
        greeting = said("connection_init", payload={"Authorization": f"Bearer {reader.token}"}).encode()
        async with api.socket() as socket:
            await send_raw(socket, Frame(Opcode.TEXT, greeting), Frame(Opcode.TEXT, greeting))

            assert await socket.ending() == (4429, "Too many initialisation requests")

    async def test_an_id_that_is_in_use(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("it's 1", "DocumentEvents")
            await socket.subscribe("it's 1", "DocumentEvents")

            assert await socket.ending() == (4409, "Subscriber for it's 1 already exists")

    async def test_an_id_in_use_that_is_longer_than_a_reason(self, api: Api) -> None:
        reader = await api.somebody()
        identifier = "é" * 256
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe(identifier, "DocumentEvents")
            await socket.subscribe(identifier, "DocumentEvents")

            # 123 bytes are all that a close frame has room for, and no character is cut in two.
            assert await socket.ending() == (4409, "Subscriber for " + "é" * 54)


class TestWire:
    async def test_64_kib_are_taken_and_a_byte_more_is_not(self, shared_api: Api) -> None:
        empty = said("ping", payload={"a": ""})
        async with shared_api.socket() as socket:
            await socket.say("ping", payload={"a": "x" * (65_536 - len(empty))})
            assert await socket.hear() == {"type": "pong"}
            await socket.say("ping", payload={"a": "x" * (65_537 - len(empty))})

            assert await socket.ending() == (1009, "frame with 65537 bytes exceeds limit of 65536 bytes")

    async def test_a_message_has_no_more_in_parts(self, shared_api: Api) -> None:
        parts = [Frame(Opcode.CONT if at else Opcode.TEXT, b"x" * 30_000, fin=False) for at in range(3)]
        async with shared_api.socket() as socket:
            await send_raw(socket, *parts)

            code, reason = await socket.ending()
            assert (code, str(reason)[:24]) == (1009, "frame with 30000 bytes a")

    async def test_a_message_in_parts_is_one(self, shared_api: Api) -> None:
        text = '{"type":"connection_init","payload":{"größe":1}}'.encode()
        async with shared_api.socket() as socket:
            # Every part is a byte, and so no part of the character outside ASCII is text.
            parts = [Frame(Opcode.CONT if at else Opcode.TEXT, text[at : at + 1], fin=False) for at in range(len(text))]
            ping = Frame(Opcode.PING, b"between")
            await send_raw(socket, *parts[:9], ping, *parts[9:], Frame(Opcode.CONT, b"", fin=True))

            assert await socket.hear() == {"type": "connection_ack"}

    @pytest.mark.parametrize("text", [b"\xff", b'{"type":"\xc3\x28"}', b'{"type":"ping"}\xed\xa0\x80', b"\xf0\x9f"])
    async def test_text_is_utf_8(self, shared_api: Api, text: bytes) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await send_raw(socket, Frame(Opcode.TEXT, text))

            assert await socket.ending() == (1007, "Frames must be UTF-8.")

    async def test_frames_are_as_rfc_6455_has_them(self, shared_api: Api) -> None:
        unmasked = Frame(Opcode.TEXT, INIT.encode()).serialize(mask=False)
        reserved = b"\xf1" + Frame(Opcode.TEXT, INIT.encode()).serialize(mask=True)[1:]
        stray = Frame(Opcode.CONT, INIT.encode()).serialize(mask=True)
        for raw, reason in (
            (unmasked, "incorrect masking"),
            (reserved, "reserved bits must be 0"),
            (stray, "unexpected continuation frame"),
        ):
            async with shared_api.socket() as socket:
                socket.connection.transport.write(raw)

                assert await socket.ending() == (1002, reason)

    async def test_a_client_closes_with_1000(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.connection.close(1000, "enough")

            assert await socket.ending() == (1000, "enough")


class TestComplaints:
    async def test_would_be_noticed(self, shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("lexora_gql.transport.graphql.websocket.endpoint.parse_frame", fail)
        with complaints() as found:
            async with shared_api.socket() as socket:
                await socket.say("ping")

                assert await socket.ending() == (1011, "Something went wrong on the server's side.")
        assert len(found) == 1
