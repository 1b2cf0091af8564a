"""What is followed over a WebSocket; tests/conformance has the protocol case by case."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from tests.transport.api import Api
from tests.transport.complaints import no_complaints

SEARCHED = "# Invoices\n\nInvoices are paid within 30 days.\n"


async def asked(api: Api) -> tuple[Any, str]:
    """Return a reader, and the id of an answer of theirs that has ended."""
    reader = await api.somebody()
    await reader.upload(("invoices.md", SEARCHED.encode()))
    await api.ingest()
    sent = await reader.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
    assert sent["answer"]["status"] == "COMPLETED"
    return reader, sent["answer"]["id"]


class TestOperations:
    async def test_closing_the_socket_ends_what_it_followed(self, api: Api) -> None:
        reader = await api.somebody()
        gauge = api.process.metrics.live_subscriptions.labels("documentEvents")
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents")
            await socket.subscribe("2", "ServerInfo")
            await socket.hear()
            assert gauge._value.get() == 1

        async with asyncio.timeout(5):
            while gauge._value.get():  # noqa: ASYNC110  # a gauge has no event
                await asyncio.sleep(0.01)

    async def test_one_that_is_gone_before_it_was_let_in_is_no_fault(self, shared_api: Api) -> None:
        events: list[Message] = [{"type": "websocket.connect"}]

        async def receive() -> Message:
            return events.pop()

        async def send(_message: Message) -> None:
            raise ConnectionResetError

        scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [], "query_string": b""}
        with no_complaints():
            await shared_api.server.config.loaded_app(scope, receive, send)

        assert shared_api.lifecycle.open_sockets == 0


class TestAnswer:
    async def test_its_pieces_put_together_are_the_answer(self, api: Api) -> None:
        reader, answer = await asked(api)
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "Answer", messageId=answer)
            events = []
            while (heard := await socket.hear())["type"] == "next":
                events.append(heard["payload"]["data"]["answer"])

        assert heard == {"type": "complete", "id": "1"}
        assert (events[0]["__typename"], events[-1]["__typename"]) == ("AnswerSources", "AnswerFinished")
        text = ""
        for event in events[1:-1]:
            text = text[: event["offset"]] + event["text"]
        assert text == events[-1]["message"]["content"] != ""

    async def test_any_cursor_gives_the_rest(self, api: Api) -> None:
        reader, answer = await asked(api)
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "Answer", messageId=answer)
            events = []
            while (heard := await socket.hear())["type"] == "next":
                events.append(heard["payload"]["data"]["answer"])
            for at, event in enumerate(events):
                await socket.subscribe("2", "Answer", messageId=answer, after=event["cursor"])
                rest = []
                while (heard := await socket.hear())["type"] == "next":
                    rest.append(heard["payload"]["data"]["answer"])
                assert rest == events[at + 1 :]

    @pytest.mark.parametrize("cursor", ["", "nonsense", "A" * 5_000])
    async def test_a_cursor_from_elsewhere_is_refused(self, api: Api, cursor: str) -> None:
        reader, answer = await asked(api)
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "Answer", messageId=answer, after=cursor)
            heard = await socket.hear()

            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "BAD_CURSOR")

    async def test_somebody_elses_is_not_there(self, api: Api) -> None:
        _, answer = await asked(api)
        stranger = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(stranger.token)
            for message_id in (answer, "nonsense"):
                await socket.subscribe("1", "Answer", messageId=message_id)
                heard = await socket.hear()

                assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "NOT_FOUND")


class TestDocumentEvents:
    async def test_a_document_is_followed_to_its_end(self, api: Api) -> None:
        reader = await api.somebody()
        cursor = await reader.run("DocumentFeedCursor")
        [accepted] = await reader.upload(("invoices.md", SEARCHED.encode()))
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents", after=cursor)
            first = (await socket.hear())["payload"]["data"]["documentEvents"]
            await api.ingest()
            status = first["document"]["status"]
            while status != "READY":
                event = (await socket.hear())["payload"]["data"]["documentEvents"]
                status = event["document"]["status"]
            await reader.run("DeleteDocument", id=accepted["document"]["id"])
            while event["__typename"] == "DocumentChanged":
                event = (await socket.hear())["payload"]["data"]["documentEvents"]

        assert first["document"]["id"] == accepted["document"]["id"]
        assert (event["__typename"], event["documentId"]) == ("DocumentDeleted", accepted["document"]["id"])

    async def test_somebody_elses_cursor_is_refused(self, api: Api) -> None:
        cursor = await (await api.somebody()).run("DocumentFeedCursor")
        stranger = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(stranger.token)
            await socket.subscribe("1", "DocumentEvents", after=cursor)
            heard = await socket.hear()

            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "BAD_CURSOR")
