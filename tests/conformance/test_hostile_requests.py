"""Requests that no client of good will sends: each gets an exact answer, in words, and nothing of the inside."""

import gzip
import json

import httpx
import pytest

from tests.conformance.answers import codes_of, faults_of
from tests.transport.api import PREFLIGHT, Api

QUERY = '{"query":"{ serverInfo { name } }"}'
BOTH = "application/graphql-response+json, application/json;q=0.9"
IN_JSON = {"Content-Type": "application/json"}


async def posted(api: Api, content: bytes, **headers: str) -> httpx.Response:
    """Return the answer to a body of JSON."""
    given = IN_JSON | {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.http.post("/graphql", content=content, headers=given)


def refused(response: httpx.Response) -> tuple[int, list[str]]:
    """Return status and codes of an answer without faults."""
    assert faults_of(response) == []
    return response.status_code, codes_of(response)


class TestAnswers:
    def test_what_tells_of_the_inside_is_seen(self) -> None:
        told = [
            "Traceback (most recent call last)",
            "'utf-8' codec can't decode byte 0xff in position 10",
            "maximum recursion depth exceeded",
            "use sys.set_int_max_str_digits() to increase the limit",
            "SELECT documents.id FROM documents",
            "<asyncpg.Record object at 0x7f>",
        ]
        for message in told:
            errors = [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]
            assert len(faults_of(httpx.Response(400, json={"errors": errors}, headers=typed()))) == 1

    @pytest.mark.parametrize("extensions", [{}, {"code": "INTERNAL"}, {"code": "GRAPHQL_VALIDATION_FAILED"}])
    def test_a_code_that_is_not_in_the_contract_is_seen(self, extensions: dict[str, str]) -> None:
        errors = [{"message": "No.", "extensions": extensions}]

        assert len(faults_of(httpx.Response(400, json={"errors": errors}, headers=typed()))) == 1


def typed() -> dict[str, str]:
    """Return the headers of a usual answer."""
    return {"Content-Type": "application/json; charset=utf-8"}


class TestBodies:
    @pytest.mark.parametrize(
        ("_case", "body", "said"),
        [
            ("nothing", b"", "line 1, column 1"),
            ("white space", b" \n ", "line 2, column 2"),
            ("null", b"null", "must be a JSON object"),
            ("true", b"true", "must be a JSON object"),
            ("a number", b"1", "must be a JSON object"),
            ("a text", b'"{ serverInfo { name } }"', "must be a JSON object"),
            ("an empty list", b"[]", "several at once are not taken"),
            ("a list", f"[{QUERY},{QUERY}]".encode(), "several at once are not taken"),
            ("an empty object", b"{}", "`query` must be a text"),
            ("two objects", f"{QUERY}\n{QUERY}".encode(), "line 2, column 1"),
            ("an object that does not end", QUERY[:-1].encode(), "line 1, column 35"),
            ("single quotes", QUERY.replace('"', "'").encode(), "line 1, column 2"),
            ("a comment", f"{QUERY} // yes".encode(), "line 1, column 37"),
            ("a line break in a text", QUERY.replace(" ", "\n").encode(), "line 1, column 12"),
            ("a NUL in a text", QUERY.replace(" ", "\x00").encode(), "line 1, column 12"),
            ("bad UTF-8", b'{"query":"\xff"}', "byte 11 is not UTF-8"),
            ("half a character in UTF-8", b'{"query":"\xed\xa0\x80"}', "byte 11 is not UTF-8"),
            ("overlong UTF-8", b'{"query":"\xc0\x80"}', "byte 11 is not UTF-8"),
            ("UTF-16 with its mark", QUERY.encode("utf-16"), "byte 1 is not UTF-8"),
            ("UTF-16 without", QUERY.encode("utf-16-be"), "line 1, column 1"),
            ("UTF-32 with its mark", QUERY.encode("utf-32"), "byte 1 is not UTF-8"),
            ("brackets without end", b"[" * 20_000, "nested too deeply"),
            ("objects within each other", b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nested too deeply"),
            ("deep variables", b'{"query":"{a}","variables":' + b"[" * 20_000, "nested too deeply"),
            ("deep extensions", b'{"query":"{a}","extensions":' + b'{"a":' * 20_000, "nested too deeply"),
            ("not a number", b'{"query":"{a}","variables":{"a":NaN}}', "NaN is no value"),
            ("infinity", b'{"query":"{a}","variables":{"a":-Infinity}}', "-Infinity is no value"),
            ("5,000 digits", b'{"query":"{a}","variables":{"a":' + b"9" * 5_000 + b"}}", "too many digits"),
            ("a query that is a number", b'{"query":1}', "`query` must be a text"),
            ("a query that is an object", b'{"query":{"a":"b"}}', "`query` must be a text"),
            ("a blank query", b'{"query":" \\n"}', "`query` must be a text"),
            ("variables that are a list", b'{"query":"{a}","variables":[]}', "`variables` must be an object"),
            ("variables that are a text", b'{"query":"{a}","variables":"{}"}', "`variables` must be an object"),
            ("extensions that are a number", b'{"query":"{a}","extensions":1}', "`extensions` must be an object"),
            ("a name that is a list", b'{"query":"{a}","operationName":["a"]}', "`operationName` must be a text"),
            ("a name that is false", b'{"query":"{a}","operationName":false}', "`operationName` must be a text"),
            ("an id that is a path", b'{"documentId":"../../etc/passwd"}', "`documentId` must be a text"),
            ("an id that is a list", b'{"documentId":["a"]}', "`documentId` must be a text"),
            ("a persisted query that is a list", b'{"extensions":{"persistedQuery":[]}}', "version 1"),
            ("another version", b'{"extensions":{"persistedQuery":{"version":2}}}', "version 1"),
            ("a hash that is none", b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}', "64"),
        ],
    )
    async def test_what_is_no_request_is_refused(self, shared_api: Api, _case: str, body: bytes, said: str) -> None:
        response = await posted(shared_api, body, Accept=BOTH)

        assert refused(response) == (400, ["BAD_REQUEST"])
        assert said in response.json()["errors"][0]["message"]
        assert "data" not in response.json()

    @pytest.mark.parametrize(
        ("_case", "body"),
        [
            ("as it is", QUERY.encode()),
            ("a mark of UTF-8 before it", b"\xef\xbb\xbf" + QUERY.encode()),
            ("the last of the same names counts", QUERY.replace("{", '{"query":"{ nothing }",', 1).encode()),
            ("names that nobody knows", QUERY.replace("{", '{"__proto__":{"a":1},"id":7,', 1).encode()),
            ("nothing at all for what may be left out", QUERY.replace("{", '{"variables":null,', 1).encode()),
            ("an empty name", QUERY.replace("{", '{"operationName":"",', 1).encode()),
            ("deep but bounded", QUERY.replace("{", '{"extensions":{"a":' + "[" * 900 + "]" * 900 + "},", 1).encode()),
            ("much white space", QUERY.encode() + b" " * 1_000_000),
        ],
    )
    async def test_what_is_odd_but_right_is_served(self, shared_api: Api, _case: str, body: bytes) -> None:
        response = await posted(shared_api, body)

        assert refused(response) == (200, [])
        assert response.json()["data"] == {"serverInfo": {"name": "Lexora"}}


class TestTexts:
    @pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udfff\\ud800"])
    @pytest.mark.parametrize(
        "body",
        [
            '{"query":"{ a }X"}',
            '{"query":"{ a }","operationName":"X"}',
            '{"query":"{ a }","variables":{"a":"X"}}',
            '{"query":"{ a }","variables":{"X":1}}',
            '{"query":"{ a }","variables":{"a":[{"b":["X"]}]}}',
            '{"query":"{ a }","extensions":{"X":1}}',
            '{"documentId":"X"}',
        ],
    )
    async def test_what_no_text_may_hold_is_refused_everywhere(self, shared_api: Api, body: str, text: str) -> None:
        response = await posted(shared_api, body.replace("X", text).encode())

        assert refused(response) == (400, ["BAD_REQUEST"])
        assert "a NUL or a lone surrogate" in response.json()["errors"][0]["message"]

    async def test_both_halves_of_a_character_are_one(self, shared_api: Api) -> None:
        body = b'{"query":"query($a: ID!) { node(id: $a) { id } }","variables":{"a":"\\ud83e\\udd98"}}'
        response = await posted(shared_api, body)

        assert refused(response) == (200, ["UNAUTHENTICATED"])


class TestTypes:
    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "text/plain",
            "application/graphql",
            "application/graphql+json",
            "application/json, text/plain",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=x",
            "application/json; charset=utf-16",
            "application/json; charset=latin-1",
            'application/json; charset="utf-8, utf-16"',
            ";",
            "application",
        ],
    )
    async def test_another_type_is_not_read(self, shared_api: Api, content_type: str) -> None:
        response = await posted(shared_api, QUERY.encode(), Content_Type=content_type)

        assert refused(response) == (415, ["BAD_REQUEST"])

    async def test_no_type_is_none(self, shared_api: Api) -> None:
        response = await shared_api.http.post("/graphql", content=QUERY.encode())

        assert refused(response) == (415, ["BAD_REQUEST"])
        assert response.headers["accept-post"] == "application/json, multipart/form-data"

    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate, gzip", "br", "utf-8"])
    async def test_what_is_compressed_is_not_read(self, shared_api: Api, coding: str) -> None:
        response = await posted(shared_api, gzip.compress(QUERY.encode()), Content_Encoding=coding)

        assert refused(response) == (415, ["BAD_REQUEST"])
        assert response.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "APPLICATION/JSON",
            "application/json;",
            "application/json; charset=UTF-8",
            'application/json;charset="utf-8"',
            "application/json; odata=verbose",
        ],
    )
    async def test_json_in_utf_8_is_read(self, shared_api: Api, content_type: str) -> None:
        assert refused(await posted(shared_api, QUERY.encode(), Content_Type=content_type)) == (200, [])


