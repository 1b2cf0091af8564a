"""Operations over graphql-transport-ws: what each is answered with, when it ends, and what ends the socket."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import print_ast
from websockets.frames import Frame, Opcode

from lexora_gql import clock
from lexora_gql.accounts.session_cache import AGE_MAX
from lexora_gql.storage.database import Database
from lexora_gql.terminal.operations import FOLDER, operation
from lexora_gql.transport.graphql.listening import ListenerLimits
from tests.transport.api import Api, Client, Socket, serving, settings_for
from tests.transport.complaints import no_complaints

NAME = {"query": "query Name { serverInfo { name } }"}
NAMED = {"serverInfo": {"name": "Lexora"}}
SHELF = "query Shelf($id: ID!) { document(id: $id) { collection { name } } }"
SHELVES = "subscription Shelves($after: String) { documentEvents(after: $after) { ... on DocumentChanged { "
SHELVES += "document { filename collection { name } } } } }"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing that a client does is logged as an error."""
    with no_complaints():
        yield


async def answered(socket: Socket, identifier: str) -> dict[str, Any]:
    """Return the one result of an operation, which is complete after it."""
    heard = await socket.hear()
    assert (heard["type"], heard["id"]) == ("next", identifier), heard
    assert await socket.hear() == {"type": "complete", "id": identifier}
    return dict(heard["payload"])


async def refused(socket: Socket, identifier: str, **payload: object) -> dict[str, Any]:
    """Return the one error with which an operation is refused; the socket goes on."""
    await socket.say("subscribe", id=identifier, payload=payload)
    heard = await socket.hear()
    assert (heard["type"], heard["id"], len(heard["payload"])) == ("error", identifier, 1), heard
    await socket.say("subscribe", id=identifier, payload=NAME)
    assert (await answered(socket, identifier))["data"] == NAMED
    return dict(heard["payload"][0])


async def uploaded(reader: Client, name: str = "invoices.md") -> str:
    """Return the id of a new document."""
    [result] = await reader.upload((name, f"# {name}\n\nInvoices are paid within 30 days.\n".encode()))
    return str(result["document"]["id"])


async def rename_shelf(reader: Client, name: str) -> None:
    """Rename a reader's one collection."""
    [edge] = (await reader.run("Collections"))["edges"]
    await reader.run("RenameCollection", id=edge["node"]["id"], name=name)


