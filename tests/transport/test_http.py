"""GraphQL over HTTP."""

import asyncio
import json

import pytest

from tests.transport.api import PASSWORD, PREFLIGHT, Api

ME = "{ me { email } }"
INFO = "{ serverInfo { name } }"
GRAPHQL_JSON = "application/graphql-response+json"


class TestSigningIn:
    async def test_who_registers_is_signed_in(self, api: Api) -> None:
        reader = await api.somebody()

        assert (await reader.run("Me"))["email"] == "reader1@example.org"

    async def test_a_wrong_password_is_a_member_of_the_union(self, api: Api) -> None:
        await api.somebody()
        result = await api.nobody().run("Login", input={"email": "reader1@example.org", "password": "wrong" * 5})

        assert (result["__typename"], result["code"]) == ("InvalidCredentials", "INVALID_CREDENTIALS")

    async def test_a_short_password_names_the_field(self, api: Api) -> None:
        result = await api.nobody().run("Register", input={"email": "a@example.org", "password": "short"})

        assert (result["__typename"], result["path"]) == ("InvalidInput", ["password"])

    async def test_nobody_is_told_to_sign_in(self, api: Api) -> None:
        error = await api.nobody().error(ME)

        assert (error["extensions"], error["path"]) == ({"code": "UNAUTHENTICATED"}, ["me"])

    async def test_with_a_bad_token_one_can_still_sign_in(self, api: Api) -> None:
        await api.somebody()
        client = api.nobody()
        client.token = "stale"
        result = await client.run("Login", input={"email": "reader1@example.org", "password": PASSWORD})

        assert result["__typename"] == "Authenticated"
        assert (await client.error(ME))["extensions"] == {"code": "UNAUTHENTICATED"}

    async def test_tokens_are_renewed_and_ended(self, api: Api) -> None:
        signed_in = await api.nobody().run("Register", input={"email": "a@example.org", "password": PASSWORD})
        renewed = await api.nobody().run("RefreshSession", refreshToken=signed_in["refreshToken"])
        client = api.nobody()
        client.token = renewed["accessToken"]

        assert (await client.run("Logout"))["sessionsEnded"] == 1
        assert (await client.error(ME))["extensions"] == {"code": "UNAUTHENTICATED"}


class TestAccept:
    @pytest.mark.parametrize(
        ("accept", "status", "answered"),
        [
            ("", 200, "application/json"),
            ("*/*", 200, "application/json"),
            ("application/json", 200, "application/json"),
            (GRAPHQL_JSON, 400, GRAPHQL_JSON),
            (f"text/html, {GRAPHQL_JSON};q=0.9, application/json;q=0.8", 400, GRAPHQL_JSON),
            (f"text/html, {GRAPHQL_JSON};q=0.9, application/json", 200, "application/json"),
            ("application/json, " + GRAPHQL_JSON, 200, "application/json"),
            ("text/plain", 406, "application/json"),
            (f"{GRAPHQL_JSON};q=0", 406, "application/json"),
        ],
    )
    async def test_what_does_not_parse_is_answered_as_the_type_asks(
        self, api: Api, accept: str, status: int, answered: str
    ) -> None:
        response = await api.http.post("/graphql", json={"query": "{"}, headers={"Accept": accept})

        assert (response.status_code, response.headers["content-type"]) == (status, f"{answered}; charset=utf-8")
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


class TestGet:
    async def test_a_query_may_come_by_get(self, api: Api) -> None:
        response = await api.http.get("/graphql", params={"query": INFO})

        assert response.json()["data"] == {"serverInfo": {"name": "Lexora"}}

    async def test_variables_come_as_json(self, api: Api) -> None:
        reader = await api.somebody()
        query = "query($id: ID!) { node(id: $id) { id } }"
        params = {"query": query, "variables": json.dumps({"id": "x"}), "operationName": ""}
        response = await api.http.get("/graphql", params=params, headers=reader.headers)

        assert response.json()["data"] == {"node": None}

    async def test_a_mutation_needs_post(self, api: Api) -> None:
        response = await api.http.get("/graphql", params={"query": "mutation { logout { __typename } }"})

        assert (response.status_code, response.headers["allow"]) == (405, "POST")

    async def test_a_browser_gets_the_playground(self, api: Api) -> None:
        response = await api.http.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})

        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "Lexora playground" in response.text


