"""Faults of our own: the client learns an id and nothing else, and the log has the rest under it."""

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.adapters.offline.allowances import InMemoryAllowances
from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.assembly.process import build
from lexora_gql.ports.allowances import Charge, Verdict
from lexora_gql.ports.embedder import Vectors
from lexora_gql.storage.database import Database
from tests.transport.api import PREFLIGHT, Api, Client, assemble, serving, settings_for

CANARY = "canary in /etc/lexora: SELECT password FROM users"
SEARCH = '{ search(query: "invoices") { candidates } }'


class BrokenEmbedder(HashingEmbedder):
    """An embedder with a fault in it."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Fail."""
        raise RuntimeError(CANARY, *texts)


class BrokenBlobs(ObjectStoreBlobs):
    """A store that is full."""

    async def write(self, key: str, pieces: AsyncIterable[bytes]) -> None:
        """Fail."""
        raise OSError(28, CANARY, key)


class BrokenAllowances(InMemoryAllowances):
    """Allowances with a fault in them."""

    is_broken = False

    async def take(self, payer: str, charges: Sequence[Charge]) -> Verdict:
        """Fail, once it is broken."""
        if self.is_broken:
            raise KeyError(CANARY, payer)
        return await super().take(payer, charges)


@asynccontextmanager
async def broken(database: Database, folder: Path, **adapters: Any) -> AsyncIterator[Api]:
    """Run a server with faults, in production."""
    settings = settings_for(folder, environment="production")
    sound = assemble(database, settings).adapters
    async with serving(database, settings, process=build(settings, replace(sound, **adapters))) as api:
        yield api


def traced(entries: Sequence[Mapping[str, Any]], error_id: str) -> list[BaseException]:
    """Return the errors that the log has under an id."""
    return [entry["exc_info"] for entry in entries if entry.get("error_id") == error_id]


def told(error: dict[str, Any]) -> str:
    """Return the id in an error, which tells nothing else."""
    extensions = error["extensions"]
    error_id = str(extensions["errorId"])
    assert extensions == {"code": "INTERNAL", "errorId": error_id}
    assert error["message"] == f"Something went wrong on the server's side. Its log has the details under {error_id}."
    return error_id


class TestFaults:
    async def test_a_resolvers_fault_is_found_by_its_id(self, database: Database, tmp_path: Path) -> None:
        with capture_logs() as entries:
            async with broken(database, tmp_path, embedder=BrokenEmbedder()) as api:
                response = await (await api.somebody()).send(SEARCH)
        [error] = response.json()["errors"]
        [found] = traced(entries, told(error))

        assert (response.status_code, response.json()["data"], error["path"]) == (200, None, ["search"])
        assert (type(found), found.args[0]) == (RuntimeError, CANARY)
        assert "canary" not in response.text

    async def test_each_fault_has_an_id_of_its_own(self, database: Database, tmp_path: Path) -> None:
        query = 'mutation { a: createCollection(name: "A") { ... on CollectionSaved { collection { id } } } }'
        with capture_logs() as entries:
            async with broken(database, tmp_path, embedder=BrokenEmbedder()) as api:
                reader = await api.somebody()
                errors = [(await reader.error(SEARCH)) for _ in range(3)]
                # What is sound goes on beside it.
                assert "errors" not in (await reader.send(query)).json()
        ids = [told(error) for error in errors]

        assert len(set(ids)) == 3
        assert [len(traced(entries, error_id)) for error_id in ids] == [1, 1, 1]

    async def test_an_uploads_fault_too(self, database: Database, tmp_path: Path) -> None:
        query = "mutation($file: Upload!) { uploadDocument(input: {file: $file}) { __typename } }"
        form = {"operations": f'{{"query":"{query}","variables":{{"file":null}}}}', "map": '{"0":["variables.file"]}'}
        with capture_logs() as entries:
            async with broken(database, tmp_path, blobs=BrokenBlobs(tmp_path / "blobs")) as api:
                reader = await api.somebody()
                files = {"0": ("a.txt", b"Invoices are paid.")}
                response = await api.http.post("/graphql", data=form, files=files, headers=reader.headers | PREFLIGHT)
        [error] = response.json()["errors"]
        [found] = traced(entries, told(error))

        assert (response.status_code, error["path"]) == (200, ["uploadDocument"])
        assert isinstance(found, OSError)
        assert "canary" not in response.text

    async def test_one_before_anything_was_executed_is_a_fault_of_the_server(
        self, database: Database, tmp_path: Path
    ) -> None:
        allowances = BrokenAllowances()
        with capture_logs() as entries:
            async with broken(database, tmp_path, allowances=allowances) as api:
                reader = await api.somebody()
                allowances.is_broken = True
                response = await reader.send("{ me { email } }")
        [error] = response.json()["errors"]
        [found] = traced(entries, told(error))

        assert (response.status_code, response.json().keys()) == (500, {"errors"})
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert isinstance(found, KeyError)
        assert "canary" not in response.text

    async def test_what_clients_do_wrong_is_no_fault(self, api: Api) -> None:
        reader = await api.somebody()
        with capture_logs() as entries:
            for query in (
                "{",
                "{ nothing }",
                "{ documents(first: 0) { totalCount } }",
                "query($a: ID!) { node(id: $a) { id } }",
            ):
                await reader.send(query)
            await api.nobody().send("{ me { email } }")

        assert {entry["log_level"] for entry in entries} == {"info"}


@pytest.fixture(scope="module")
async def production(session_database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a server in production."""
    settings = settings_for(tmp_path_factory.mktemp("words"), environment="production")
    async with serving(session_database, settings) as api:
        yield api.nobody()


class TestMessages:
    """What is wrong is said in words, with its place, to those who may not see the schema, too."""

    @pytest.mark.parametrize(
        ("query", "message", "place"),
        [
            ("{ me", "Syntax Error: Expected Name, found <EOF>.", (1, 5)),
            ("{ me { id ] }", "Syntax Error: Expected Name, found ']'.", (1, 11)),
            ('{ node(id: "a) { id } }', "Syntax Error: Unterminated string.", (1, 24)),
            ("{ serverInf { name } }", "Cannot query field 'serverInf' on type 'Query'.", (1, 3)),
            ("{\n  serverInfo {\n    nam\n  }\n}", "Cannot query field 'nam' on type 'ServerInfo'.", (3, 5)),
            (
                "{ node { id } }",
                "Argument 'Query.node(id:)' of type 'ID!' is required, but it was not provided.",
                (1, 3),
            ),
            ("{ node(id: 1.5) { id } }", "ID cannot represent a non-string and non-integer value: 1.5", (1, 12)),
            ("query($a: Nothing) { node(id: $a) { id } }", "Unknown type 'Nothing'.", (1, 11)),
            ("{ __schema { types { name } } }", "GraphQL introspection has been disabled", (1, 3)),
        ],
    )
    async def test_they_are_clear(self, production: Client, query: str, message: str, place: tuple[int, int]) -> None:
        error = (await production.send(query)).json()["errors"][0]

        assert error["message"].startswith(message)
        assert "Did you mean" not in error["message"]
        assert error["extensions"] == {"code": "BAD_REQUEST"}
        assert error["locations"][0] == {"line": place[0], "column": place[1]}

    async def test_at_most_five_come_at_once(self, production: Client) -> None:
        answer = (await production.send("{ " + " ".join(f"nothing{at}" for at in range(20)) + " }")).json()

        assert [error["message"][:26] for error in answer["errors"]] == ["Cannot query field 'nothin"] * 5
