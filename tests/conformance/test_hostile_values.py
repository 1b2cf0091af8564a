"""Values of every kind of garbage where a number, a moment, an id, a cursor, a file or a text belongs."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from lexora_gql.storage.database import Database
from tests.conformance.answers import codes_of, faults_of
from tests.conformance.furnished import Furnished, furnish
from tests.database import empty
from tests.transport.api import Api, Client

# Written down, since the two halves of a run collect the same names.
NOTHING = UUID("4ad6c7a0-50a5-4e39-8bfa-2c1e7a0d9b11")

NOT_TEXT: list[Any] = [True, 0, -1.5, 1e300, [], ["READY"], {}, {"a": None}]


@pytest.fixture(scope="module")
async def furnished(shared_api: Api, session_database: Database) -> AsyncIterator[Furnished]:
    """Somebody with something of everything, for all tests here."""
    await empty(session_database)
    yield await furnish(shared_api, "values@example.org")
    await empty(session_database)


@pytest.fixture
def reader(furnished: Furnished) -> Client:
    """The same, as a client."""
    return furnished.reader


async def sent(reader: Client, query: str, variables: str) -> httpx.Response:
    """Return the answer to an operation whose variables are JSON as it stands; it has no faults."""
    body = f'{{"query":{json.dumps(query)},"variables":{variables}}}'
    headers = reader.headers | {"Content-Type": "application/json"}
    response = await reader.http.post("/graphql", content=body.encode(), headers=headers)
    assert faults_of(response) == []
    return response


class TestNumbers:
    QUERY = "query($first: Int) { collections(first: $first) { totalCount } }"

    @pytest.mark.parametrize(
        ("given", "codes"),
        [
            ("1", []),
            ("100", []),
            ("1.0", []),
            ("1e2", []),
            ("null", []),
            ("0", ["INVALID_INPUT"]),
            ("-1", ["INVALID_INPUT"]),
            ("101", ["INVALID_INPUT"]),
            ("2147483647", ["INVALID_INPUT"]),
            ("-2147483648", ["INVALID_INPUT"]),
            ("2147483648", ["BAD_REQUEST"]),
            ("9" * 4_000, ["BAD_REQUEST"]),
            ("-" + "9" * 4_000, ["BAD_REQUEST"]),
            ("1.5", ["BAD_REQUEST"]),
            ("1e308", ["BAD_REQUEST"]),
            ("1e999", ["BAD_REQUEST"]),
            ("-1e999", ["BAD_REQUEST"]),
            ("5e-324", ["BAD_REQUEST"]),
            ("true", ["BAD_REQUEST"]),
            ('"1"', ["BAD_REQUEST"]),
            ("[1]", ["BAD_REQUEST"]),
            ("{}", ["BAD_REQUEST"]),
        ],
    )
    async def test_a_count_is_one_or_is_refused(self, reader: Client, given: str, codes: list[str]) -> None:
        assert codes_of(await sent(reader, self.QUERY, f'{{"first":{given}}}')) == codes

    @pytest.mark.parametrize(
        "given",
        ["9" * 101, "-" + "9" * 5_000, "1.5", "1e400", "1e99999", "2147483648", '"1"', "true", "ONE", "[1]", "{}"],
    )
    async def test_so_it_is_in_a_document(self, reader: Client, given: str) -> None:
        for query in (
            f"{{ collections(first: {given}) {{ totalCount }} }}",
            self.QUERY.replace("Int", f"Int = {given}"),
        ):
            assert codes_of(await sent(reader, query, "{}")) == ["BAD_REQUEST"]

    @pytest.mark.parametrize(
        ("given", "codes"),
        [
            ("-1", []),
            ("61", []),
            ("1e308", []),
            ("1e999", ["BAD_REQUEST"]),
            ("-1e999", ["BAD_REQUEST"]),
            ('"1"', ["BAD_REQUEST"]),
            ("true", ["BAD_REQUEST"]),
        ],
    )
    async def test_seconds_are_bounded(self, reader: Client, given: str, codes: list[str]) -> None:
        query = "mutation($in: SendMessageInput!) { sendMessage(input: $in) { ... on InvalidInput { path } } }"
        response = await sent(reader, query, f'{{"in":{{"content":"When?","waitSeconds":{given}}}}}')

        assert codes_of(response) == codes
        assert response.json().get("data") == (None if codes else {"sendMessage": {"path": ["waitSeconds"]}})


class TestMoments:
    QUERY = "query($at: DateTime) { documents(filter: {createdAfter: $at}) { totalCount } }"

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "now",
            "2025-13-01",
            "2025-02-30T00:00:00Z",
            "2025-01-31T25:00:00Z",
            "2025-01-31T12:00:00+99:00",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "-2025-01-31T12:00:00Z",
            "1738324800",
            "2025-01-31T12:00:00Z; DROP TABLE documents",
            "٢٠٢٥-٠١-٣١",
            "2025-01-31T12:00:00Z" * 1_000,
            *NOT_TEXT,
        ],
    )
    async def test_what_is_no_moment_is_refused(self, reader: Client, given: object) -> None:
        response = await sent(reader, self.QUERY, json.dumps({"at": given}))
        [error] = response.json()["errors"]

        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "2025-01-31T12:00:00Z." in error["message"]

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            ("0001-01-01T00:00:00Z", 3),
            ("9999-12-31T23:59:59.999999Z", 0),
            ("2025-01-31", 3),
            ("20250131T120000Z", 3),
            ("2025-W05-5", 3),
            ("2025-01-31T12:00:00.123456789Z", 3),
            ("2025-01-31T12:00:00-23:59", 3),
        ],
    )
    async def test_every_other_is_compared(self, reader: Client, given: str, found: int) -> None:
        response = await sent(reader, self.QUERY, json.dumps({"at": given}))

        assert response.json()["data"] == {"documents": {"totalCount": found}}

    async def test_a_wrong_one_in_a_document_is_shown(self, reader: Client) -> None:
        query = '{ documents(filter: {createdAfter: "soon"}) { totalCount } }'
        [error] = (await sent(reader, query, "{}")).json()["errors"]

        assert error["locations"] == [{"line": 1, "column": 36}]


def encoded(text: str) -> str:
    """Return a text as ids are written."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


