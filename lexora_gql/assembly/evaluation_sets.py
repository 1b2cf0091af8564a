"""Folders that say which documents are relevant to which questions, as BEIR's are laid out.

corpus.jsonl     {"_id": "d1", "title": "…", "text": "…"} a line; `id` is as good as `_id`, the title may be missing
queries.jsonl    {"_id": "q1", "text": "…"} a line
qrels.tsv        q1 <tab> d1 <tab> 1 a line, under a heading or not; or qrels/test.tsv, qrels/dev.tsv, qrels/train.tsv
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

QRELS = ("qrels.tsv", "qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv")


class BadSet(Exception):
    """A folder that cannot be measured by, in one line."""


@dataclass(frozen=True, slots=True)
class EvaluationDocument:
    """A document as the folder has it."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """What one folder holds.

    Attributes:
        queries: Texts by id, of those queries alone for which something in the corpus is relevant.
        relevance: By query, then by document.
        left_out: Queries without anything relevant.
    """

    name: str
    documents: tuple[EvaluationDocument, ...]
    queries: Mapping[str, str]
    relevance: Mapping[str, Mapping[str, int]]
    left_out: int


def read_set(folder: Path) -> EvaluationSet:
    """Read a folder.

    Raises:
        BadSet: Something is missing, cannot be read, or names nothing.
    """
    if not folder.is_dir():
        raise BadSet(f"{folder}: there is no such folder.")
    documents = _documents(folder / "corpus.jsonl")
    queries = _queries(folder / "queries.jsonl")
    path = next((folder / name for name in QRELS if (folder / name).is_file()), None)
    if path is None:
        raise BadSet(f"{folder} has neither of {', '.join(QRELS)}.")
    relevance = _relevance(path)
    known = {document.id for document in documents}
    answerable = {
        query: text
        for query, text in queries.items()
        if any(gain > 0 and document in known for document, gain in relevance.get(query, {}).items())
    }
    if not answerable:
        raise BadSet(f"{path} names no document of corpus.jsonl for any query of queries.jsonl.")
    return EvaluationSet(folder.resolve().name, tuple(documents), answerable, relevance, len(queries) - len(answerable))


def _documents(path: Path) -> list[EvaluationDocument]:
    found: dict[str, EvaluationDocument] = {}
    for where, row in _rows(path):
        document = EvaluationDocument(
            _identifier(where, row), _text(where, row, "title", ""), _text(where, row, "text")
        )
        if document.id in found:
            raise BadSet(f"{where}: the id {document.id!r} is there already.")
        found[document.id] = document
    return list(found.values())


def _queries(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for where, row in _rows(path):
        identifier, text = _identifier(where, row), _text(where, row, "text")
        if identifier in found:
            raise BadSet(f"{where}: the id {identifier!r} is there already.")
        if not text.strip():
            raise BadSet(f"{where}: the query has no text.")
        found[identifier] = text.strip()
    return found


def _relevance(path: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        columns = line.split("\t")
        # TREC's own layout has a column between query and document.
        if len(columns) == len(("query", "iteration", "document", "relevance")):
            del columns[1]
        if len(columns) != len(("query", "document", "relevance")):
            raise BadSet(f"{path}, line {number}: three columns parted by tabs are wanted, {len(columns)} are there.")
        query, document, relevance = (column.strip() for column in columns)
        try:
            found.setdefault(query, {})[document] = int(relevance)
        except ValueError:
            if number > 1:
                raise BadSet(f"{path}, line {number}: {relevance!r} is no whole number.") from None
    return found


def _rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    is_empty = True
    for number, line in _lines(path):
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise BadSet(f"{where}: is no JSON.") from None
        if not isinstance(row, dict):
            raise BadSet(f"{where}: is no JSON object.")
        is_empty = False
        yield where, row
    if is_empty:
        raise BadSet(f"{path} is empty.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except FileNotFoundError:
        raise BadSet(f"{path}: there is no such file.") from None
    except UnicodeDecodeError:
        raise BadSet(f"{path} is not UTF-8.") from None
    except OSError as error:
        raise BadSet(f"{path} cannot be read: {error.strerror}.") from None


def _identifier(where: str, row: dict[str, object]) -> str:
    value = row.get("_id", row.get("id"))
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise BadSet(f"{where}: has no `_id` and no `id`.")
    return str(value)


def _text(where: str, row: dict[str, object], name: str, default: str | None = None) -> str:
    value = row.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise BadSet(f"{where}: has no `{name}`.")
    # What no document may hold is not searched for either.
    return value.encode("utf-8", "replace").decode().replace("\x00", " ")
