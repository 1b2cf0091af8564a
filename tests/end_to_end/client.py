"""A client as anybody would write one: HTTP and graphql-transport-ws, nothing of Lexora's own but its operations."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets
from graphql import print_ast

from lexora_gql.terminal.operations import operation

Json = dict[str, Any]
PASSWORD = "correct horse battery staple"
ENDS = {"READY", "FAILED"}


class Failed(AssertionError):
    """The server answered with errors, or closed the socket with one."""


@dataclass(slots=True)
class Client:
    """One person at one server.

    Attributes:
        address: Such as http://127.0.0.1:8000; change it to go on at another server.
    """

    address: str
    token: str | None = None
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=120.0, trust_env=False))

    async def register(self) -> Json:
        """Make an account of its own and sign in."""
        email = f"{secrets.token_hex(8)}@example.org"
        answer = await self.run("Register", input={"email": email, "password": PASSWORD})
        self.token = answer["register"]["accessToken"]
        return dict(answer["register"])

    async def run(self, name: str, /, **variables: Any) -> Json:
        """Run an operation of schema/operations and return its data; errors are a failure."""
        body = await self.post({"query": print_ast(operation(name)), "variables": variables})
        return _data(body)

    async def post(self, body: Json) -> Json:
        """Send a request as JSON and return the response, whatever it is."""
        response = await self.http.post(f"{self.address}/graphql", json=body, headers=self.headers)
        return dict(response.json())

    async def upload(self, path: Path, *, filename: str | None = None, **fields: Any) -> Json:
        """Upload a file by the multipart request specification; return the result union."""
        return await self.upload_bytes(await asyncio.to_thread(path.read_bytes), filename or path.name, **fields)

    async def upload_bytes(self, data: bytes, filename: str, **fields: Any) -> Json:
        """Upload what is not a file here."""
        variables = {"input": {"file": None, **fields}}
        operations = json.dumps({"query": print_ast(operation("UploadDocument")), "variables": variables})
        files = {"0": (filename, data)}
        response = await self.http.post(
            f"{self.address}/graphql",
            data={"operations": operations, "map": json.dumps({"0": ["variables.input.file"]})},
            files=files,
            headers={**self.headers, "GraphQL-Require-Preflight": "1"},
        )
        return dict(_data(response.json())["uploadDocument"])

    async def subscribe(self, name: str, /, **variables: Any) -> AsyncGenerator[Json, None]:
        """Yield what a subscription of schema/operations sends, until the server ends it; errors are a failure."""
        async with self.socket() as socket:
            payload = {"query": print_ast(operation(name)), "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for frame in socket:
                message = json.loads(frame)
                if message["type"] == "complete":
                    return
                if message["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                    continue
                if message["type"] != "next":
                    raise Failed(message)
                [event] = _data(message["payload"]).values()
                yield event

    @asynccontextmanager
    async def socket(self, *, narrow: bool = False) -> AsyncIterator[websockets.ClientConnection]:
        """Open a socket and sign in on it; a narrow one has little room for what nobody reads."""
        address = self.address.replace("http", "ws", 1) + "/graphql"
        protocol = websockets.Subprotocol("graphql-transport-ws")
        room: dict[str, Any] = {"max_queue": 1, "ping_interval": None} if narrow else {}
        connecting = websockets.connect(address, subprotocols=[protocol], proxy=None, max_size=None, **room)
        async with connecting as socket:
            payload = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv()) == {"type": "connection_ack"}
            yield socket

    async def finished(self, *document_ids: str) -> dict[str, Json]:
        """Follow documents until each is READY or FAILED; return their last states."""
        states: dict[str, Json] = {}
        async with aclosing(self.subscribe("DocumentEvents", documentIds=list(document_ids))) as events:
            async for event in events:
                document = event["document"]
                states[document["id"]] = document
                if len(states) == len(document_ids) and all(state["status"] in ENDS for state in states.values()):
                    return states
        message = "The subscription ended before the documents did."
        raise AssertionError(message)

    async def ask(self, question: str, **fields: Any) -> Json:
        """Ask and follow the answer; return the message, its cited parts included, and check that it is whole."""
        sent = (await self.run("SendMessage", input={"content": question, **fields}))["sendMessage"]
        assert sent["__typename"] == "MessageSent", sent
        text = ""
        async with aclosing(self.subscribe("Answer", messageId=sent["answer"]["id"])) as events:
            async for event in events:
                if event["__typename"] == "AnswerText":
                    assert event["offset"] == len(text)
                    text += event["text"]
                elif event["__typename"] == "AnswerFinished":
                    assert event["message"]["content"] == text
                    return dict(event["message"])
        message = "The answer never finished."
        raise AssertionError(message)

    @property
    def headers(self) -> dict[str, str]:
        """How this person is known."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()


def _data(body: Json) -> Json:
    if "errors" in body:
        raise Failed(body["errors"])
    return dict(body["data"])
