"""`lexora evaluate`, as it is called: by people, by programs, and beside another configuration."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lexora_gql.__main__ import app
from tests.adapters.rerank_server import RerankServer, raw

TOPICS = ("canteen", "invoices", "bicycles", "holidays", "printers", "meetings", "badges", "parking")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight documents, and a question whose words only its own document has."""
    documents = [{"_id": topic, "text": f"All about {topic} in this house. " * 3} for topic in TOPICS]
    queries = [{"_id": f"q-{topic}", "text": f"Who looks after {topic}?"} for topic in TOPICS]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("".join(f"q-{topic}\t{topic}\t1\n" for topic in TOPICS), encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RERANK_URL", "OPENAI_EMBEDDING_MODEL", "CHUNK_CHARACTERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "160")


def evaluate(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", str(folder), *arguments])


def measured(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    configurations: list[dict[str, Any]] = json.loads(result.stdout)["configurations"]
    return configurations


class TestMeasuring:
    def test_programs_get_every_measure_of_every_method(self, folder: Path) -> None:
        [one] = measured(evaluate(folder, "--json"))

        assert (one["documents"], one["queries"], one["passages"], one["queries_left_out"]) == (8, 8, 8, 0)
        assert (one["embedder"], one["reranker"]) == ("wordllama:l2_supercat:256", None)
        assert set(one["methods"]) == {"wording", "meaning", "fused"}
        wording = one["methods"]["wording"]
        assert [wording[name] for name in ("ndcg@10", "recall@10", "hit@4", "mrr")] == [1, 1, 1, 1]
        assert 0 < wording["p50_ms"] <= wording["p95_ms"]

    def test_a_wrong_answer_key_is_noticed(self, folder: Path) -> None:
        # The control: the same texts, each question with its neighbour's document.
        rows = (f"q-{topic}\t{TOPICS[at - 1]}\t1\n" for at, topic in enumerate(TOPICS))
        (folder / "qrels.tsv").write_text("".join(rows), encoding="utf-8")

        [one] = measured(evaluate(folder, "--json"))

        assert one["methods"]["wording"]["mrr"] < 0.9
        assert one["methods"]["fused"]["ndcg@10"] < 0.9

    def test_people_get_a_table(self, folder: Path) -> None:
        result = evaluate(folder)

        assert result.exit_code == 0
        assert re.search(r"wording +│ 1\.000 +│ 1\.000 +│ 1\.000 +│ 1\.000 +│ +\d+\.\d", result.stdout)
        assert "8 documents, 8 queries" in result.stdout


class TestReranker:
    def test_its_order_is_measured_beside_the_others(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with RerankServer() as server:
            monkeypatch.setenv("RERANK_URL", server.url)
            monkeypatch.setenv("RERANK_TIMEOUT_SECONDS", "30")
            [one] = measured(evaluate(folder, "--json"))

            assert len(server.bodies) == 8
        # This one likes long texts, whatever is asked: it finds one thing only.
        assert one["methods"]["fused"]["mrr"] == 1
        assert one["methods"]["reranked"]["mrr"] < 0.9
        assert one["reranker_failures"] == 0

    def test_its_failures_are_counted_and_leave_the_fused_order(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with RerankServer() as server:
            server.script.extend([raw("no", 400)] * 8)
            monkeypatch.setenv("RERANK_URL", server.url)
            [one] = measured(evaluate(folder, "--json"))

        assert one["reranker_failures"] == 8
        assert one["methods"]["reranked"]["mrr"] == one["methods"]["fused"]["mrr"] == 1


class TestComparing:
    def test_another_configuration_stands_below_with_the_difference(self, folder: Path) -> None:
        result = evaluate(folder, "--compare", "CHUNK_CHARACTERS=200", "--compare", "CHUNK_OVERLAP_CHARACTERS=0")

        assert result.exit_code == 0
        assert "CHUNK_CHARACTERS=200, CHUNK_OVERLAP_CHARACTERS=0" in result.stdout
        assert "1.000 (+0.000)" in result.stdout

    def test_an_earlier_result_is_as_good(self, folder: Path, tmp_path: Path) -> None:
        earlier = tmp_path / "earlier.json"
        earlier.write_text(evaluate(folder, "--json").stdout, encoding="utf-8")

        now, then = measured(evaluate(folder, "--json", "--compare", str(earlier)))

        assert (now["label"], then["label"]) == ("as set", "earlier.json: as set")
        assert then["methods"]["wording"]["mrr"] == 1

    @pytest.mark.parametrize(
        ("compared", "line"),
        [
            ("NO_SUCH_SETTING=1", "lexora: NO_SUCH_SETTING is no setting."),
            ("CHUNK_CHARACTERS=few", "lexora: CHUNK_CHARACTERS: "),
            ("nowhere.json", "lexora: nowhere.json cannot be read: "),
        ],
    )
    def test_what_cannot_be_compared_is_refused_in_one_line(self, folder: Path, compared: str, line: str) -> None:
        result = evaluate(folder, "--compare", compared)

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(line)
        assert result.stderr.count("\n") == 1

    def test_a_file_of_something_else_is_refused(self, folder: Path) -> None:
        result = evaluate(folder, "--compare", str(folder / "qrels.tsv"))

        assert result.exit_code == 2
        assert "was not written by `lexora evaluate --json`" in result.stderr


class TestRefusals:
    def test_a_bad_folder_is_one_line(self, tmp_path: Path) -> None:
        result = evaluate(tmp_path / "none")

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.strip().endswith("there is no such folder.")

    def test_an_embedder_that_is_away_is_one_line(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_EMBEDDING_MODEL", "m")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

        result = evaluate(folder)

        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("lexora: The embedder fails: the embedding service did not answer")
        assert result.stderr.count("\n") == 1