class TestResults:
    async def test_a_query_is_answered_once_with_what_it_cost(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload=NAME | {"variables": None, "extensions": None})
            payload = await answered(socket, "1")

        assert payload["data"] == NAMED
        assert (list(payload), payload["extensions"]["cost"]["requested"]) == (["data", "extensions"], 1)

    async def test_a_mutation_is_executed_once(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "CreateConversation", title="Over a socket")
            payload = await answered(socket, "1")

        assert payload["data"]["createConversation"]["conversation"]["title"] == "Over a socket"
        assert (await reader.run("Conversations"))["totalCount"] == 1

    async def test_an_error_of_a_field_is_part_of_the_result(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload={"query": "{ me { email } }"})
            payload = await answered(socket, "1")

        assert payload["data"] is None
        assert [error["extensions"] for error in payload["errors"]] == [{"code": "UNAUTHENTICATED"}]

    async def test_the_operation_that_is_named_is_executed(self, shared_api: Api) -> None:
        query = "query A { a: serverInfo { name } } query B { b: serverInfo { name } }"
        async with shared_api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload={"query": query, "operationName": "B"})

            assert (await answered(socket, "1"))["data"] == {"b": {"name": "Lexora"}}

    async def test_twenty_at_once_are_each_answered_once(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()
            for number in range(20):
                await socket.say("subscribe", id=str(number), payload=NAME)
            heard = [await socket.hear() for _ in range(40)]

        expected = sorted((kind, str(number)) for number in range(20) for kind in ("next", "complete"))
        assert sorted((message["type"], message["id"]) for message in heard) == expected


class TestRefusals:
    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({"query": "{"}, "BAD_REQUEST"),
            ({"query": " "}, "BAD_REQUEST"),
            ({"query": "{ nothing }"}, "BAD_REQUEST"),
            ({"query": "query A { a: __typename } query B { b: __typename }"}, "BAD_REQUEST"),
            (NAME | {"operationName": "Other"}, "BAD_REQUEST"),
            (NAME | {"operationName": 7}, "BAD_REQUEST"),
            (NAME | {"variables": []}, "BAD_REQUEST"),
            ({"query": SHELF}, "BAD_REQUEST"),
            ({"query": SHELF, "variables": {"id": {}}}, "BAD_REQUEST"),
            (NAME | {"extensions": "x"}, "BAD_REQUEST"),
            (NAME | {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}, "BAD_REQUEST"),
            ({"documentId": "{}"}, "BAD_REQUEST"),
            ({"documentId": "unknown"}, "PERSISTED_QUERY_NOT_FOUND"),
            ({"query": "{" + "a: __typename " * 30 + "}"}, "TOO_COSTLY"),
            ({"query": "subscription { documentEvents { __typename } }"}, "UNAUTHENTICATED"),
            ({"query": 'subscription { answer(messageId: "x") { __typename } }'}, "NOT_FOUND"),
        ],
        ids=lambda value: str(value)[:40],
    )
    async def test_concern_one_operation_only(self, shared_api: Api, payload: dict[str, Any], code: str) -> None:
        async with shared_api.socket() as socket:
            await socket.initialise()

            assert (await refused(socket, "1", **payload))["extensions"]["code"] == code

    async def test_who_has_spent_all_is_told_when_to_come_again(self, database: Database, tmp_path: Path) -> None:
        settings = settings_for(tmp_path, query_limit_per_minute=1)
        async with serving(database, settings) as api, api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload=NAME)
            await answered(socket, "1")
            await socket.say("subscribe", id="2", payload=NAME)
            heard = await socket.hear()

        extensions = heard["payload"][0]["extensions"]
        assert (heard["type"], heard["id"], extensions["code"]) == ("error", "2", "THROTTLED")
        assert 0 < extensions["retryAfterSeconds"] <= 60

    async def test_there_are_only_so_many_operations_at_a_time(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            for number in range(21):
                await socket.subscribe(str(number), "DocumentEvents")
            heard = await socket.hear()
            await socket.say("complete", id="7")
            await socket.say("subscribe", id="20", payload=NAME)

            assert (heard["type"], heard["id"]) == ("error", "20")
            assert heard["payload"] == [
                {
                    "message": "A socket has at most 20 operations at a time.",
                    "extensions": {"code": "THROTTLED", "retryAfterSeconds": 1.0},
                }
            ]
            assert (await answered(socket, "20"))["data"] == NAMED


class TestDocumentsByName:
    async def test_one_that_was_sent_before_may_be_named_by_its_digest(self, shared_api: Api) -> None:
        digest = hashlib.sha256(NAME["query"].encode()).hexdigest()
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        async with shared_api.socket() as socket:
            await socket.initialise()
            error = await refused(socket, "1", extensions=extensions)
            await socket.say("subscribe", id="2", payload=NAME | {"extensions": extensions})
            await answered(socket, "2")
            await socket.say("subscribe", id="3", payload={"extensions": extensions})

            assert error["message"] == "PersistedQueryNotFound"
            assert error["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}
            assert (await answered(socket, "3"))["data"] == NAMED

    async def test_a_trusted_one_may_be_named_and_others_need_not_be_taken(
        self, database: Database, tmp_path: Path
    ) -> None:
        manifest = FOLDER / "manifest.json"
        settings = settings_for(tmp_path, trusted_documents="only", trusted_documents_manifest=manifest)
        document_id = hashlib.sha256(print_ast(operation("ServerInfo")).encode()).hexdigest()
        async with serving(database, settings) as api, api.socket() as socket:
            await socket.initialise()
            await socket.say("subscribe", id="1", payload=NAME)
            heard = await socket.hear()
            await socket.say("subscribe", id="1", payload={"documentId": f"sha256:{document_id}"})

            assert heard["payload"][0]["extensions"] == {"code": "BAD_REQUEST"}
            assert (await answered(socket, "1"))["data"]["serverInfo"]["name"] == "Lexora"


class TestCompleting:
    async def test_stops_an_operation_and_nothing_comes_after_it(self, api: Api) -> None:
        reader = await api.somebody()
        cursor = await reader.run("DocumentFeedCursor")
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents", after=cursor)
            await uploaded(reader)
            assert (await socket.hear())["id"] == "1"
            await socket.say("complete", id="1")
            await socket.subscribe("2", "DocumentEvents", after=cursor)
            await uploaded(reader, "more.md")
            heard = [await socket.hear() for _ in range(2)]

        assert [(message["type"], message["id"]) for message in heard] == [("next", "2")] * 2

    async def test_an_id_may_be_used_again_at_once(self, api: Api) -> None:
        reader = await api.somebody()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            for _ in range(30):
                await socket.subscribe("1", "DocumentEvents")
                await socket.say("complete", id="1")
            await socket.say("subscribe", id="1", payload=NAME)

            assert (await answered(socket, "1"))["data"] == NAMED

    async def test_of_what_is_not_there_is_no_fault(self, shared_api: Api) -> None:
        async with shared_api.socket() as socket:
            await socket.say("complete", id="never begun")
            await socket.initialise()
            await socket.say("subscribe", id="1", payload=NAME)
            await answered(socket, "1")
            await socket.say("complete", id="1")
            await socket.say("ping", payload={"still": "there"})

            assert await socket.hear() == {"type": "pong"}

    async def test_an_operation_is_counted_once_however_it_ends(self, api: Api) -> None:
        reader = await api.somebody()
        registry = api.process.metrics.registry

        def counted() -> dict[tuple[str, str], float]:
            kinds, ends = ("subscription", "query", "unknown"), ("ok", "error", "refused")
            labels = [(kind, end) for kind in kinds for end in ends]
            return {
                (kind, end): registry.get_sample_value("graphql_operations_total", {"type": kind, "outcome": end})
                or 0.0
                for kind, end in labels
            }

        before = counted()
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.subscribe("1", "DocumentEvents", after=await reader.run("DocumentFeedCursor"))
            await uploaded(reader)
            assert (await socket.hear())["type"] == "next"
            await socket.say("complete", id="1")
            await socket.subscribe("2", "DocumentEvents")
            assert (await socket.hear())["type"] == "next"
            await refused(socket, "3", query="{")
            await socket.say("subscribe", id="3", payload={"query": '{ node(id: "x") { id } a: me { email } }'})
            await answered(socket, "3")
        async with asyncio.timeout(5):
            while api.lifecycle.open_sockets:  # noqa: ASYNC110  # a count has no event
                await asyncio.sleep(0.01)
        added = {labels: value - before[labels] for labels, value in counted().items() if value != before[labels]}

        # Over HTTP came DocumentFeedCursor; the upload is a mutation.
        assert added == {("subscription", "ok"): 2, ("query", "ok"): 3, ("unknown", "refused"): 1}

    async def test_one_that_is_completed_before_it_begins_is_counted_too(self, shared_api: Api) -> None:
        registry, labels = shared_api.process.metrics.registry, {"type": "unknown", "outcome": "ok"}
        before = registry.get_sample_value("graphql_operations_total", labels) or 0.0
        async with shared_api.socket() as socket:
            await socket.initialise()
            both = {"type": "subscribe", "id": "1", "payload": NAME}, {"type": "complete", "id": "1"}
            frames = [Frame(Opcode.TEXT, json.dumps(message).encode()) for message in both]
            socket.connection.transport.write(b"".join(frame.serialize(mask=True) for frame in frames))
            await socket.say("ping")

            assert await socket.hear() == {"type": "pong"}
        assert registry.get_sample_value("graphql_operations_total", labels) == before + 1


class TestContexts:
    async def test_each_operation_has_its_own(self, api: Api) -> None:
        reader = await api.somebody()
        document = await uploaded(reader)
        names = []
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            for name in ("First", "Second"):
                await rename_shelf(reader, name)
                await socket.say("subscribe", id="1", payload={"query": SHELF, "variables": {"id": document}})
                names.append((await answered(socket, "1"))["data"]["document"]["collection"]["name"])

        assert names == ["First", "Second"]

    async def test_each_event_loads_afresh(self, api: Api) -> None:
        reader = await api.somebody()
        cursor = await reader.run("DocumentFeedCursor")
        events = []
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.say("subscribe", id="1", payload={"query": SHELVES, "variables": {"after": cursor}})
            for name in ("First", "Second"):
                await rename_shelf(reader, name)
                await uploaded(reader, f"{name}.md")
                document = (await socket.hear())["payload"]["data"]["documentEvents"]["document"]
                events.append((document["filename"], document["collection"]["name"]))

        assert events == [("First.md", "First"), ("Second.md", "Second")]


class TestSignsOfLife:
    async def test_the_server_pings_and_takes_any_pong(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(keep_alive_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api, api.socket() as socket:
            await socket.say("pong")
            await socket.initialise()
            assert await socket.hear() == {"type": "ping"}
            await socket.say("pong", payload={"for": "nothing"})

            assert await socket.hear() == {"type": "ping"}


class TestEnding:
    async def test_a_token_that_expires_closes_the_socket(self, api: Api) -> None:
        reader = await api.somebody()
        tokens = api.process.services.accounts.access_tokens
        claims = tokens.read(str(reader.token), at=clock.now())
        nearly_over = clock.now() - tokens.lifetime + (2 * clock.now().resolution * 1_000_000)
        token, _ = tokens.issue(claims.user_id, claims.session_id, claims.role, at=nearly_over)
        async with api.socket() as socket:
            await socket.initialise(token)
            await socket.subscribe("1", "DocumentEvents")

            assert await socket.ending() == (4403, "The access token has expired.")

    async def test_signing_out_closes_the_sockets(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(session_check_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            async with api.socket() as socket:
                await socket.initialise(reader.token)
                await reader.run("Logout")

                assert await socket.ending() == (4403, "The session has ended.")

    def test_another_server_learns_of_it_within_half_a_minute(self) -> None:
        assert ListenerLimits().session_check_seconds + AGE_MAX.total_seconds() <= 30

    async def test_a_user_has_only_so_many_sockets(self, api: Api) -> None:
        reader = await api.somebody()
        sockets = [api.socket() for _ in range(20)]
        for opened in sockets:
            await (await opened.__aenter__()).initialise(reader.token)
        async with api.socket() as one_more:
            await one_more.say("connection_init", payload=reader.headers)
            assert await one_more.ending() == (1013, "A user has at most 20 sockets.")
        for opened in sockets:
            await opened.__aexit__(None, None, None)
        async with api.socket() as socket:
            await socket.initialise(reader.token)

    async def test_going_down_sends_clients_elsewhere(self, database: Database, tmp_path: Path) -> None:
        limits = ListenerLimits(last_words_seconds=0.05)
        async with serving(database, settings_for(tmp_path), limits=limits) as api:
            reader = await api.somebody()
            async with api.socket() as greeted, api.socket() as silent:
                await greeted.initialise(reader.token)
                await greeted.subscribe("1", "DocumentEvents")
                assert await api.lifecycle.drain() is True

                for socket in (greeted, silent):
                    assert await socket.ending() == (1012, "The server is going down; connect again.")
