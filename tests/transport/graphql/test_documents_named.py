"""Documents that are named: trusted ones of a manifest, and those that the server was asked to remember."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from lexora_gql.settings import WrongSettings
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.execution.trusted_documents import TrustedDocuments, sha256_of
from tests.shared_data import PROJECT
from tests.transport.api import Api, Client, serving, settings_for

TRUSTED = "query Trusted { serverInfo { name } }"
FREE = "query Free { serverInfo { version } }"
CHANGE = "mutation Change { logout { __typename } }"
NAME = {"serverInfo": {"name": "Lexora"}}
NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
NOT_SUPPORTED = {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}

Serve = Callable[..., AbstractAsyncContextManager[Api]]


def apollo(*texts: str, **named: str) -> str:
    """Return a manifest as Apollo's tools write it: ids are hashes, where none are given."""
    pairs = [(sha256_of(text), text) for text in texts] + [*named.items()]
    entries = [{"id": each, "name": "A", "type": "query", "body": text} for each, text in pairs]
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": entries})


def relay(**named: str) -> str:
    """Return a manifest as Relay's compiler writes it."""
    return json.dumps(named)


def hashed(text: str) -> dict[str, Any]:
    """Return the extensions that name a document by its hash."""
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256_of(text)}}


@pytest.fixture
def serve(database: Database, tmp_path: Path) -> Serve:
    """Runs a server with a manifest."""

    @asynccontextmanager
    async def run(mode: str, manifest: str = "", **given: object) -> AsyncIterator[Api]:
        path = tmp_path / "manifest.json"
        path.write_text(manifest, encoding="utf-8")
        settings = settings_for(tmp_path, trusted_documents=mode, trusted_documents_manifest=path, **given)
        async with serving(database, settings) as api:
            yield api

    return run


async def answers(client: Client, **request: Any) -> list[httpx.Response]:
    """Return the responses to a request by POST and by GET."""
    params = {name: each if isinstance(each, str) else json.dumps(each) for name, each in request.items()}
    return [
        await client.http.post("/graphql", json=request, headers=client.headers),
        await client.http.get("/graphql", params=params, headers=client.headers),
    ]


async def data(client: Client, **request: Any) -> Any:
    """Return what both ways give, which is the same."""
    first, second = [response.json()["data"] for response in await answers(client, **request)]
    assert first == second
    return first


async def error(client: Client, **request: Any) -> dict[str, Any]:
    """Return the error that both ways have."""
    [first], [second] = [response.json()["errors"] for response in await answers(client, **request)]
    assert first == second
    assert isinstance(first, dict)
    return first