GARBAGE = [
    "",
    " ",
    "x",
    "=" * 50,
    "a" * 100_000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "🦘",
    "%00",
    "Document:1",
    encoded("Document"),
    encoded("Document:"),
    encoded(f"Document:{NOTHING}"),
    encoded(f"Document:{NOTHING.hex}"),
    encoded(f"Document:{{{NOTHING}}}"),
    encoded(f":{NOTHING}"),
    encoded(f"Nothing:{NOTHING}"),
    encoded(f"Query:{NOTHING}"),
    encoded("Document:\x00"),
    base64.b64encode(b"\xff\xfe:\x00").decode(),
]


class TestIds:
    @pytest.mark.parametrize("given", GARBAGE)
    async def test_nothing_has_such_an_id(self, reader: Client, given: str) -> None:
        query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } document(id: $id) { id } "
        query += "collection(id: $id) { id } conversation(id: $id) { id } message(id: $id) { id } "
        query += "documents(filter: {collectionId: $id}) { totalCount } }"
        data = (await sent(reader, query, json.dumps({"id": given}))).json()["data"]

        assert data.pop("documents") == {"totalCount": 0}
        assert data.pop("nodes") == [None]
        assert set(data.values()) == {None}

    @pytest.mark.parametrize(
        "field",
        ["deleteDocument", "reprocessDocument", "deleteConversation", "stopAnswer", "regenerateAnswer", "rateMessage"],
    )
    async def test_nothing_with_such_an_id_is_changed(self, reader: Client, field: str) -> None:
        query = f"mutation($id: ID!) {{ {field}(id: $id) {{ __typename ... on UserError {{ code }} }} }}"
        for given in GARBAGE:
            data = (await sent(reader, query, json.dumps({"id": given}))).json()["data"]

            assert data == {field: {"__typename": "NotFound", "code": "NOT_FOUND"}}

    @pytest.mark.parametrize("given", [True, 1.5, [], ["a"], {}, None])
    async def test_what_is_no_text_is_refused(self, reader: Client, given: object) -> None:
        response = await sent(reader, "query($id: ID!) { node(id: $id) { id } }", json.dumps({"id": given}))

        assert codes_of(response) == ["BAD_REQUEST"]

    async def test_a_thousand_at_once_are_too_many(self, reader: Client, furnished: Furnished) -> None:
        query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        response = await sent(reader, query, json.dumps({"ids": [furnished.ids["Document"]] * 1_000}))

        assert codes_of(response) == ["INVALID_INPUT"]


