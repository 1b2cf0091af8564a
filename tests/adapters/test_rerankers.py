"""What every reranker promises, and what becomes of all that a service may do."""

import json
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.responses import RedirectResponse

from lexora_gql.adapters.http_reranker import HttpReranker
from lexora_gql.adapters.offline.reranker import WordSharingReranker
from lexora_gql.ports.reranker import Reranker, RerankerRejected, RerankerUnavailable
from tests.adapters.rerank_server import Answer, RerankServer, dripping, raw, results

TEXTS = ["Soup.", "Invoices are paid within 30 days.", "Paid leave."]


@pytest.fixture(scope="module")
def server() -> Iterator[RerankServer]:
    with RerankServer() as server:
        yield server


@pytest.fixture
async def http(server: RerankServer) -> AsyncIterator[HttpReranker]:
    server.dialect = "documents"
    for kept in (server.bodies, server.headers, server.script):
        kept.clear()
    reranker = HttpReranker(server.url, api_key="key", model="m", timeout_seconds=1)
    yield reranker
    await reranker.aclose()


class RerankerContract:
    """What every Reranker promises."""

    async def test_it_scores_each_text_in_the_order_given(self, reranker: Reranker) -> None:
        scores = await reranker.rerank("invoices paid", TEXTS)

        assert len(scores) == 3
        assert scores[1] > scores[2] > scores[0]
        assert list(scores)[::-1] == list(await reranker.rerank("invoices paid", TEXTS[::-1]))

    async def test_it_takes_odd_texts(self, reranker: Reranker) -> None:
        odd = ["?", "\x00", "\ud800", "日本", "x" * 50_000, "a\nb"]

        assert len(await reranker.rerank("x", odd)) == len(odd)

    def test_it_has_a_name(self, reranker: Reranker) -> None:
        assert reranker.name


class TestOffline(RerankerContract):
    @pytest.fixture
    def reranker(self) -> Reranker:
        return WordSharingReranker()


class TestOverHttp(RerankerContract):
    @pytest.fixture
    def reranker(self, http: HttpReranker) -> Reranker:
        return http


class TestTextEmbeddingsInference(RerankerContract):
    @pytest.fixture
    def reranker(self, http: HttpReranker, server: RerankServer) -> Reranker:
        server.dialect = "texts"
        return http


class TestWhatIsSent:
    async def test_is_what_cohere_jina_and_vllm_share(self, http: HttpReranker, server: RerankServer) -> None:
        await http.rerank("paid?", TEXTS)

        assert server.bodies == [{"model": "m", "query": "paid?", "documents": TEXTS, "top_n": 3}]
        assert server.headers[0]["authorization"] == "Bearer key"

    async def test_is_the_other_shape_once_that_is_asked_for(self, http: HttpReranker, server: RerankServer) -> None:
        server.dialect = "texts"
        await http.rerank("paid?", TEXTS)
        await http.rerank("paid?", TEXTS)

        assert ["documents" in body for body in server.bodies] == [True, False, False]
        assert server.bodies[1] == {"model": "m", "query": "paid?", "texts": TEXTS, "truncate": True}

    async def test_is_the_first_shape_again_where_the_other_does_not_help(
        self, http: HttpReranker, server: RerankServer
    ) -> None:
        server.script.extend([raw("too many `texts`", 422), raw("no", 422)])
        with pytest.raises(RerankerRejected):
            await http.rerank("paid?", TEXTS)
        await http.rerank("paid?", TEXTS)

        assert ["documents" in body for body in server.bodies] == [True, False, True]

    async def test_holds_what_is_set_alone(self, http: HttpReranker, server: RerankServer) -> None:
        bare = HttpReranker(server.url)
        await bare.rerank("paid?", TEXTS)
        await bare.aclose()

        assert "model" not in server.bodies[0]
        assert "authorization" not in server.headers[0]
        assert bare.name == "127.0.0.1"