class TestManifests:
    @pytest.mark.parametrize("manifest", [apollo(TRUSTED), relay(**{sha256_of(TRUSTED): TRUSTED}), relay(any=TRUSTED)])
    async def test_whoever_wrote_them_documents_are_found_by_their_hash(self, serve: Serve, manifest: str) -> None:
        async with serve("only", manifest) as api:
            client = api.nobody()

            assert await data(client, documentId=f"sha256:{sha256_of(TRUSTED)}") == NAME
            assert await data(client, documentId=sha256_of(TRUSTED)) == NAME
            assert await data(client, extensions=hashed(TRUSTED)) == NAME

    @pytest.mark.parametrize("manifest", [apollo(**{"sha256:a1": TRUSTED, "page~2.x_-": FREE}), relay(a1=TRUSTED)])
    async def test_documents_are_found_by_ids_of_any_kind(self, serve: Serve, manifest: str) -> None:
        async with serve("prefer", manifest) as api:
            assert await data(api.nobody(), documentId="a1") == NAME
            assert await data(api.nobody(), documentId="sha256:a1") == NAME

    async def test_an_id_that_looks_like_a_hash_makes_no_other_text_trusted(self, serve: Serve) -> None:
        async with serve("only", relay(**{sha256_of(FREE): TRUSTED})) as api:
            assert await data(api.nobody(), documentId=sha256_of(FREE)) == NAME
            assert (await error(api.nobody(), query=FREE))["extensions"] == {"code": "BAD_REQUEST"}

    async def test_that_of_our_own_operations_is_one(self) -> None:
        path = PROJECT / "schema" / "operations" / "manifest.json"
        settings = settings_for(path.parent, trusted_documents="only", trusted_documents_manifest=path)

        assert len(TrustedDocuments.from_settings(settings).by_id) >= 30

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "cannot be read: No such file or directory"),
            ("", "is no manifest as Apollo or Relay have it"),
            ("[]", "is no manifest as Apollo or Relay have it"),
            ('{"operations": [{"id": 1}]}', "is no manifest as Apollo or Relay have it"),
            ('{"a": {"b": "c"}}', "is no manifest as Apollo or Relay have it"),
            ("\udcff", "is no manifest as Apollo or Relay have it"),
        ],
    )
    def test_one_that_is_none_stops_the_start_in_one_line(self, tmp_path: Path, content: str | None, said: str) -> None:
        path = tmp_path / "manifest.json"
        if content is not None:
            path.write_bytes(content.encode(errors="surrogateescape"))
        settings = settings_for(tmp_path, trusted_documents="prefer", trusted_documents_manifest=path)
        with pytest.raises(WrongSettings) as raised:
            TrustedDocuments.from_settings(settings)

        assert raised.value.lines == [f"TRUSTED_DOCUMENTS_MANIFEST: {path} {said}"]

    def test_none_that_is_named_stops_it_too(self, tmp_path: Path) -> None:
        with pytest.raises(WrongSettings) as raised:
            TrustedDocuments.from_settings(settings_for(tmp_path, trusted_documents="only"))

        expected = "TRUSTED_DOCUMENTS_MANIFEST: must name a file when TRUSTED_DOCUMENTS is only"
        assert raised.value.lines == [expected]


class TestModes:
    async def test_off_there_are_none(self, serve: Serve) -> None:
        async with serve("off", apollo(TRUSTED)) as api:
            assert await error(api.nobody(), documentId=sha256_of(TRUSTED)) == NOT_FOUND
            assert await data(api.nobody(), query=TRUSTED) == NAME

    async def test_preferred_they_are_counted_beside_others(self, serve: Serve) -> None:
        async with serve("prefer", apollo(TRUSTED)) as api:
            client, registry = api.nobody(), api.process.metrics.registry
            await data(client, documentId=sha256_of(TRUSTED))
            await data(client, query=TRUSTED)
            await data(client, query=FREE)
            await client.send(FREE, extensions=hashed(FREE))
            await data(client, extensions=hashed(FREE))

            counted = {
                source: registry.get_sample_value("graphql_documents_total", {"source": source})
                for source in ("trusted", "free", "automatic")
            }
        assert counted == {"trusted": 4, "free": 2, "automatic": 3}

    async def test_only_they_are_served(self, serve: Serve) -> None:
        async with serve("only", apollo(TRUSTED)) as api:
            client = api.nobody()

            assert await data(client, query=TRUSTED) == NAME
            for query in (FREE, f"{TRUSTED} ", f"#{TRUSTED}", "{", "{ __schema { types { name } } }"):
                found = await error(client, query=query)
                assert found["extensions"] == {"code": "BAD_REQUEST"}
                assert found["message"].startswith("Only the documents that this server was told to trust")

    async def test_only_they_are_remembered_by_no_hash(self, serve: Serve) -> None:
        async with serve("only", apollo(TRUSTED)) as api:
            client = api.nobody()

            assert await error(client, extensions=hashed(FREE)) == NOT_SUPPORTED
            assert (await error(client, query=FREE, extensions=hashed(FREE)))["extensions"] == {"code": "BAD_REQUEST"}
            assert await error(client, extensions=hashed(FREE)) == NOT_SUPPORTED
            assert await error(client, documentId=sha256_of(FREE)) == NOT_FOUND
            assert await data(client, query=TRUSTED, extensions=hashed(TRUSTED)) == NAME

    async def test_what_is_trusted_is_counted_and_validated_like_everything(self, serve: Serve) -> None:
        wide = "{ " + " ".join(f"a{at}: me {{ id }}" for at in range(20)) + " }"
        async with serve("only", apollo(wide, "{ nothing }", "{", "{ me { id } }")) as api:
            codes = [
                (await error(api.nobody(), documentId=sha256_of(text)))["extensions"]["code"]
                for text in (wide, "{ nothing }", "{", "{ me { id } }")
            ]

        assert codes == ["TOO_COSTLY", "BAD_REQUEST", "BAD_REQUEST", "UNAUTHENTICATED"]


