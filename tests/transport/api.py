"""A server with real use cases, and clients that speak to it as everybody does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from graphql import print_ast
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.offline.event_bus import InMemoryEvents
from lexora_gql.adapters.offline.job_queue import InMemoryJobQueue
from lexora_gql.adapters.offline.page_reader import OfflinePageReader
from lexora_gql.adapters.offline.passage_index import BruteForceIndex
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.assembly.adapters import Adapters
from lexora_gql.assembly.process import Process, build
from lexora_gql.assembly.server import Server, configuration, listening_at
from lexora_gql.settings import Settings, load_settings
from lexora_gql.storage.database import Database
from lexora_gql.terminal.operations import operation
from lexora_gql.transport.asgi import create_app
from lexora_gql.transport.graphql.listening import ListenerLimits
from lexora_gql.transport.lifecycle import Lifecycle

PASSWORD = "correct horse battery staple"
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}
MAX_FILE_BYTES = 300_000
# Beyond what any test uses up by chance: many come from the same address.
AMPLE = {
    "query_limit_per_minute": 1_000_000,
    "upload_limit_per_minute": 1_000_000,
    "query_cost_burst": 1_000_000_000,
    "query_cost_per_minute": 1_000_000_000,
}


def settings_for(folder: Path, **given: object) -> Settings:
    """Return the settings of a test's server."""
    own: dict[str, object] = {"data_dir": folder, "secret_key": "t" * 48, "max_file_size": MAX_FILE_BYTES}
    return load_settings(**(AMPLE | own | given))


def assemble(database: Database, settings: Settings) -> Process:
    """Return real services over PostgreSQL, with deterministic twins for all that is remote or random."""
    adapters = Adapters(
        database=database,
        bus=InMemoryEvents(),
        queue=InMemoryJobQueue(),
        blobs=ObjectStoreBlobs(settings.blobs_folder),
        embedder=HashingEmbedder(),
        model=ScriptedChatModel(),
        index=BruteForceIndex(),
        extractor=OfflineTextExtractor(),
        pages=OfflinePageReader(),
        allowances=InMemoryAllowances(),
        cache=InMemorySharedCache(),
    )
    return build(settings, adapters)


@dataclass(slots=True)
class Client:
    """Somebody who speaks to the server, signed in or not."""

    http: httpx.AsyncClient
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What says who it is."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def send(self, query: str, variables: dict[str, Any] | None = None, **more: object) -> httpx.Response:
        """Return the response to an operation."""
        body = {"query": query, "variables": variables or {}} | more
        return await self.http.post("/graphql", json=body, headers=self.headers)

    async def run(self, name: str, /, **variables: object) -> Any:
        """Return what the one field of an operation from schema/operations gives; there must be no errors."""
        answer = (await self.send(print_ast(operation(name)), variables)).json()
        assert "errors" not in answer, answer["errors"]
        [result] = answer["data"].values()
        return result

    async def error(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the one error that an operation has."""
        [error] = (await self.send(query, variables)).json()["errors"]
        assert isinstance(error, dict)
        return error

    async def upload(self, *files: tuple[str, bytes], **more: object) -> list[dict[str, Any]]:
        """Return the results of uploading files in one request."""
        inputs = [{"file": None, **more} for _ in files]
        operations = {"query": print_ast(operation("UploadDocuments")), "variables": {"inputs": inputs}}
        places = {str(at): [f"variables.inputs.{at}.file"] for at in range(len(files))}
        response = await self.http.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps(places)},
            files=[(str(at), file) for at, file in enumerate(files)],
            headers=self.headers | PREFLIGHT,
        )
        results = response.json()["data"]["uploadDocuments"]
        assert isinstance(results, list)
        return results


@dataclass(slots=True)
class Socket:
    """A WebSocket that speaks graphql-transport-ws, frame by frame."""

    connection: ClientConnection

    async def say(self, kind: str, **content: object) -> None:
        """Send a message."""
        await self.connection.send(json.dumps({"type": kind} | content))

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message = json.loads(await asyncio.wait_for(self.connection.recv(), 10))
        assert isinstance(message, dict)
        return message

    async def close_code(self) -> int | None:
        """Return what the server closes the socket with."""
        await asyncio.wait_for(self.connection.wait_closed(), 10)
        return self.connection.close_code

    async def ending(self) -> tuple[int | None, str | None]:
        """Return code and reason that the server closes the socket with; what it says before is dropped."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await self.connection.recv()
        return self.connection.close_code, self.connection.close_reason

    async def initialise(self, token: str | None = None) -> None:
        """Say hello."""
        await self.say("connection_init", payload={"Authorization": f"Bearer {token}"} if token else {})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, identifier: str, name: str, /, **variables: object) -> None:
        """Start an operation from schema/operations."""
        payload = {"query": print_ast(operation(name)), "variables": variables}
        await self.say("subscribe", id=identifier, payload=payload)


@dataclass(slots=True)
class Api:
    """A running server."""

    process: Process
    lifecycle: Lifecycle
    http: httpx.AsyncClient
    port: int
    server: Server
    people: int = field(default=0)

    def nobody(self) -> Client:
        """Return a client that is not signed in."""
        return Client(self.http)

    async def somebody(self) -> Client:
        """Return a client of a new account."""
        self.people += 1
        signed_in = await self.nobody().run(
            "Register", input={"email": f"reader{self.people}@example.org", "password": PASSWORD}
        )
        return Client(self.http, signed_in["accessToken"])

    async def ingest(self) -> None:
        """Do all the work that waits, as a worker would."""
        while (claim := await self.process.upkeep.ingestion.claim()) is not None:
            await self.process.upkeep.ingestion.ingest(claim)

    @asynccontextmanager
    async def socket(self, *subprotocols: str) -> AsyncIterator[Socket]:
        """Open a WebSocket."""
        wanted = [Subprotocol(name) for name in subprotocols or ("graphql-transport-ws",)]
        address = f"ws://127.0.0.1:{self.port}/graphql"
        # Compressed, no text of a test would ever fill a buffer.
        async with connect(address, subprotocols=wanted, compression=None) as connection:
            yield Socket(connection)


@asynccontextmanager
async def serving(
    database: Database, settings: Settings, *, process: Process | None = None, limits: ListenerLimits | None = None
) -> AsyncIterator[Api]:
    """Run a server on a port of its own."""
    process = process or assemble(database, settings)
    lifecycle = Lifecycle()
    app = create_app(process.services, settings, process.metrics, lifecycle=lifecycle, limits=limits)
    server = Server(configuration(app))
    listener = listening_at("127.0.0.1", 0)
    port = listener.getsockname()[1]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            yield Api(process, lifecycle, http, port, server)
    finally:
        await lifecycle.drain()
        await process.producers.drain(1)
        server.should_exit = True
        await running
        process.services.accounts.close()