class TestMethods:
    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND"])
    async def test_others_are_refused(self, shared_api: Api, method: str) -> None:
        response = await shared_api.http.request(method, "/graphql", content=QUERY.encode(), headers=IN_JSON)

        assert refused(response) == (405, ["BAD_REQUEST"])
        assert response.headers["allow"] == "GET, HEAD, POST"

    async def test_head_has_the_headers_of_get(self, shared_api: Api) -> None:
        params = {"query": "{ serverInfo { name } }"}
        headers = {
            name: (await shared_api.http.request(name, "/graphql", params=params)).headers for name in ("GET", "HEAD")
        }
        response = await shared_api.http.head("/graphql", params=params)

        assert (response.status_code, response.content) == (200, b"")
        for name in ("content-type", "content-length", "cache-control", "vary"):
            assert headers["HEAD"][name] == headers["GET"][name]

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_what_changes_something_needs_post(self, shared_api: Api, method: str) -> None:
        params = {"query": "mutation { logout { __typename } }"}
        response = await shared_api.http.request(method, "/graphql", params=params)

        assert (response.status_code, response.headers["allow"]) == (405, "POST")


class TestAddresses:
    @pytest.mark.parametrize(
        ("_case", "params", "said"),
        [
            ("nothing", "", "`query` must be a text"),
            ("nothing but its name", "query", "`query` must be a text"),
            ("twice", "query={__typename}&query={a}", "`query` is given more than once"),
            ("variables twice", "query={__typename}&variables={}&variables={}", "`variables` is given more than once"),
            ("broken variables", "query={__typename}&variables={", "`variables` is not valid JSON"),
            ("variables that are a list", "query={__typename}&variables=[]", "`variables` must be an object"),
            ("variables without their query", 'variables={"a":1}', "`query` must be a text"),
            ("variables with a NUL", 'query={__typename}&variables={"a":"\\u0000"}', "a NUL or a lone surrogate"),
            ("variables that are deep", "query={__typename}&variables=" + "[" * 30_000, "nested too deeply"),
            ("broken extensions", "query={__typename}&extensions=x", "`extensions` is not valid JSON"),
            ("extensions that are a text", 'query={__typename}&extensions="x"', "`extensions` must be an object"),
            ("an id that is a path", "documentId=../x", "`documentId` must be a text"),
        ],
    )
    async def test_what_is_no_request_is_refused(self, shared_api: Api, _case: str, params: str, said: str) -> None:
        response = await shared_api.http.get(f"/graphql?{params}")

        assert refused(response) == (400, ["BAD_REQUEST"])
        assert said in response.json()["errors"][0]["message"]

    @pytest.mark.parametrize("query", ["%00", "%ff%fe", "%ed%a0%80", "%", "{__typename}%00", "%7B__typename%ff%7D"])
    async def test_bytes_that_are_no_document_do_not_parse(self, shared_api: Api, query: str) -> None:
        response = await shared_api.http.get(f"/graphql?query={query}", headers={"Accept": BOTH})

        assert refused(response) == (400, ["BAD_REQUEST"])
        assert response.json()["errors"][0]["message"].startswith("Syntax Error: ")

    @pytest.mark.parametrize("name", ["%00", "%ff", "B", "%27%3B%20DROP%20TABLE%20users", "A" * 5_000])
    async def test_a_name_that_is_none_of_the_operations_is_told_at_most_in_part(
        self, shared_api: Api, name: str
    ) -> None:
        response = await shared_api.http.get(f"/graphql?query=query+A{{__typename}}&operationName={name}")

        assert refused(response) == (200, ["BAD_REQUEST"])
        assert len(response.json()["errors"][0]["message"]) < 250