class TestDocuments:
    @pytest.mark.parametrize(
        ("_case", "query", "code", "said"),
        [
            ("syntax", "{ me ", "BAD_REQUEST", "Syntax Error: Expected Name, found <EOF>."),
            ("no such field", "{ mi { id } }", "BAD_REQUEST", "Cannot query field 'mi' on type 'Query'."),
            ("no operation", "fragment F on User { id }", "BAD_REQUEST", ""),
            ("two, and none named", "query A { me { id } } query B { me { id } }", "BAD_REQUEST", "`operationName`"),
            ("a subscription", 'subscription { answer(messageId: "x") { __typename } }', "BAD_REQUEST", "WebSocket"),
            ("too many tokens", "{ " + "me " * 1_001 + "}", "TOO_COSTLY", "1000"),
            (
                "too deep",
                "{ me { documents"
                + " { edges { node { collection { documents" * 3
                + " { totalCount }"
                + " } } } }" * 3
                + " } }",
                "TOO_COSTLY",
                "a depth of 15; at most 14",
            ),
            ("deep as a well", "{ me " * 330 + "{ id }" + " }" * 330, "TOO_COSTLY", "nested"),
            (
                "deep by a chain of fragments",
                "{ ...F0 }"
                + "".join(f" fragment F{at} on Query {{ me {{ me {{ ...F{at + 1} }} }} }}" for at in range(49))
                + " fragment F49 on Query { me { id } }",
                "TOO_COSTLY",
                "a depth of 1",
            ),
            ("a wrong type", "{ node(id: {}) { id } }", "BAD_REQUEST", "ID cannot represent"),
            ("a NUL", '{ search(query: "\\u0000") { candidates } }', "BAD_REQUEST", "NUL"),
            ("a long list", "{ " + " ".join(f"a{at}: me {{ id }}" for at in range(16)) + " }", "TOO_COSTLY", "16"),
        ],
    )
    async def test_what_cannot_be_executed_is_said(
        self, api: Api, _case: str, query: str, code: str, said: str
    ) -> None:
        error = await (await api.somebody()).error(query)

        assert error["extensions"]["code"] == code
        assert said in error["message"]

    async def test_a_missing_variable_is_named(self, api: Api) -> None:
        error = await api.nobody().error("query($id: ID!) { node(id: $id) { id } }")

        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "'$id'" in error["message"]

    async def test_null_where_none_may_be_is_a_bad_request(self, api: Api) -> None:
        query = 'query($first: Int = 8) { search(query: "a", first: $first) { candidates } }'
        error = await (await api.somebody()).error(query, {"first": None})

        assert error["extensions"]["code"] == "BAD_REQUEST"

    async def test_a_file_cannot_come_as_text(self, api: Api) -> None:
        query = "mutation($file: Upload!) { uploadDocument(input: {file: $file}) { __typename } }"
        error = await (await api.somebody()).error(query, {"file": "a.txt"})

        assert error["extensions"]["code"] == "BAD_REQUEST"


class TestUploadsBeforeTheirBody:
    @pytest.mark.parametrize("token", [None, "stale"])
    async def test_nobodys_upload_is_refused_unread(self, api: Api, token: str | None) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
        headers = {
            "Host": "x",
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": "99999",
        } | PREFLIGHT
        if token:
            headers["Authorization"] = f"Bearer {token}"
        lines = ["POST /graphql HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())

        # Not one byte of the body was sent, and the answer is there.
        answer = (await asyncio.wait_for(reader.readuntil(b"]}"), 10)).decode()
        writer.close()

        assert answer.startswith("HTTP/1.1 401 ")
        assert "www-authenticate: Bearer" in answer
        assert '"extensions":{"code":"UNAUTHENTICATED"}' in answer

    async def test_an_upload_needs_a_header_that_no_form_sends(self, api: Api) -> None:
        reader = await api.somebody()
        response = await api.http.post("/graphql", data={"a": "b"}, files={"0": b""}, headers=reader.headers)

        assert response.status_code == 400
        assert "GraphQL-Require-Preflight" in response.json()["errors"][0]["message"]
