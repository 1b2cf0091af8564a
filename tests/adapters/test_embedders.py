import asyncio
import logging
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from starlette.responses import HTMLResponse, JSONResponse

from lexora_gql.adapters.offline.embedder import HashingEmbedder
from lexora_gql.adapters.openai_embedder import OpenAIEmbedder
from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, EmbedderUnavailable
from tests.adapters.embeddings_server import Answer, EmbeddingsServer, embeddings, refusal

ODD_TEXTS = ["?", "\x00", "\ud800", "日本", "𓀀", "x" * 200_000, "a\nb", "\u200b"]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddingsServer]:
    with EmbeddingsServer() as server:
        yield server


@pytest.fixture
async def openai(server: EmbeddingsServer) -> AsyncIterator[OpenAIEmbedder]:
    server.bodies.clear()
    server.script.clear()
    embedder = OpenAIEmbedder(
        "m", base_url=server.url, api_key="key", dimensions=8, batch_size=3, timeout_seconds=1, backoff_seconds=0.01
    )
    yield embedder
    await embedder.aclose()


@pytest.fixture
async def wordllama() -> AsyncIterator[WordLlamaEmbedder]:
    embedder = WordLlamaEmbedder()
    yield embedder
    await embedder.aclose()


@pytest.fixture(params=["wordllama", "openai", "hashing"])
def embedder(request: pytest.FixtureRequest, wordllama: WordLlamaEmbedder, openai: OpenAIEmbedder) -> Embedder:
    embedders: dict[str, Embedder] = {"wordllama": wordllama, "openai": openai, "hashing": HashingEmbedder()}
    return embedders[request.param]


class TestEveryEmbedder:
    async def test_gives_one_unit_row_per_text_in_order(self, embedder: Embedder) -> None:
        texts = ["one", "three", "a hundred", "four", "eleven texts"]

        rows = await embedder.embed(texts)

        assert rows.shape == (5, embedder.dimensions)
        assert rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
        single = np.concatenate([await embedder.embed([text]) for text in texts])
        assert np.allclose(rows, single, atol=1e-6)

    async def test_gives_finite_unit_rows_for_odd_texts(self, embedder: Embedder) -> None:
        texts = [text for text in ODD_TEXTS if text != "\ud800" or not isinstance(embedder, OpenAIEmbedder)]

        rows = await embedder.embed(texts)

        assert np.isfinite(rows).all()
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)

    async def test_gives_the_same_rows_again(self, embedder: Embedder) -> None:
        first = await embedder.embed(["Invoices are paid within 30 days."])

        assert np.array_equal(first, await embedder.embed(["Invoices are paid within 30 days."]))

    def test_names_its_dimensions(self, embedder: Embedder) -> None:
        assert embedder.name.endswith(f":{embedder.dimensions}")


class TestWordLlama:
    async def test_likens_paraphrases_more_than_strangers(self, wordllama: WordLlamaEmbedder) -> None:
        question, answer, stranger = await wordllama.embed(
            ["When are bills paid?", "Invoices are settled within 30 days.", "The canteen serves soup."]
        )

        assert question @ answer > question @ stranger + 0.1

    async def test_gives_a_text_without_known_words_the_first_axis(self, wordllama: WordLlamaEmbedder) -> None:
        [row] = await wordllama.embed([""])

        assert row[0] == 1.0
        assert not row[1:].any()

    async def test_leaves_logging_alone_and_its_package_unimported(self, wordllama: WordLlamaEmbedder) -> None:
        handlers = list(logging.getLogger().handlers)

        await wordllama.embed(["x"])

        assert logging.getLogger().handlers == handlers
        assert "wordllama" not in sys.modules

    async def test_lets_others_on_the_loop_while_it_embeds_thousands(self, wordllama: WordLlamaEmbedder) -> None:
        await wordllama.prepare()
        work = asyncio.create_task(wordllama.embed(["A passage of a document about invoices and soup. " * 12] * 2_000))
        lags = []
        while not work.done():
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - started)

        assert (await work).shape == (2_000, 256)
        # The 95th percentile: on a busy machine a single wake may be late through no fault of ours.
        assert len(lags) > 20
        assert sorted(lags)[int(0.95 * len(lags))] < 0.05


