"""Folders as BEIR lays them out, and one clear line for those that are not."""

import json
from pathlib import Path

import pytest

from lexora_gql.assembly.evaluation_sets import BadSet, read_set

FILES = {
    "corpus.jsonl": '{"_id": "d1", "title": "Canteen", "text": "It opens at noon."}\n{"id": 2, "text": "Invoices."}\n',
    "queries.jsonl": '{"_id": "q1", "text": " When? "}\n\n{"id": "q2", "text": "Nobody knows"}\n',
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\t2\t0\nq9\td1\t1\n",
}


def write(folder: Path, **changed: str | None) -> Path:
    """Lay a folder out; a name's dot is a double underscore, None leaves the file out."""
    given = {name.replace("__", ".").replace("_in_", "/"): text for name, text in changed.items()}
    for name, text in {**FILES, **given}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


class TestReading:
    def test_both_names_of_ids_are_taken(self, tmp_path: Path) -> None:
        found = read_set(write(tmp_path))

        assert [(one.id, one.title, one.text) for one in found.documents] == [
            ("d1", "Canteen", "It opens at noon."),
            ("2", "", "Invoices."),
        ]
        assert (found.queries, found.left_out, found.name) == ({"q1": "When?"}, 1, tmp_path.name)
        assert found.relevance["q1"] == {"d1": 2, "2": 0}

    def test_beirs_folder_of_qrels_is_taken(self, tmp_path: Path) -> None:
        assert read_set(write(tmp_path, qrels__tsv=None, qrels_in_test__tsv="a\tb\tc\nq2\t2\t1\n")).queries == {
            "q2": "Nobody knows"
        }

    @pytest.mark.parametrize("qrels", ["q1\td1\t1\n", "q1\t0\td1\t1\n", "\ufeffq1\td1\t1\r\n"])
    def test_headings_and_trecs_column_may_be_there_or_not(self, tmp_path: Path, qrels: str) -> None:
        assert read_set(write(tmp_path, qrels__tsv=qrels)).relevance == {"q1": {"d1": 1}}


class TestRefusals:
    @pytest.mark.parametrize(
        ("changed", "line"),
        [
            ({"corpus__jsonl": None}, "corpus.jsonl: there is no such file."),
            ({"queries__jsonl": None}, "queries.jsonl: there is no such file."),
            ({"qrels__tsv": None}, "has neither of qrels.tsv, qrels/test.tsv, qrels/dev.tsv, qrels/train.tsv."),
            ({"corpus__jsonl": ""}, "corpus.jsonl is empty."),
            ({"corpus__jsonl": "\n{"}, "corpus.jsonl, line 2: is no JSON."),
            ({"corpus__jsonl": "[" * 100_000}, "corpus.jsonl, line 1: is no JSON."),
            ({"corpus__jsonl": "[]"}, "corpus.jsonl, line 1: is no JSON object."),
            ({"corpus__jsonl": '{"text": "x"}'}, "corpus.jsonl, line 1: has no `_id` and no `id`."),
            ({"corpus__jsonl": '{"id": true, "text": "x"}'}, "corpus.jsonl, line 1: has no `_id` and no `id`."),
            ({"corpus__jsonl": '{"id": "a"}'}, "corpus.jsonl, line 1: has no `text`."),
            ({"corpus__jsonl": '{"id": "a", "text": 7}'}, "corpus.jsonl, line 1: has no `text`."),
            ({"corpus__jsonl": '{"id": "a", "text": ""}\n' * 2}, "corpus.jsonl, line 2: the id 'a' is there already."),
            ({"corpus__jsonl": '{"id": "\udcff"}'}, "corpus.jsonl is not UTF-8."),
            ({"queries__jsonl": '{"id": "a", "text": " "}'}, "queries.jsonl, line 1: the query has no text."),
            ({"queries__jsonl": '{"id": 1, "text": "x"}\n' * 2}, "queries.jsonl, line 2: the id '1' is there already."),
            ({"qrels__tsv": "q1 d1 1"}, "qrels.tsv, line 1: three columns parted by tabs are wanted, 1 are there."),
            ({"qrels__tsv": "a\tb\tc\nq1\td1\tyes"}, "qrels.tsv, line 2: 'yes' is no whole number."),
            ({"qrels__tsv": ""}, "qrels.tsv names no document of corpus.jsonl for any query of queries.jsonl."),
            (
                {"qrels__tsv": "q1\td7\t1\nq1\td1\t0"},
                "names no document of corpus.jsonl for any query of queries.jsonl.",
            ),
        ],
    )
    def test_say_where_and_what(self, tmp_path: Path, changed: dict[str, str | None], line: str) -> None:
        with pytest.raises(BadSet) as refused:
            read_set(write(tmp_path, **changed))

        assert str(refused.value).endswith(line)
        assert "\n" not in str(refused.value)

    def test_a_folder_must_be_one(self, tmp_path: Path) -> None:
        with pytest.raises(BadSet, match="there is no such folder"):
            read_set(tmp_path / "none")


def test_what_no_document_may_hold_is_taken_out(tmp_path: Path) -> None:
    text = json.dumps({"id": "d1", "text": "a\x00b\ud800"})

    assert read_set(write(tmp_path, corpus__jsonl=text)).documents[0].text == "a b?"