class TestWhatOthersFailAt:
    """Ten inputs that other servers answer with 500."""

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"null", "BAD_REQUEST"),
            (b'"text"', "BAD_REQUEST"),
            (b'{"query":"\xff"}', "BAD_REQUEST"),
            (b"[" * 100_000, "TOO_COSTLY"),
        ],
    )
    async def test_json(self, shared_api: Api, body: bytes, code: str) -> None:
        assert refused(await posted(shared_api, body)) == (400, [code])

    @pytest.mark.parametrize(
        ("operations", "places"),
        [
            ("{", '{"0":["variables.file"]}'),
            ("null", '{"0":["variables.file"]}'),
            ("[1]", '{"0":["0.variables.file"]}'),
            ('{"query":"{a}","variables":{"file":null}}', "["),
            ('{"query":"{a}","variables":{"file":null}}', '{"0":"variables.file"}'),
            ('{"query":"{a}","variables":null}', '{"0":["variables.file.deeper"]}'),
        ],
    )
    async def test_forms(self, api: Api, operations: str, places: str) -> None:
        reader = await api.somebody()
        response = await api.http.post(
            "/graphql",
            data={"operations": operations, "map": places},
            files={"0": ("a.txt", b"text")},
            headers=reader.headers | PREFLIGHT,
        )

        assert refused(response) == (400, ["BAD_REQUEST"])
        assert json.loads(response.text).keys() == {"errors"}
