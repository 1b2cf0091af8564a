"""The page and its files, as a browser is given them."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lexora_gql.transport.graphiql.bundle import BUILD_COMMAND, FOLDER, read_bundle
from lexora_gql.transport.graphiql.playground import PATH, STATIC, page


@pytest.fixture
def client(bundle: None) -> TestClient:
    return TestClient(Starlette(routes=[STATIC]))


class TestPage:
    def test_it_holds_no_script_and_no_style_of_its_own(self, bundle: None) -> None:
        text = bytes(page().body).decode()

        assert re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL) == [""]
        assert re.findall(r"<style|\bstyle=|\bon\w+=|javascript:", text) == []

    def test_it_names_no_other_server(self, bundle: None) -> None:
        text = bytes(page().body).decode()

        assert "//" not in text
        assert re.findall(r'(?:src|href)="([^"]*)"', text) == [
            "data:,",
            *(f"graphiql/static/{name}" for name in (_bundle_style(), _bundle_script())),
        ]

    def test_the_policy_allows_its_own_server_only_and_nothing_inline(self, bundle: None) -> None:
        policy = page().headers["content-security-policy"]

        assert re.sub("'nonce-[^']*'", "'nonce'", policy) == (
            "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
            "style-src 'self' 'nonce'; font-src data:; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'; "
            "trusted-types default lexora-editor lexora-purifier dompurify"
        )
        assert "unsafe" not in policy

    def test_each_page_has_a_nonce_of_its_own(self, bundle: None) -> None:
        pages = [page() for _ in range(3)]
        nonces = [re.findall("'nonce-([^']*)'", each.headers["content-security-policy"]) for each in pages]

        assert len({each for [each] in nonces}) == 3
        assert [re.findall('nonce="([^"]*)"', bytes(each.body).decode()) for each in pages] == nonces

    def test_it_is_never_kept_because_of_the_nonce(self, bundle: None) -> None:
        headers = page().headers

        assert (headers["cache-control"], headers["vary"]) == ("no-store", "Accept")

    def test_without_a_bundle_it_says_how_to_build_one(self, tmp_path: Path) -> None:
        response = page(tmp_path)

        assert response.status_code == 503
        assert response.media_type == "text/plain"
        assert BUILD_COMMAND in bytes(response.body).decode()


class TestFiles:
    def test_each_has_its_type_and_is_never_guessed(self, client: TestClient) -> None:
        for name, kind in ((_bundle_script(), "text/javascript"), (_bundle_style(), "text/css")):
            response = client.get(f"{PATH}/{name}")

            assert response.status_code == 200
            assert response.headers["content-type"] == f"{kind}; charset=utf-8"
            assert response.headers["x-content-type-options"] == "nosniff"

    def test_one_with_a_hash_in_its_name_is_kept_for_ever(self, client: TestClient) -> None:
        response = client.get(f"{PATH}/{_bundle_script()}")

        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"

    def test_one_without_is_asked_for_anew_and_not_sent_twice(self, client: TestClient) -> None:
        first = client.get(f"{PATH}/licences.txt")
        again = client.get(f"{PATH}/licences.txt", headers={"If-None-Match": first.headers["etag"]})

        assert first.headers["cache-control"] == "no-cache"
        assert (again.status_code, again.content) == (304, b"")

    def test_the_licences_of_what_is_in_it_go_with_it(self, client: TestClient) -> None:
        text = client.get(f"{PATH}/licences.txt").text

        for name in ("graphiql", "monaco-editor", "react", "graphql-ws", "zustand"):
            assert re.search(rf"^{name} \d+\.\d+\.\d+ \(MIT\)$", text, re.MULTILINE)

    @pytest.mark.parametrize("name", ["manifest.json", "nothing.js", "../build.mjs", "..%2fplayground.jsx", ""])
    def test_nothing_else_is_there(self, client: TestClient, name: str) -> None:
        assert client.get(f"{PATH}/{name}").status_code == 404


def _bundle_script() -> str:
    bundle = read_bundle(FOLDER)
    assert bundle is not None
    return bundle.script


def _bundle_style() -> str:
    bundle = read_bundle(FOLDER)
    assert bundle is not None
    return bundle.style
