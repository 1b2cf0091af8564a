"""A thousand conversations with something wrong in them, each answered as the protocol has it."""

import asyncio
import json
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import print_ast
from websockets.exceptions import ConnectionClosed

from lexora_gql.terminal.operations import operation
from lexora_gql.transport.graphql.websocket.protocol import Frame as Said
from lexora_gql.transport.graphql.websocket.protocol import Ping, parse_frame
from tests.conformance.mutated_frames import Conversation, Message, conversation, framed, to_text
from tests.transport.api import Api, Client, Socket
from tests.transport.complaints import complaints, no_complaints

SEED = 2_718_281
CONVERSATIONS = 1_000
AT_ONCE = 12
SECONDS = 20.0
SENTINEL = "the last question"
# RFC 6455's, and those of the protocol; a client's own is given back to it.
CLOSES = {1000, 1002, 1007, 1009, 4000, 4400, 4401, 4403, 4409, 4429}
GONE = {1005, 1006}
SILENCE_SECONDS = 1.0
# More than any frame may hold, so that one which says that it is longer has its end; and no frame by itself.
FILLER = bytes(70_000)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a server said, and how it ended; no code means that the last question was answered."""

    messages: list[Any]
    code: int | None


async def converse(socket: Socket, said: Conversation) -> Heard:
    """Say all of a conversation and a last question, and hear what comes of it."""
    transport = socket.connection.transport
    question = {"type": "subscribe", "id": SENTINEL, "payload": {"query": "{ serverInfo { name } }"}}
    transport.write(b"".join([*said.frames, framed(to_text(question).encode())]))
    messages: list[Any] = []
    try:
        async with asyncio.timeout(SECONDS):
            while {"type": "complete", "id": SENTINEL} not in messages:
                messages.append(json.loads(await next_text(socket, said)))
    except ConnectionClosed:
        return Heard(messages, socket.connection.close_code)
    return Heard(messages, None)


async def next_text(socket: Socket, said: Conversation) -> str | bytes:
    """Return what is said next; where the server still waits for the rest of a frame, give it more than enough."""
    if not said.is_framed:
        with suppress(TimeoutError):
            return await asyncio.wait_for(socket.connection.recv(), SILENCE_SECONDS)
        if not socket.connection.transport.is_closing():
            socket.connection.transport.write(FILLER)
    return await socket.connection.recv()


def faults(said: Conversation, heard: Heard) -> list[str]:
    """Return what a server has done that no server may."""
    found = [f"said {message}" for message in heard.messages if not is_regular(message)]
    if heard.code is not None and heard.code not in CLOSES and (said.is_framed or heard.code not in GONE):
        found.append(f"closed with {heard.code}")
    return found


def is_regular(message: Any) -> bool:  # whatever came
    """Return whether a message is one that a server may send, and tells of no fault of the server's own."""
    match message:
        case {"type": "connection_ack" | "ping" | "pong", **rest}:
            return not rest
        case {"type": "complete", "id": str(), **rest}:
            return not rest
        case {"type": "next", "id": str(), "payload": dict() as payload, **rest}:
            errors = payload.get("errors", [])
            return not rest and payload.keys() <= {"data", "errors", "extensions"} and all(map(is_plain, errors))
        case {"type": "error", "id": str(), "payload": [_, *_] as errors, **rest}:
            return not rest and all(map(is_plain, errors))
    return False


def is_plain(error: Any) -> bool:  # whatever came
    """Return whether an error has a message and a code, which is not that of a fault."""
    return isinstance(error.get("message"), str) and error["extensions"]["code"] not in {"INTERNAL", ""}


async def conversations(api: Api) -> list[tuple[Client, list[Message]]]:
    """Return what several people say who use the server well."""
    found = []
    for _ in range(2):
        reader = await api.somebody()
        await reader.upload(("invoices.md", b"# Invoices\n\nInvoices are paid within 30 days.\n"))
        await api.ingest()
        sent = await reader.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
        answer = {"query": print_ast(operation("Answer")), "variables": {"messageId": sent["answer"]["id"]}}
        name = {"query": "query A($id: ID!) { node(id: $id) { id } }", "variables": {"id": "x"}, "operationName": "A"}
        messages: list[Message] = [
            {"type": "connection_init", "payload": reader.headers},
            {"type": "ping", "payload": {"any": ["thing"]}},
            {"type": "subscribe", "id": "1", "payload": name | {"extensions": {}}},
            {"type": "subscribe", "id": "2", "payload": answer},
            {"type": "subscribe", "id": "3", "payload": {"query": print_ast(operation("DocumentEvents"))}},
            {"type": "complete", "id": "3"},
            {"type": "pong"},
        ]
        found.append((reader, messages))
    return found


async def converse_often(api: Api, seed: int, number: int) -> tuple[list[str], Counter[int | None]]:
    """Return what the server does wrong in many conversations, and how often they ended in which way."""
    valid = [messages for _, messages in await conversations(api)]
    turn = asyncio.Semaphore(AT_ONCE)
    found: list[str] = []
    codes: Counter[int | None] = Counter()

    async def one(at: int) -> None:
        chance = random.Random(f"{seed}:{at}")  # to be repeated, not to be secret
        said = conversation(chance.choice(valid), chance)
        async with turn, api.socket() as socket:
            heard = await converse(socket, said)
            socket.connection.transport.abort()
        codes[heard.code] += 1
        found.extend(f"seed {seed}:{at}: {said.what}: {fault}" for fault in faults(said, heard))

    await asyncio.gather(*map(one, range(number)))
    return found, codes


class TestMutated:
    async def test_a_thousand_are_each_answered_or_closed_in_words(self, api: Api) -> None:
        with no_complaints():
            found, codes = await converse_often(api, SEED, CONVERSATIONS)
            async with asyncio.timeout(SECONDS):
                while api.lifecycle.open_sockets:  # noqa: ASYNC110  # a count has no event
                    await asyncio.sleep(0.01)

        assert found == []
        # Something is wrong in every way that can be wrong, and sometimes in none.
        assert {None, 1002, 1007, 1009, 4400, 4401, 4403, 4409, 4429} <= set(codes)
        assert (await api.nobody().run("ServerInfo"))["name"] == "Lexora"


class TestControl:
    async def test_a_server_that_fails_on_a_frame_is_noticed(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def failing(text: str | None) -> Said:
            frame = parse_frame(text)
            if isinstance(frame, Ping):
                raise ZeroDivisionError
            return frame

        monkeypatch.setattr("lexora_gql.transport.graphql.websocket.endpoint.parse_frame", failing)
        with complaints() as complained:
            found, _ = await converse_often(api, SEED, 10)

        assert any(fault.endswith("closed with 1011") for fault in found)
        assert complained

    @pytest.mark.parametrize(
        "message",
        [
            *([], None, {"type": "connection_error"}, {"type": "next", "id": 1, "payload": {}}),
            *({"type": "error", "id": "1", "payload": []}, {"type": "complete", "id": "1", "payload": {}}),
            {"type": "error", "id": "1", "payload": [{"message": "x", "extensions": {"code": "INTERNAL"}}]},
        ],
    )
    def test_what_no_server_says_is_noticed(self, message: object) -> None:
        assert faults(Conversation("", []), Heard([message], None)) == [f"said {message}"]
