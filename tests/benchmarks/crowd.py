"""Many people who ask and read at once, on sockets that are open already, as those of frontends are."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import websockets
from graphql import print_ast

from lexora_gql.terminal.operations import operation
from tests.benchmarks.paced_provider import TOKEN, seconds_of
from tests.end_to_end.client import Client

TEXT = b"The canteen opens at noon. Invoices are paid within 30 days. The shop closes at nine."
QUESTION = "When does the canteen open? ({tokens} tokens, {a_second} a second)"
ANSWER = print_ast(operation("Answer"))
READERS_OF_ONE = 10


@dataclass(slots=True)
class Read:
    """What somebody read of an answer.

    Attributes:
        first_seconds: From asking to the first text.
        took_seconds: From asking to the end.
        lags: Of each token, in seconds, from when it left the provider.
    """

    first_seconds: float = 0.0
    took_seconds: float = 0.0
    lags: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with a socket."""

    client: Client
    socket: websockets.ClientConnection

    async def ask(self, tokens: int, a_second: int) -> Read:
        """Ask, and read the answer to its end."""
        asked_at, read, text, known = time.monotonic(), Read(), "", 0
        content = QUESTION.format(tokens=tokens, a_second=a_second)
        sent = (await self.client.run("SendMessage", input={"content": content}))["sendMessage"]
        assert sent["__typename"] == "MessageSent", sent
        await self.subscribe("1", sent["answer"]["id"])
        async for frame in self.socket:
            message = json.loads(frame)
            if message["type"] == "ping":
                await self.socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "complete":
                break
            elif message["type"] == "error":
                raise AssertionError(message["payload"])
            elif (event := message["payload"]["data"]["answer"])["__typename"] == "AnswerText":
                now = time.monotonic()
                read.first_seconds = read.first_seconds or now - asked_at
                text += event["text"]
                for token in TOKEN.finditer(text, known):
                    read.lags.append(now - seconds_of(token[1]))
                    known = token.end()
            elif event["__typename"] == "AnswerFinished":
                read.took_seconds = time.monotonic() - asked_at
                assert event["message"]["status"] == "COMPLETED", event["message"]
                assert event["message"]["content"] == text
        assert len(read.lags) == tokens, f"{len(read.lags)} of {tokens} tokens came"
        return read

    async def subscribe(self, identifier: str, answer_id: str) -> None:
        """Ask for an answer's events, without reading them."""
        payload = {"query": ANSWER, "variables": {"messageId": answer_id}}
        await self.socket.send(json.dumps({"id": identifier, "type": "subscribe", "payload": payload}))


@asynccontextmanager
async def crowd(address: str, readers: int) -> AsyncIterator[list[Reader]]:
    """Give so many people with something to ask about, ten of them with one account."""
    async with AsyncExitStack() as ending:
        clients = []
        for _ in range(-(-readers // READERS_OF_ONE)):
            client = Client(address)
            ending.push_async_callback(client.close)
            await client.register()
            accepted = await client.upload_bytes(TEXT, "house.txt")
            await client.finished(accepted["document"]["id"])
            clients.append(client)
        owners = [clients[at // READERS_OF_ONE] for at in range(readers)]
        yield [Reader(client, await ending.enter_async_context(client.socket())) for client in owners]


async def ask_all(readers: list[Reader], tokens: int, a_second: int) -> list[Read]:
    """Let all of them ask at once."""
    return await asyncio.gather(*(reader.ask(tokens, a_second) for reader in readers))
