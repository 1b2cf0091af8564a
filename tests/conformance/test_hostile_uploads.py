"""Uploads by the GraphQL multipart request specification, and everything that only looks like one.

Source:
    https://github.com/jaydenseric/graphql-multipart-request-spec
"""

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from lexora_gql.storage.database import Database
from tests.conformance.answers import codes_of, faults_of
from tests.conformance.forms import BOUNDARY, CONTENT, MANY, ONE, Part, field, file, form, sent, upload
from tests.database import empty
from tests.transport.api import PASSWORD, Api, Client

OPERATIONS = {"query": ONE, "variables": {"file": None}}
PLACES = {"0": ["variables.file"]}
NUMBERS = count(31)


@pytest.fixture(scope="module")
async def reader(shared_api: Api, session_database: Database) -> AsyncIterator[Client]:
    """Somebody who uploads."""
    await empty(session_database)
    yield await registered(shared_api, "uploads@example.org")
    await empty(session_database)


@pytest.fixture(scope="module")
async def idle(reader: Client, shared_api: Api) -> Client:  # the one empties the database first
    """Somebody whose uploads are all refused."""
    return await registered(shared_api, "idle@example.org")


async def registered(api: Api, email: str) -> Client:
    """Return a client of a new account."""
    signed_in = await api.nobody().run("Register", input={"email": email, "password": PASSWORD})
    return Client(api.http, signed_in["accessToken"])


async def result(reader: Client, body: bytes, **more: str) -> dict[str, Any]:
    """Return what came of the one file of an upload, a file that nobody has sent before."""
    response = await sent(reader, body.replace(b"30 days", b"%d days" % next(NUMBERS)), **more)
    assert (response.status_code, faults_of(response), codes_of(response)) == (200, [], [])
    found: dict[str, Any] = response.json()["data"]["uploadDocument"]
    return found


async def refusal(idle: Client, body: bytes, **more: str) -> str:
    """Return why a form is refused; nothing has become of it."""
    response = await sent(idle, body, **more)
    assert (response.status_code, faults_of(response)) == (400, [])
    assert response.json().keys() == {"errors"}
    assert (await idle.run("Documents"))["totalCount"] == 0
    message: str = response.json()["errors"][0]["message"]
    return message


class TestPlaces:
    async def test_one_file_may_go_to_several(self, reader: Client) -> None:
        operations = {"query": MANY, "variables": {"inputs": [{"file": None}, {"file": None}]}}
        places = {"0": ["variables.inputs.0.file", "variables.inputs.1.file"]}
        response = await sent(reader, upload(operations=operations, places=places))

        assert response.json()["data"] == {"uploadDocuments": [{"__typename": "DocumentAccepted"}] * 2}

    async def test_two_variables_may_have_the_same(self, reader: Client) -> None:
        query = "mutation($a: Upload!, $b: Upload!) { a: uploadDocument(input: {file: $a}) { __typename } "
        query += "b: uploadDocument(input: {file: $b}) { __typename } }"
        operations = {"query": query, "variables": {"a": None, "b": None}}
        response = await sent(reader, upload(operations=operations, places={"0": ["variables.a", "variables.b"]}))

        assert [each["__typename"] for each in response.json()["data"].values()] == ["DocumentAccepted"] * 2

    async def test_a_place_that_no_argument_asks_for_changes_nothing(self, reader: Client) -> None:
        operations = OPERATIONS | {"variables": {"file": None, "other": [None]}}
        places = {"0": ["variables.file"], "1": ["variables.other.0"]}
        body = upload(file("0"), file("1", b"unused"), operations=operations, places=places)

        assert (await result(reader, body))["document"]["byteSize"] == len(CONTENT)

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "variables",
            "variables.",
            "variables.nothing",
            "variables.file.deeper",
            "variables.text",
            "variables.list.0",
            "variables.list.2",
            "variables.list.-1",
            "variables.list.1.0",
            "variables.list.1e0",
            "variables.list.٠",
            "variables.list." + "9" * 5_000,
            "variables.__proto__",
            "variables.__proto__.polluted",
            "variables.constructor.prototype.file",
            "variables..file",
            "query",
            "operationName",
            "extensions.file",
            "0.variables.file",
            "file",
        ],
    )
    async def test_they_are_nulls_below_the_variables(self, idle: Client, path: str) -> None:
        beside = {"extensions": {"file": None}, "operationName": None}
        operations = OPERATIONS | {"variables": {"file": None, "text": "here", "list": ["a", None]}} | beside
        message = await refusal(idle, upload(operations=operations, places={"0": [path]}))

        assert message == f"`map` points to `{path[:100]}`, where `operations` has no null."

    @pytest.mark.parametrize(
        "places", [{"0": ["variables.file"] * 2}, {"0": ["variables.file"], "1": ["variables.file"]}]
    )
    async def test_each_takes_one_file(self, idle: Client, places: object) -> None:
        body = upload(file("0"), *([file("1")] if "1" in str(places) else []), places=places)

        assert "has no null" in await refusal(idle, body)

    @pytest.mark.parametrize(
        "query",
        [
            "query($a: ID!) { node(id: $a) { id } }",
            "query($a: [ID!]!) { nodes(ids: $a) { id } }",
            "query($a: Int) { collections(first: $a) { totalCount } }",
            "query($a: DocumentFilter) { documents(filter: $a) { totalCount } }",
            "query($a: DocumentOrder!) { documents(orderBy: $a) { totalCount } }",
        ],
    )
    async def test_only_an_upload_takes_one(self, reader: Client, query: str) -> None:
        operations = {"query": query, "variables": {"a": None}}
        response = await sent(reader, upload(operations=operations, places={"0": ["variables.a"]}))

        assert (faults_of(response), codes_of(response)) == ([], ["BAD_REQUEST"])
        assert "a file" in response.json()["errors"][0]["message"]