class TestHashing:
    async def test_remembers_what_it_was_given(self) -> None:
        embedder = HashingEmbedder()

        await embedder.embed(["b", "a"])
        await embedder.embed(["c"])

        assert embedder.texts_embedded == ["b", "a", "c"]

    async def test_likens_texts_that_share_words(self) -> None:
        one, two, three = await HashingEmbedder().embed(["red lamp", "red chair", "green table"])

        assert one @ two > one @ three + 0.2


class TestOpenAI:
    async def test_sends_batches_of_the_given_size(self, server: EmbeddingsServer, openai: OpenAIEmbedder) -> None:
        await openai.embed([str(number) for number in range(7)])

        assert [body["input"] for body in server.bodies] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
        assert {(body["model"], body["dimensions"]) for body in server.bodies} == {("m", 8)}

    async def test_parts_long_texts_before_the_providers_limit(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder
    ) -> None:
        await openai.embed(["x" * 250_000, "y" * 250_000, "z"])

        assert [len(body["input"]) for body in server.bodies] == [1, 2]

    async def test_sends_no_dimensions_where_none_are_set_and_learns_them(self, server: EmbeddingsServer) -> None:
        server.bodies.clear()
        embedder = OpenAIEmbedder("unheard-of", base_url=server.url)
        assert (embedder.name, embedder.dimensions) == ("openai:unheard-of:default", 0)

        await embedder.embed(["x"])

        assert "dimensions" not in server.bodies[0]
        assert (embedder.name, embedder.dimensions) == ("openai:unheard-of:default", 8)
        await embedder.aclose()

    async def test_knows_the_dimensions_of_openais_models(self) -> None:
        embedder = OpenAIEmbedder("text-embedding-3-small")

        assert (embedder.name, embedder.dimensions) == ("openai:text-embedding-3-small:1536", 1536)
        await embedder.aclose()

    async def test_puts_rows_in_order_whatever_order_they_come_in(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder
    ) -> None:
        axes = np.eye(8).tolist()
        server.script.append(lambda _: embeddings([axes[5], axes[6]], indexes=[1, 0]))

        rows = await openai.embed(["a", "b"])

        assert rows.argmax(axis=1).tolist() == [6, 5]

    async def test_asks_for_numbers_where_base64_is_refused(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder
    ) -> None:
        server.script.append(refusal(400, param="encoding_format"))

        rows = await openai.embed(["abc"])
        await openai.embed(["abc"])

        assert rows[0].argmax() == 3
        assert [body["encoding_format"] for body in server.bodies] == ["base64", "float", "float"]

    @pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
    async def test_tries_again_after_a_passing_failure(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder, status: int
    ) -> None:
        server.script.extend([refusal(status), refusal(status)])

        assert (await openai.embed(["abc"])).shape == (1, 8)
        assert len(server.bodies) == 3

    async def test_is_unavailable_after_the_third_failure(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder
    ) -> None:
        server.script.extend([refusal(503)] * 3)

        with pytest.raises(EmbedderUnavailable) as raised:
            await openai.embed(["abc"])

        assert str(raised.value) == "the embedding service answered 503"
        assert raised.value.retry_after_seconds is None
        assert len(server.bodies) == 3

    async def test_waits_as_long_as_the_provider_says(self, server: EmbeddingsServer, openai: OpenAIEmbedder) -> None:
        server.script.append(refusal(429, {"Retry-After": "0.3"}))
        started = time.monotonic()

        await openai.embed(["abc"])

        assert 0.3 <= time.monotonic() - started < 2

    async def test_waits_until_the_date_that_the_provider_gives(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder
    ) -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
        server.script.append(refusal(503, {"Retry-After": later}))

        with pytest.raises(EmbedderUnavailable) as raised:
            await openai.embed(["abc"])

        assert raised.value.retry_after_seconds is not None
        assert 100 < raised.value.retry_after_seconds <= 120

    @pytest.mark.parametrize("value", ["soon", "-5", "nan", "Sun, 99 Nov 2026 20:00:00 GMT"])
    async def test_makes_nothing_of_a_wish_that_is_none(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder, value: str
    ) -> None:
        server.script.append(refusal(503, {"Retry-After": value}))

        assert (await openai.embed(["abc"])).shape == (1, 8)

    async def test_hands_a_long_wait_to_the_caller(self, server: EmbeddingsServer, openai: OpenAIEmbedder) -> None:
        server.script.append(refusal(429, {"Retry-After": "60"}))

        with pytest.raises(EmbedderUnavailable) as raised:
            await openai.embed(["abc"])

        assert raised.value.retry_after_seconds == 60.0
        assert len(server.bodies) == 1

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
    async def test_does_not_try_again_what_is_refused(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder, status: int
    ) -> None:
        server.script.append(refusal(status, message="the text was: secret", code="no_good"))

        with pytest.raises(EmbedderRejected) as raised:
            await openai.embed(["secret"])

        assert str(raised.value) == f"the embedding service answered {status} (no_good)"
        assert len(server.bodies) == 1

    @pytest.mark.parametrize(
        ("status", "param", "is_retryable"),
        [
            (400, "input", False),
            (413, None, False),
            (422, None, False),
            (400, "dimensions", True),
            (401, None, True),
            (403, None, True),
            (404, None, True),
        ],
    )
    async def test_tells_a_text_that_is_refused_from_settings_that_are_wrong(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder, status: int, param: str | None, is_retryable: bool
    ) -> None:
        server.script.append(refusal(status, param=param) if param else refusal(status))

        with pytest.raises(EmbedderRejected) as raised:
            await openai.embed(["abc"])

        assert raised.value.is_retryable is is_retryable

    @pytest.mark.parametrize(
        ("_case", "answer"),
        [
            ("too few", lambda _: embeddings([[1.0] * 8])),
            ("too many", lambda _: embeddings([[1.0] * 8] * 3)),
            ("one place twice", lambda _: embeddings([[1.0] * 8] * 2, indexes=[0, 0])),
            ("no places", lambda _: embeddings([[1.0] * 8] * 2, indexes=[None, "x"])),
            ("other dimensions", lambda _: embeddings([[1.0] * 9] * 2)),
            ("uneven", lambda _: embeddings([[1.0] * 8, [1.0] * 7])),
            ("no direction", lambda _: embeddings([[0.0] * 8] * 2)),
            ("too large for a float", lambda _: embeddings([[1e39] * 8] * 2)),
            ("not numbers", lambda _: embeddings([["x"] * 8] * 2)),
            ("nested", lambda _: embeddings([[[1.0] * 8]] * 2)),
            ("not base64", lambda _: embeddings(["%%%"] * 2)),
            ("base64 of five bytes", lambda _: embeddings(["AAAAAAA="] * 2)),
            ("NaN in base64", lambda _: embeddings(["AADAfwAAwH8AAMB/AADAfwAAwH8AAMB/AADAfwAAwH8="] * 2)),
            ("nothing", lambda _: embeddings([])),
            ("other JSON", lambda _: JSONResponse({"data": ["x", "y"]})),
            ("a list", lambda _: JSONResponse([1])),
            ("a page", lambda _: HTMLResponse("<h1>Sign in</h1>")),
            ("broken JSON", lambda _: HTMLResponse('{"data": [', media_type="application/json")),
        ],
    )
    async def test_refuses_an_unusable_answer(
        self, server: EmbeddingsServer, openai: OpenAIEmbedder, _case: str, answer: Answer
    ) -> None:
        server.script.append(answer)

        with pytest.raises(EmbedderRejected) as raised:
            await openai.embed(["a", "b"])

        assert raised.value.is_retryable
        assert len(server.bodies) == 1

    async def test_is_unavailable_when_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        embedder = OpenAIEmbedder("m", base_url=f"http://127.0.0.1:{port}/v1", backoff_seconds=0.01)

        with pytest.raises(EmbedderUnavailable, match="did not answer"):
            await embedder.embed(["x"])

        await embedder.aclose()

    async def test_is_unavailable_when_the_answer_takes_too_long(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
            embedder = OpenAIEmbedder("m", base_url=url, timeout_seconds=0.1, backoff_seconds=0.01)

            with pytest.raises(EmbedderUnavailable, match="did not answer"):
                await embedder.embed(["x"])

            await embedder.aclose()