class TestCursors:
    @pytest.mark.parametrize("place", ["after", "before"])
    @pytest.mark.parametrize("field", ["documents", "collections", "conversations"])
    async def test_what_the_server_did_not_give_is_refused(
        self, reader: Client, furnished: Furnished, field: str, place: str
    ) -> None:
        query = f"query($at: String) {{ {field}(first: 1, {place}: $at) {{ edges {{ cursor }} }} }}"
        own = (await reader.send(f"{{ {field}(first: 1) {{ edges {{ cursor }} }} }}")).json()["data"]
        [edge] = own[field]["edges"]
        assert codes_of(await sent(reader, query, json.dumps({"at": edge["cursor"]}))) == []
        changed = edge["cursor"][:-1] + ("A" if edge["cursor"][-1] != "A" else "B")
        others = [cursor for cursor in furnished.cursors if cursor != edge["cursor"]]

        for given in (*GARBAGE, changed, edge["cursor"] + "A", *others):
            response = await sent(reader, query, json.dumps({"at": given}))
            assert codes_of(response) == ["BAD_CURSOR"], given


class TestEnums:
    @pytest.mark.parametrize("given", ["ready", "READY ", "", "__proto__", "Ready", "R\u200bEADY", *NOT_TEXT])
    async def test_only_their_names_are_taken(self, reader: Client, given: object) -> None:
        query = "query($order: DocumentOrder!) { documents(orderBy: $order) { totalCount } }"

        assert codes_of(await sent(reader, query, json.dumps({"order": given}))) == ["BAD_REQUEST"]


class TestFiles:
    @pytest.mark.parametrize(
        "given", ["a.txt", "", {"filename": "a.txt", "byteSize": 1}, {"name": "file"}, *NOT_TEXT, None]
    )
    async def test_no_value_of_json_is_one(self, reader: Client, given: object) -> None:
        query = "mutation($file: Upload!) { uploadDocument(input: {file: $file}) { __typename } }"

        assert codes_of(await sent(reader, query, json.dumps({"file": given}))) == ["BAD_REQUEST"]

    @pytest.mark.parametrize("given", ['"a.txt"', '{filename: "a.txt"}', "1", "A", "[]", "null"])
    async def test_none_stands_in_a_document(self, reader: Client, given: str) -> None:
        query = f"mutation {{ uploadDocument(input: {{file: {given}}}) {{ __typename }} }}"

        assert codes_of(await sent(reader, query, "{}")) == ["BAD_REQUEST"]


class TestTexts:
    @pytest.mark.parametrize(
        "given",
        [
            "%",
            "_",
            "\\",
            "%_\\'\"",
            "'; DROP TABLE documents; --",
            "\u202e\u200b\ufeff",
            "\x01\x1f\x7f",
            "🦘" * 60,
            "a" * 64,
            "* OR (title:[a TO b])",
            "((((",
            "a\tb\nc",
            "ﬃ Å ｶﾞ",
        ],
    )
    async def test_they_are_searched_for_as_they_are(self, reader: Client, given: str) -> None:
        query = "query($a: String!) { documents(filter: {search: $a}) { totalCount } search(query: $a) { candidates } "
        query += "tagged: documents(filter: {tags: [$a]}) { totalCount } }"
        response = await sent(reader, query, json.dumps({"a": given}))

        assert codes_of(response) == []
        assert response.json()["data"]["documents"] == {"totalCount": 0}