class TestRemembered:
    async def test_a_document_is_sent_once(self, serve: Serve) -> None:
        async with serve("off") as api:
            client = api.nobody()

            assert await error(client, extensions=hashed(TRUSTED)) == NOT_FOUND
            assert (await client.send(TRUSTED, extensions=hashed(TRUSTED))).json()["data"] == NAME
            assert await data(client, extensions=hashed(TRUSTED)) == NAME

    async def test_it_is_not_found_by_anybody_else(self, serve: Serve) -> None:
        async with serve("off") as api:
            first, second = await api.somebody(), await api.somebody()
            await first.send(TRUSTED, extensions=hashed(TRUSTED))

            assert await data(first, extensions=hashed(TRUSTED)) == NAME
            for other in (second, api.nobody()):
                assert await error(other, extensions=hashed(TRUSTED)) == NOT_FOUND

    async def test_another_hash_than_its_own_is_refused(self, serve: Serve) -> None:
        async with serve("off") as api:
            found = await error(api.nobody(), query=TRUSTED, extensions=hashed(FREE))

            assert found["message"] == "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`."
            assert await error(api.nobody(), extensions=hashed(FREE)) == NOT_FOUND

    @pytest.mark.parametrize("wrong", ["{", "{ nothing }", "query($a: ID!) { node(id: $a) { id } nothing }"])
    async def test_what_cannot_be_executed_is_not(self, serve: Serve, wrong: str) -> None:
        async with serve("off") as api:
            assert (await error(api.nobody(), query=wrong, extensions=hashed(wrong)))["extensions"][
                "code"
            ] == "BAD_REQUEST"
            assert await error(api.nobody(), extensions=hashed(wrong)) == NOT_FOUND

    async def test_it_takes_other_variables_each_time(self, serve: Serve) -> None:
        query = "query($a: String!) { __type(name: $a) { name } }"
        async with serve("off") as api:
            await api.nobody().send(query, {"a": "User"}, extensions=hashed(query))

            for name in ("Query", "Document"):
                found = await data(api.nobody(), extensions=hashed(query), variables={"a": name})
                assert found == {"__type": {"name": name}}


class TestAddresses:
    async def test_a_hash_needs_no_other_header_in_production(self, serve: Serve) -> None:
        async with serve("off", environment="production") as api:
            client = api.nobody()
            params = {"extensions": json.dumps(hashed(TRUSTED))}
            missing = await client.http.get("/graphql", params=params)
            await client.send(TRUSTED, extensions=hashed(TRUSTED))
            found = await client.http.get("/graphql", params=params)
            # Beside its text it is a document in an address again.
            both = await client.http.get("/graphql", params=params | {"query": TRUSTED})

        assert missing.json()["errors"] == [NOT_FOUND]
        assert found.json()["data"] == NAME
        assert (both.status_code, "GraphQL-Require-Preflight" in both.text) == (400, True)

    async def test_what_changes_something_needs_post_by_whatever_name(self, serve: Serve) -> None:
        async with serve("prefer", apollo(CHANGE)) as api:
            reader = await api.somebody()
            await reader.run("Me")
            for params in ({"documentId": sha256_of(CHANGE)}, {"extensions": json.dumps(hashed(CHANGE))}):
                response = await api.http.get("/graphql", params=params, headers=reader.headers)
                assert (response.status_code, response.headers["allow"]) == (405, "POST")

            assert (await reader.run("Me"))["email"] == "reader1@example.org"