class TestFailures:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
    async def test_a_passing_one_is_worth_another_try_later(
        self, http: HttpReranker, server: RerankServer, status: int
    ) -> None:
        server.script.append(raw("secret", status, {"Retry-After": "7"}))

        with pytest.raises(RerankerUnavailable) as raised:
            await http.rerank("secret", TEXTS)

        assert (str(raised.value), raised.value.retry_after_seconds) == (f"the reranker answered {status}", 7.0)
        assert len(server.bodies) == 1

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
    async def test_a_refusal_is_not(self, http: HttpReranker, server: RerankServer, status: int) -> None:
        server.script.append(raw("the text was: secret", status))

        with pytest.raises(RerankerRejected, match=rf"^the reranker answered {status}$"):
            await http.rerank("secret", TEXTS)

    async def test_a_redirect_is_not_followed(self, http: HttpReranker, server: RerankServer) -> None:
        server.script.append(lambda _: RedirectResponse(server.url))

        with pytest.raises(RerankerRejected, match="redirect"):
            await http.rerank("paid?", TEXTS)

        assert len(server.bodies) == 1

    @pytest.mark.parametrize(
        ("_case", "answer"),
        [
            ("too few", lambda _: results([(0, 0.5), (1, 0.5)])),
            ("too many", lambda _: results([(0, 0.5), (1, 0.5), (2, 0.5), (3, 0.5)])),
            ("one twice", lambda _: results([(0, 0.5), (1, 0.5), (1, 0.5)])),
            ("none", lambda _: results([])),
            ("a place beyond", lambda _: results([(0, 0.5), (1, 0.5), (3, 0.5)])),
            ("a place before", lambda _: results([(0, 0.5), (1, 0.5), (-1, 0.5)])),
            ("a place that is none", lambda _: results([(0, 0.5), (1, 0.5), ("2", 0.5)])),
            ("a place that is true", lambda _: results([(0, 0.5), (True, 0.5), (2, 0.5)])),
            ("a score that is none", lambda _: results([(0, 0.5), (1, None), (2, 0.5)])),
            ("a score that is text", lambda _: results([(0, 0.5), (1, "0.5"), (2, 0.5)])),
            ("NaN", raw('[{"index": 0, "score": NaN}, {"index": 1, "score": 1}, {"index": 2, "score": 1}]')),
            ("infinite", raw('[{"index": 0, "score": 1e999}, {"index": 1, "score": 1}, {"index": 2, "score": 1}]')),
            ("enormous", raw('[{"index": 0, "score": 1' + "0" * 400 + '}, {"index": 1, "score": 1}]')),
            ("no results", raw('{"data": []}')),
            ("results that are none", raw('{"results": 7}')),
            ("results by name", raw('{"results": {"a": 1, "b": 2, "c": 3}}')),
            ("a text", raw('"abc"')),
            ("nothing", raw("")),
            ("a page", raw("<h1>Sign in</h1>")),
            ("nested beyond reason", raw("[" * 50_000)),
            ("not UTF-8", raw(b"\xff\xfe\x00")),
        ],
    )
    async def test_an_unusable_answer_is_refused(
        self, http: HttpReranker, server: RerankServer, _case: str, answer: Answer
    ) -> None:
        server.script.append(answer)

        with pytest.raises(RerankerRejected):
            await http.rerank("paid?", TEXTS)

        assert len(server.bodies) == 1

    async def test_more_than_an_answer_can_be_is_not_read(self, http: HttpReranker, server: RerankServer) -> None:
        server.script.append(raw(b" " * 5_000_000))

        with pytest.raises(RerankerRejected, match=r"sent more than \d{5} bytes"):
            await http.rerank("paid?", TEXTS)

    async def test_what_is_compressed_unasked_is_not_unpacked(self, http: HttpReranker, server: RerankServer) -> None:
        server.script.append(raw(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))

        with pytest.raises(RerankerRejected, match="compresses"):
            await http.rerank("paid?", TEXTS)
        assert server.headers[0]["accept-encoding"] == "identity"

    async def test_an_answer_that_drips_ends_with_the_time(self, server: RerankServer, http: HttpReranker) -> None:
        server.script.append(dripping(seconds=3))
        hasty = HttpReranker(server.url, timeout_seconds=0.2)
        started = time.monotonic()

        with pytest.raises(RerankerUnavailable, match=r"within 0.2 seconds"):
            await hasty.rerank("paid?", TEXTS)

        assert time.monotonic() - started < 2
        await hasty.aclose()

    async def test_silence_ends_with_the_time(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            reranker = HttpReranker(f"http://127.0.0.1:{silent.getsockname()[1]}/rerank", timeout_seconds=0.1)
            with pytest.raises(RerankerUnavailable):
                await reranker.rerank("paid?", TEXTS)
            await reranker.aclose()

    async def test_nobody_who_listens_is_unavailable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        reranker = HttpReranker(f"http://127.0.0.1:{port}/rerank")

        with pytest.raises(RerankerUnavailable, match="did not answer"):
            await reranker.rerank("paid?", TEXTS)
        await reranker.aclose()

    async def test_a_score_that_passes_is_taken_as_it_is(self, http: HttpReranker, server: RerankServer) -> None:
        # The control of the refusals above: the same answer with nothing wrong.
        server.script.append(raw(json.dumps([{"index": place, "score": place - 7} for place in (2, 0, 1)])))

        assert await http.rerank("paid?", TEXTS) == [-7.0, -6.0, -5.0]
