"""Collections of any size: sentences of the shared data in new orders, written straight into PostgreSQL."""

import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import numpy as np
from numpy.typing import NDArray

from lexora_gql.adapters.wordllama_embedder import WordLlamaEmbedder
from lexora_gql.documents.models import Collection, Document, DocumentStatus, Generation, IngestionStage
from lexora_gql.documents.vectors import to_bytes
from lexora_gql.ports.passage_index import IndexedPassage
from lexora_gql.storage.database import Database
from tests.database import connect
from tests.factories import Library
from tests.shared_data import SHARED_DATA

PASSAGE_CHARACTERS = 880
PASSAGES_A_DOCUMENT = 100
BATCH = 5_000
_SETS = ("aws-docs", "xquad-en", "xquad-de")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

_COLUMNS = (
    "id", "document_id", "collection_id", "ordinal", "text", "context", "headings", "char_start", "char_end",
    "token_count", "content_sha256", "embedder", "vector",
)  # fmt: skip


def sentences() -> list[str]:
    """Return the sentences of the English and German sets and of the plain texts, in their order."""
    corpora = [SHARED_DATA / "retrieval" / name / "corpus.jsonl" for name in _SETS]
    lines = [line for path in corpora for line in path.read_text(encoding="utf-8").split("\n") if line]
    texts = [str(json.loads(line)["text"]) for line in lines]
    files = sorted((SHARED_DATA / "docs" / "txt" / "good").rglob("*.txt"))
    texts += [path.read_text(encoding="utf-8", errors="replace").replace("\x00", "") for path in files]
    found = (sentence.strip() for text in texts for sentence in _SENTENCE.split(text))
    return [sentence for sentence in found if 1 < len(sentence) < PASSAGE_CHARACTERS]


def passages(count: int, seed: int) -> list[str]:
    """Return so many passages; each ends with two names that hardly any other has, as real ones do."""
    chance, known = random.Random(seed), sentences()
    made = []
    for _ in range(count):
        at, parts, length = chance.randrange(len(known)), [], 0
        while length < PASSAGE_CHARACTERS:
            if chance.random() < 0.3:
                at = chance.randrange(len(known))
            parts.append(known[at % len(known)])
            length += len(parts[-1]) + 1
            at += 1
        ending = f" Case {chance.randrange(10**6)} of {chance.choice('abcdefgh')}{chance.randrange(10**5)}."
        made.append(" ".join(parts)[:PASSAGE_CHARACTERS] + ending)
    return made


@dataclass(frozen=True, slots=True)
class Made:
    """Passages with their vectors, in the order in which they are stored."""

    texts: Sequence[str]
    embedder: str
    vectors: NDArray[np.float32]

    @classmethod
    async def of(cls, count: int, seed: int) -> "Made":
        """Return so many, with vectors of the built-in embedder."""
        texts = passages(count, seed)
        embedder = WordLlamaEmbedder()
        await embedder.prepare()
        parts = [await embedder.embed(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        await embedder.aclose()
        return cls(texts, embedder.name, np.concatenate(parts))

    def indexed(self) -> list[IndexedPassage]:
        """Return them as an index takes them."""
        together = zip(self.texts, self.vectors, strict=True)
        return [IndexedPassage(at, UUID(int=at), text, vector) for at, (text, vector) in enumerate(together)]


async def write(url: str, made: Made, *, collections: int = 1) -> list[UUID]:
    """Store passages as READY documents of the only person there is, a hundred in each.

    Args:
        collections: How many of the same size they are stored in: the first is the one that is there already.

    Returns:
        Their ids.
    """
    database = connect(url, connections=2)
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchrow("SELECT owner_id, id FROM collections")
        assert found is not None
        owner, places = found["owner_id"], [found["id"], *(uuid4() for _ in range(collections - 1))]
        others = (Collection(id=one, owner_id=owner, name=f"Shelf {one}", is_personal=False) for one in places[1:])
        # As whoever publishes first does: from then on the index knows the vectors by another name.
        await Library(database).add(*others, Generation(number=1, embedder=made.embedder, folded_at=datetime.now(UTC)))
        size = -(-len(made.texts) // collections)
        for at, place in enumerate(places):
            await _fill(
                database, connection, (owner, place), made, range(at * size, min((at + 1) * size, len(made.texts)))
            )
        await connection.execute("UPDATE collections SET revision = 1")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
        await database.dispose()
    return places


async def _fill(
    database: Database, connection: "asyncpg.Connection", place: tuple[UUID, UUID], made: Made, numbers: range
) -> None:
    counts = [len(numbers[at : at + PASSAGES_A_DOCUMENT]) for at in range(0, len(numbers), PASSAGES_A_DOCUMENT)]
    documents = [uuid4() for _ in counts]
    await Library(database).add(*(_document(*each, *place) for each in zip(documents, counts, strict=True)))
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        vectors = to_bytes(made.vectors[some.start : some.stop])
        rows = []
        for at, number in enumerate(some, start):
            where = (documents[at // PASSAGES_A_DOCUMENT], place[1], at % PASSAGES_A_DOCUMENT)
            rows.append((*_row(made.texts[number], where), made.embedder, vectors[at - start]))
        await connection.copy_records_to_table("chunks", records=rows, columns=_COLUMNS)


def _row(text: str, place: tuple[UUID, UUID, int]) -> tuple[object, ...]:
    return (uuid4(), *place, text, "", [], 0, len(text), 200, hashlib.sha256(text.encode()).digest())


def _document(identifier: UUID, passages_of_it: int, owner: UUID, collection: UUID) -> Document:
    return Document(
        id=identifier,
        owner_id=owner,
        collection_id=collection,
        filename="made.txt",
        title="made",
        media_type="text/plain",
        byte_size=1,
        sha256=hashlib.sha256(identifier.bytes).digest(),
        blob_key=str(identifier),
        status=DocumentStatus.READY,
        stage=IngestionStage.DONE,
        chunk_count=passages_of_it,
        revision=1,
    )