class TestParts:
    @pytest.mark.parametrize(
        ("_case", "parts", "said"),
        [
            ("none", (), "The part `operations` is missing."),
            ("no map", (field("operations", OPERATIONS),), "The part `map` is missing."),
            ("no file", (field("operations", OPERATIONS), field("map", PLACES)), "The part `0` is missing."),
            (
                "the map first",
                (field("map", PLACES), field("operations", OPERATIONS), file("0")),
                "The part `operations` must come before the part `map`.",
            ),
            (
                "a file before the map",
                (field("operations", OPERATIONS), file("0"), field("map", PLACES)),
                "The part `map` must come before the part `0`.",
            ),
            (
                "operations twice",
                (field("operations", OPERATIONS), field("operations", OPERATIONS), field("map", PLACES), file("0")),
                "The part `map` must come before the part `operations`.",
            ),
            (
                "a map twice",
                (field("operations", OPERATIONS), field("map", PLACES), field("map", PLACES)),
                "comes twice",
            ),
            (
                "a file that the map does not know",
                (field("operations", OPERATIONS), field("map", PLACES), file("0"), file("1")),
                "The part `1` is none of the files in `map`",
            ),
            (
                "a file twice",
                (field("operations", OPERATIONS), field("map", PLACES), file("0"), file("0")),
                "comes twice",
            ),
            (
                "a file without a name",
                (field("operations", OPERATIONS), field("map", PLACES), Part('name="0"', CONTENT)),
                "has no file name",
            ),
            (
                "a name as RFC 7578 forbids it",
                (field("operations", OPERATIONS), field("map", PLACES), Part("name=\"0\"; filename*=UTF-8''a", b"")),
                "has no file name",
            ),
            (
                "a thousand",
                (field("operations", OPERATIONS), field("map", PLACES), *(file(str(at)) for at in range(1_000))),
                "The part `1` is none of the files in `map`",
            ),
            (
                "a field of a browser",
                (field("_charset_", "utf-8"), field("operations", OPERATIONS)),
                "must come before the part `_charset_`",
            ),
            ("no name", (Part('filename="a.txt"', CONTENT),), "with a name"),
            ("an empty name", (Part('name=""', CONTENT),), "with a name"),
            ("many headers", (Part('name="operations"', b"", ("X: y",) * 9),), "not well-formed"),
            ("a giant header", (Part('name="operations"', b"", ("X: " + "y" * 100_000,)),), "not well-formed"),
            ("a header without its colon", (Part('name="operations"', b"", ("X",)),), "not well-formed"),
            ("a name of its own", (Part(f'name="{"x" * 4_000}"', b""),), "x" * 100 + "`."),
        ],
    )
    async def test_they_come_as_the_specification_has_them(
        self, idle: Client, _case: str, parts: tuple[Part, ...], said: str
    ) -> None:
        assert said in await refusal(idle, form(*parts))

    async def test_eleven_files_are_too_many(self, idle: Client) -> None:
        operations = {"query": MANY, "variables": {"inputs": [{"file": None}] * 11}}
        places = {str(at): [f"variables.inputs.{at}.file"] for at in range(11)}
        body = upload(*(file(name) for name in places), operations=operations, places=places)

        assert await refusal(idle, body) == "`map` names more than 10 places for files."

    async def test_what_else_their_headers_say_is_not_believed(self, reader: Client) -> None:
        headers = ("Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "Content-Length: 1")
        part = Part('name="0"; filename="a.txt"; size=1', CONTENT, headers)
        document = (await result(reader, upload(part)))["document"]

        assert document["byteSize"] == len(CONTENT)


class TestBoundaries:
    @pytest.mark.parametrize("boundary", ["x", "x" * 70, "x" * 200, "-" * 30, "a b", "'()+_,./:=?", "cut-here-"])
    async def test_any_is_taken(self, reader: Client, boundary: str) -> None:
        body = upload().replace(BOUNDARY.encode(), boundary.encode())
        content_type = f'multipart/form-data; boundary="{boundary}"'

        assert (await result(reader, body, content_type=content_type))["__typename"] == "DocumentAccepted"

    @pytest.mark.parametrize(
        ("content_type", "said"),
        [
            ("multipart/form-data", "names no boundary"),
            ("multipart/form-data; boundary", "names no boundary"),
            ("multipart/form-data; boundary=", "names no boundary"),
            ('multipart/form-data; boundary=""', "names no boundary"),
            ("multipart/form-data; charset=utf-8", "names no boundary"),
            (f"multipart/form-data; boundary={'x' * 257}", "too long"),
            ("multipart/form-data; boundary=other", "at byte 3."),
        ],
    )
    async def test_without_the_right_one_nothing_is_read(self, idle: Client, content_type: str, said: str) -> None:
        assert said in await refusal(idle, upload(), content_type=content_type)

    @pytest.mark.parametrize(
        ("_case", "body", "said"),
        [
            ("nothing", b"", "ends before its last boundary"),
            ("line ends of one byte", upload().replace(b"\r\n", b"\n"), "not well-formed"),
            ("words before it", b"This is a form.\r\n" + upload(), "not well-formed"),
            ("no last boundary", upload()[: -len(BOUNDARY) - 6], "ends before its last boundary"),
            ("half of the last", upload()[:-4], "ends before its last boundary"),
            ("JSON", b'{"query":"{ me { email } }"}', "not well-formed"),
        ],
    )
    async def test_a_body_is_whole_or_refused(self, idle: Client, _case: str, body: bytes, said: str) -> None:
        assert said in await refusal(idle, body)

    async def test_what_follows_the_last_is_dropped(self, reader: Client) -> None:
        body = upload() + b"--" + BOUNDARY.encode() + b"\r\nand so on" * 1_000

        assert (await result(reader, body))["__typename"] == "DocumentAccepted"

    async def test_an_empty_line_may_come_first(self, reader: Client) -> None:
        assert (await result(reader, b"\r\n" + upload()))["__typename"] == "DocumentAccepted"


class TestFileNames:
    @pytest.mark.parametrize(
        ("sent_", "kept"),
        [
            ("Rechnung März.txt", "Rechnung März.txt"),
            ("請求書 🦘.txt", "請求書 🦘.txt"),
            ("Rechnung%20M%C3%A4rz.txt", "Rechnung%20M%C3%A4rz.txt"),
            ('say \\"hello\\".txt', 'say "hello".txt'),
            ("../../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\windows\\win.ini", "win.ini"),
            ("C:\\Users\\me\\a.txt", "a.txt"),
            ("..", ".."),
            (".", "."),
            ("", "unnamed"),
            ("a\x00b.txt", "ab.txt"),
            ("a\x1b[31m\x07b.txt", "a[31mb.txt"),
            ("a\u202etxt.exe", "atxt.exe"),
            ("x" * 1_000 + ".txt", "x" * 251 + ".txt"),
            ("   .txt", ".txt"),
            ("=?utf-8?q?a?=.txt", "=?utf-8?q?a?=.txt"),
            ("<script>alert(1)</script>.txt", "script>.txt"),
        ],
    )
    async def test_they_are_names_and_nothing_else(self, reader: Client, sent_: str, kept: str) -> None:
        document = (await result(reader, upload(file("0", filename=sent_))))["document"]

        assert document["filename"] == kept
        assert document["byteSize"] == len(CONTENT)

    async def test_bytes_that_are_no_utf_8_are_shown_as_such(self, reader: Client) -> None:
        body = upload(file("0", filename="März.txt")).replace("ä".encode(), b"\xe4")

        assert (await result(reader, body))["document"]["filename"] == "M\ufffdrz.txt"

    async def test_a_second_one_in_another_coding_is_not_believed(self, reader: Client) -> None:
        part = Part("name=\"0\"; filename=\"a.txt\"; filename*=UTF-8''b.exe; name*=UTF-8''operations", CONTENT)

        assert (await result(reader, upload(part)))["document"]["filename"] == "a.txt"

    async def test_no_file_was_chosen(self, reader: Client) -> None:
        found = await result(reader, upload(file("0", b"", "")))

        assert (found["__typename"], found["path"]) == ("EmptyFile", ["file"])
