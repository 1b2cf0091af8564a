"""Connections whose clients do not read, do not end, or speak no protocol: each ends, and none takes much memory."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from lexora_gql.accounts.service import AccountService
from lexora_gql.assembly import server
from lexora_gql.storage.database import Database
from lexora_gql.transport.authentication import Identity, identify
from lexora_gql.transport.graphql.listening import ListenerLimits
from lexora_gql.transport.wire import Connection, WebSocketConnection
from tests.transport.api import Api, Socket, serving, settings_for
from tests.transport.complaints import no_complaints

IMPATIENT = ListenerLimits(send_seconds=0.3, last_words_seconds=0.1)
SECONDS = 10.0
BUFFER_BYTES_MAX = 300_000
HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: lexora\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    b"Sec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n"
)
EVENTS = "subscription { documentEvents { ... on DocumentChanged { %s } } }"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing that a client does is logged as an error."""
    with no_complaints():
        yield


@pytest.fixture
async def api(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    """A server that waits for nobody for long, and whose kernel buffers are as small as can be.

    Its parameter is how many milliseconds the kernel waits.
    """
    unread_milliseconds = getattr(request, "param", server.UNREAD_MILLISECONDS)
    monkeypatch.setattr(server, "UNREAD_MILLISECONDS", unread_milliseconds)
    monkeypatch.setattr("lexora_gql.transport.wire.CLOSE_SECONDS", 0.3)
    async with serving(database, settings_for(tmp_path), limits=IMPATIENT) as running:
        running.server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        yield running


def narrow(port: int) -> socket.socket:
    """Return a connected socket that takes as little as can be."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    narrow.connect(("127.0.0.1", port))
    narrow.setblocking(False)  # the standard library's signature
    return narrow


@asynccontextmanager
async def deaf(api: Api) -> AsyncIterator[Socket]:
    """Open a WebSocket whose client reads nothing more once it is greeted."""
    async with connect(
        f"ws://127.0.0.1:{api.port}/graphql",
        sock=narrow(api.port),
        subprotocols=[Subprotocol("graphql-transport-ws")],
        compression=None,
        close_timeout=0,
    ) as connection:
        yield Socket(connection)


def websockets(api: Api) -> list[WebSocketConnection]:
    """Return the WebSockets that the server holds."""
    return [each for each in api.server.server_state.connections if isinstance(each, WebSocketConnection)]


def busy(api: Api) -> list[Connection]:
    """Return the connections with an answer under way, or answered and not read."""
    held = [each for each in api.server.server_state.connections if isinstance(each, Connection)]
    return [each for each in held if each.transport.get_write_buffer_size() or not each.cycle.response_complete]


async def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110  # a server tells nobody of its connections
            await asyncio.sleep(0.01)


class TestWebSockets:
    async def test_one_that_does_not_read_is_not_waited_for(self, api: Api) -> None:
        reader = await api.somebody()
        [result] = await reader.upload(("long.txt", b"All work and no play. " * 4_500))
        await api.ingest()
        largest = 0
        async with deaf(api) as client:
            await client.initialise(reader.token)
            client.connection.transport.pause_reading()
            for number in count():
                if not websockets(api):
                    break
                buffered = websockets(api)[0].transport.get_write_buffer_size()
                largest = max(largest, buffered)
                with suppress(ConnectionClosed):
                    await client.subscribe(str(number), "DocumentText", id=result["document"]["id"])
                await asyncio.sleep(0.02)

        assert number < 500
        assert 0 < largest < BUFFER_BYTES_MAX
        assert api.lifecycle.open_sockets == 0

    async def test_one_that_does_not_read_its_close_is_let_go(self, api: Api) -> None:
        async with deaf(api) as client:
            await client.initialise()
            client.connection.transport.pause_reading()
            await client.connection.send("[]")

            await until(lambda: not websockets(api))

    async def test_pings_without_end_are_not_all_answered(self, api: Api) -> None:
        async with deaf(api) as client:
            await client.initialise()
            [held] = websockets(api)
            transport = client.connection.transport
            transport.pause_reading()
            for _ in range(200):
                transport.write(Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 300)
                await until(lambda: transport.get_write_buffer_size() == 0)

            assert 0 < held.transport.get_write_buffer_size() < BUFFER_BYTES_MAX
            transport.abort()

    async def test_parts_without_content_are_not_kept(self, api: Api) -> None:
        async with api.socket() as client:
            await client.initialise()
            [held] = websockets(api)
            transport = client.connection.transport
            transport.write(Frame(Opcode.TEXT, b'{"type":', fin=False).serialize(mask=True))
            transport.write(Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 10_000)
            transport.write(Frame(Opcode.PING, b"").serialize(mask=True))
            await (await client.connection.ping())

            assert held.frames == [b'{"type":']
            transport.write(Frame(Opcode.CONT, b'"ping"}', fin=True).serialize(mask=True))
            assert await client.hear() == {"type": "pong"}

    async def test_one_that_is_still_sending_learns_that_it_was_too_much(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lexora_gql.transport.wire.CLOSE_SECONDS", 5.0)
        # By hand: libraries look at what they were told only when they have said all.
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(Frame(Opcode.TEXT, b"x" * 30_000_000).serialize(mask=True))
        sent = asyncio.create_task(writer.drain())
        async with asyncio.timeout(SECONDS):
            closing = await reader.read()
            await sent
        writer.close()

        reason = b"frame with 30000000 bytes exceeds limit of 65536 bytes"
        assert closing == bytes([0x88, len(reason) + 2]) + (1009).to_bytes(2) + reason

    async def test_what_is_too_large_while_a_greeting_is_heard_is_no_fault(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard, gate = asyncio.Event(), asyncio.Event()

        async def slowly(accounts: AccountService, authorization: str | None) -> Identity:
            heard.set()
            await gate.wait()
            return await identify(accounts, authorization)

        monkeypatch.setattr("lexora_gql.transport.graphql.websocket.endpoint.identify", slowly)
        async with api.socket() as client:
            await client.say("connection_init")
            await heard.wait()
            transport = client.connection.transport
            transport.pause_reading()
            transport.write(Frame(Opcode.TEXT, b"x" * 70_000).serialize(mask=True))
            await until(lambda: websockets(api)[0].close_sent)
            gate.set()
            await until(lambda: not api.lifecycle.open_sockets)
            transport.resume_reading()

            assert (await client.ending())[0] == 1009

    async def test_one_that_answers_no_ping_is_let_go_and_may_come_back(self, api: Api) -> None:
        api.server.config.ws_ping_interval, api.server.config.ws_ping_timeout = 0.05, 0.1
        async with api.socket() as client:
            await client.initialise()
            client.connection.transport.pause_reading()
            await until(lambda: not websockets(api))
            client.connection.transport.resume_reading()

            # Clients take 1011 for the end and 1006 for a line that was lost.
            assert (await client.ending())[0] == 1006

    async def test_a_handshake_with_too_long_a_line_is_answered(self, api: Api) -> None:
        with pytest.raises(Exception, match="HTTP 431"):
            async with connect(f"ws://127.0.0.1:{api.port}/graphql", additional_headers={"Cookie": "c" * 10_000}):
                pass


class TestStreams:
    async def test_one_that_does_not_read_is_hung_up(self, api: Api) -> None:
        reader = await api.somebody()
        for batch in "ab":
            await reader.upload(*((f"{batch * 200}{number}.txt", f"{batch}{number}".encode()) for number in range(10)))
        fields = " ".join(f"a{number}: document {{ id filename title sha256 }}" for number in range(15))
        body = json.dumps({"query": EVENTS % fields}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: lexora\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {reader.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client = narrow(api.port)
        await asyncio.get_running_loop().sock_sendall(client, head.encode() + body)
        await until(lambda: api.lifecycle.open_sockets)
        await until(lambda: not api.lifecycle.open_sockets)
        await until(lambda: not busy(api))
        client.close()

    @pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux watches over what is not read")
    @pytest.mark.parametrize("api", [500], indirect=True)
    async def test_an_answer_that_nobody_reads_is_not_kept(self, api: Api) -> None:
        reader = await api.somebody()
        [result] = await reader.upload(("long.txt", b"All work and no play. " * 4_500))
        await api.ingest()
        body = json.dumps(
            {"query": "query($id: ID!) { document(id: $id) { text } }", "variables": {"id": result["document"]["id"]}}
        ).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: lexora\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {reader.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client = narrow(api.port)
        await asyncio.get_running_loop().sock_sendall(client, head.encode() + body)
        await until(lambda: busy(api))
        await until(lambda: not busy(api))
        client.close()


class TestIdling:
    async def test_ends_by_itself(self, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server, "IDLE_SECONDS", 1)
        async with serving(database, settings_for(tmp_path)) as api, asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            for _ in range(2):
                writer.write(b"GET /health HTTP/1.1\r\nHost: lexora\r\n\r\n")
                assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            while await reader.read(1_024):
                pass
            writer.close()
            await writer.wait_closed()

    def test_lasts_longer_than_what_a_proxy_keeps(self) -> None:
        assert server.IDLE_SECONDS > 60
