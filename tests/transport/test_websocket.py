"""GraphQL over WebSocket, frame by frame."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.standing import ListenerLimits
from tests.transport.api import Api, serving, settings_for

SEARCHED = "# Invoices\n\nInvoices are paid within 30 days.\n"


async def asked(api: Api) -> tuple[Any, str]:
    """Return a reader, and the id of an answer of theirs that has ended."""
    reader = await api.somebody()
    await reader.upload(("invoices.md", SEARCHED.encode()))
    await api.ingest()
    sent = await reader.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
    assert sent["answer"]["status"] == "COMPLETED"
    return reader, sent["answer"]["id"]


class TestHandshake:
    async def test_other_subprotocols_are_refused(self, api: Api) -> None:
        async with api.socket("graphql-ws") as socket:
            assert await socket.close_code() == 4406

    async def test_nobody_may_ask_about_the_server(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.initialise()
            await socket.subscribe("1", "ServerInfo")

            assert (await socket.hear())["payload"]["data"]["serverInfo"]["name"] == "Lexora"
            assert await socket.hear() == {"type": "complete", "id": "1"}

    async def test_a_bad_token_is_forbidden(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.say("connection_init", payload={"Authorization": "Bearer stale"})

            assert await socket.close_code() == 4403

    async def test_subscribing_comes_after_the_handshake(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.subscribe("1", "ServerInfo")

            assert await socket.close_code() == 4401

    async def test_one_handshake_is_enough(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.initialise()
            await socket.say("connection_init")

            assert await socket.close_code() == 4429

    async def test_a_ping_is_answered_even_before(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.say("ping")

            assert await socket.hear() == {"type": "pong"}


class TestFrames:
    @pytest.mark.parametrize("frame", ["", "{", "[]", "null", "1", '"subscribe"', '{"type":"no"}', b"\x00\xff"])
    async def test_what_is_no_message_closes_the_socket(self, api: Api, frame: str | bytes) -> None:
        async with api.socket() as socket:
            await socket.connection.send(frame)

            assert await socket.close_code() == 4400

    async def test_a_frame_that_is_too_large_closes_the_socket(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.say("ping", payload={"a": "x" * 70_000})

            assert await socket.close_code() == 1009


class TestOperations:
    async def test_a_fault_in_one_leaves_the_others_alone(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.initialise()
            for query in ("{", "{ nothing }", " "):
                await socket.say("subscribe", id="1", payload={"query": query})
                heard = await socket.hear()
                assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")
            await socket.subscribe("1", "Me")
            assert (await socket.hear())["payload"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
            assert await socket.hear() == {"type": "complete", "id": "1"}
            await socket.subscribe("1", "ServerInfo")

            assert (await socket.hear())["payload"]["data"]["serverInfo"]["name"] == "Lexora"

    async def test_variables_that_do_not_fit_are_an_error(self, api: Api) -> None:
        async with api.socket() as socket:
            await socket.initialise()
            await socket.subscribe("1", "Node", id={})
            heard = await socket.hear()

            assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "BAD_REQUEST")

    async def test_an_id_in_use_closes_the_socket(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents")
            await socket.subscribe("1", "DocumentEvents")

            assert await socket.close_code() == 4409

    async def test_an_id_is_free_again_after_complete(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents")
            await socket.say("complete", id="1")
            await socket.subscribe("1", "Me")

            assert (await socket.hear())["payload"]["data"]["me"]["email"] == "reader1@example.org"

    async def test_there_are_only_so_many_at_a_time(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            for number in range(21):
                await socket.subscribe(str(number), "DocumentEvents")
            heard = await socket.hear()

            assert (heard["type"], heard["id"]) == ("error", "20")
            assert heard["payload"][0]["extensions"]["code"] == "THROTTLED"

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


class TestTime:
    async def test_silence_is_not_waited_for(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(init_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api, api.socket() as socket:
            assert await socket.close_code() == 4408

    async def test_signing_out_ends_the_sockets_too(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(session_check_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            async with api.socket() as socket:
                await socket.initialise(reader.token)
                await reader.run("Logout")

                assert await socket.close_code() == 4403

    async def test_a_user_has_only_so_many_sockets(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(of_a_user=1)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            async with api.socket() as first:
                await first.initialise(reader.token)
                async with api.socket() as second:
                    await second.say("connection_init", payload={"Authorization": f"Bearer {reader.token}"})
                    assert await second.close_code() == 1013
            async with api.socket() as third:
                await third.initialise(reader.token)

    async def test_who_does_not_read_is_not_waited_for(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(send_seconds=0.3, last_words_seconds=0.1)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            [result] = await reader.upload(("long.txt", b"All work and no play. " * 4_500))
            await api.ingest()
            async with api.socket() as socket:
                await socket.initialise(reader.token)
                # Never reading what comes; the buffers of two kernels hold some megabytes.
                for number in count():
                    if not api.lifecycle.open_sockets:
                        break
                    await asyncio.wait_for(
                        socket.subscribe(str(number), "DocumentText", id=result["document"]["id"]), 10
                    )
                    await asyncio.sleep(0.01)
                assert number < 1_000
                socket.connection.transport.abort()

    async def test_going_down_closes_sockets_with_a_code_that_clients_retry(
        self, database: Database, tmp_path: Path
    ) -> None:
        limits = ListenerLimits(last_words_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            async with api.socket() as socket:
                await socket.initialise(reader.token)
                await socket.subscribe("1", "DocumentEvents")

                assert await api.lifecycle.drain() is True
                assert await socket.close_code() == 1012
            assert (await api.http.get("/ready")).status_code == 503
