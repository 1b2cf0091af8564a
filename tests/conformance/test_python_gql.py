"""gql, the client of Python: over HTTP with httpx, and over WebSocket."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from gql import Client, FileVar, gql
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import print_ast

from lexora_gql.storage.database import Database
from lexora_gql.terminal.operations import operation
from tests.conformance.events import Event, faults, tampered
from tests.conformance.house import ANSWER, FILENAME, PARTS, QUESTION, TEXT, House, open_house
from tests.transport.api import PASSWORD, PREFLIGHT

Json = dict[str, Any]


@dataclass(slots=True)
class Visitor:
    """Somebody who uses gql as its documentation does."""

    house: House
    email: str
    token: str = ""

    async def run(self, name: str, /, **variables: Any) -> Any:
        """Return what an operation's one field gives, over HTTP."""
        headers = PREFLIGHT | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        transport = HTTPXAsyncTransport(url=self._url("http"), headers=headers)
        async with Client(transport=transport) as session:
            given = await session.execute(_request(name, variables), upload_files=name == "UploadDocument")
        [value] = given.values()
        return value

    def sockets(self, server: int = 0, **more: Any) -> WebsocketsTransport:
        """Return the way to a server over WebSocket."""
        return WebsocketsTransport(
            url=self._url("ws", server),
            init_payload={"Authorization": f"Bearer {self.token}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            **more,
        )

    def _url(self, scheme: str, server: int = 0) -> str:
        return f"{scheme}://127.0.0.1:{self.house.apis[server].port}/graphql"


def _request(name: str, variables: Json) -> Any:
    request = gql(print_ast(operation(name)))
    request.variable_values = variables
    return request


async def follow(session: AsyncClientSession, name: str, /, **variables: Any) -> AsyncGenerator[Event, None]:
    """Yield the events of a subscription."""
    async with aclosing(session.subscribe(_request(name, variables))) as results:
        async for result in results:
            [event] = result.values()
            yield event


@pytest.fixture(scope="module")
async def house(
    session_database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    async with open_house(session_database, redis_url, tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
async def visitor(house: House, database: Database) -> Visitor:
    """Somebody who has signed up, with what they see of an otherwise empty database."""
    visitor = Visitor(house, f"{uuid4()}@example.org")
    signed_in = await visitor.run("Register", input={"email": visitor.email, "password": PASSWORD})
    visitor.token = signed_in["accessToken"]
    return visitor


async def uploaded(visitor: Visitor) -> Json:
    """Return what became of a file."""
    file = FileVar(io.BytesIO(TEXT.encode()), filename=FILENAME, content_type="text/markdown")
    accepted: Json = await visitor.run("UploadDocument", input={"file": file})
    return accepted


class TestHttp:
    async def test_it_queries_and_mutates(self, visitor: Visitor) -> None:
        assert (await visitor.run("Me"))["email"] == visitor.email
        declined = await visitor.run("Login", input={"email": visitor.email, "password": "wrong"})
        assert declined["__typename"] == "InvalidCredentials"

    async def test_it_is_told_what_is_wrong(self, visitor: Visitor) -> None:
        visitor.token = ""
        with pytest.raises(TransportQueryError) as refused:
            await visitor.run("Me")

        assert [error["extensions"]["code"] for error in refused.value.errors or []] == ["UNAUTHENTICATED"]

    async def test_it_uploads(self, visitor: Visitor) -> None:
        accepted = await uploaded(visitor)

        assert (accepted["document"]["filename"], accepted["document"]["byteSize"]) == (FILENAME, len(TEXT))

    async def test_it_reads_the_schema_and_holds_documents_against_it(self, visitor: Visitor) -> None:
        transport = HTTPXAsyncTransport(url=visitor._url("http"))
        async with Client(transport=transport, fetch_schema_from_transport=True) as session:
            with pytest.raises(Exception, match="Cannot query field 'nothing'"):
                await session.execute(gql("{ nothing }"))
            assert (await session.execute(gql("{ serverInfo { name } }"))) == {"serverInfo": {"name": "Lexora"}}


class TestWebSocket:
    async def test_it_follows_a_document_until_it_is_read(self, visitor: Visitor) -> None:
        cursor = await visitor.run("DocumentFeedCursor")
        await uploaded(visitor)
        statuses: list[str] = []
        async with (
            Client(transport=visitor.sockets()) as session,
            aclosing(follow(session, "DocumentEvents", after=cursor)) as events,
        ):
            async for event in events:
                if not statuses:
                    await visitor.house.fulfil({"please": "ingest"})
                statuses.append(event["document"]["status"])
                if statuses[-1] == "READY":
                    break

        assert (statuses[0], statuses[-1]) == ("PENDING", "READY")

    async def test_its_answer_is_whole_although_it_was_cut_off_after_each_part(self, visitor: Visitor) -> None:
        await uploaded(visitor)
        await visitor.house.fulfil({"please": "ingest"})
        visitor.house.answer()
        answer = (await visitor.run("SendMessage", input={"content": QUESTION}))["answer"]["id"]
        events: list[Event] = []
        for cuts in range(1, len(PARTS)):
            written = "".join(piece for part in PARTS[:cuts] for piece in part)
            with pytest.raises(TransportConnectionFailed):
                await self.hear(visitor, answer, events, server=cuts % 2, cut_after=written)
            visitor.house.open()
        await self.hear(visitor, answer, events, server=0)

        assert faults(events, ANSWER) == []
        # The control: nothing else would pass for whole.
        for how, wrong in tampered(events):
            assert faults(wrong, ANSWER) != [], how

    async def hear(
        self, visitor: Visitor, answer: str, events: list[Event], *, server: int, cut_after: str | None = None
    ) -> None:
        """Hear an answer from where it was left, to its end or until the line breaks."""
        transport = visitor.sockets(server)
        after = events[-1]["cursor"] if events else None
        async with (
            Client(transport=transport) as session,
            aclosing(follow(session, "Answer", messageId=answer, after=after)) as news,
        ):
            async for event in news:
                events.append(event)
                text = "".join(each["text"] for each in events if each["__typename"] == "AnswerText")
                # White space at the end is kept back until something follows.
                if cut_after is not None and text.rstrip() == cut_after.rstrip():
                    assert transport.adapter.websocket is not None
                    transport.adapter.websocket.transport.abort()

    async def test_both_sides_keep_the_line_alive(self, visitor: Visitor) -> None:
        transport = visitor.sockets()
        async with Client(transport=transport), asyncio.timeout(10):
            await transport.ping_received.wait()
            await transport.send_ping()
            await transport.pong_received.wait()

    async def test_a_token_that_is_no_good_is_told(self, visitor: Visitor) -> None:
        visitor.token = "stale"
        with pytest.raises(TransportConnectionFailed):
            async with Client(transport=visitor.sockets()):
                pass
