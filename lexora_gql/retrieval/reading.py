"""What every search reads: where it may look, and the passages it found, in one message to PostgreSQL each.

The functions that the rows come from become the viewer first, so that row-level security decides what there is.
"""

from collections.abc import Collection as Ids
from dataclasses import dataclass
from uuid import UUID

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.generations.serving import Serving
from lexora_gql.documents.models import Chunk, Document
from lexora_gql.retrieval.repository import RetrievalRepository, Searchable
from lexora_gql.retrieval.scope import Scope
from lexora_gql.storage.database import Database
from lexora_gql.storage.entities import Entities

_CHUNKS = Entities(Chunk, without=("content_sha256", "vector"))
_DOCUMENTS = Entities(Document)
_COLUMNS = ", ".join([f"c.{name}" for name in _CHUNKS.columns] + [f"d.{name}" for name in _DOCUMENTS.columns])

_SEARCHABLE = "SELECT collection_id, revision, number, embedder FROM lexora_searchable($1, $2)"
# One statement whatever the scope. What was read a moment ago of a chunk whose document is gone by now is left out.
_FOUND = (
    f"SELECT {_COLUMNS} FROM lexora_found_chunks($1, $2) c"  # noqa: S608  # names of columns that the models have
    " JOIN lexora_found_documents($1, $2) d ON d.id = c.document_id"
    " WHERE ($3::uuid[] IS NULL OR d.collection_id = ANY ($3)) AND ($4::uuid[] IS NULL OR d.id = ANY ($4))"
    " AND ($5::text[] IS NULL OR d.tags @> $5)"
)


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk and its document."""

    chunk: Chunk
    document: Document


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads for viewers; one instance serves every search of a process.

    Attributes:
        configured: The name of the embedder whose vectors serve until anything is published.
    """

    database: Database
    configured: str

    async def searchable(self, viewer: Viewer, scope: Scope) -> tuple[Serving, list[Searchable]]:
        """Return which vectors serve, and the collections of a scope that hold something to search."""
        rows = await self.database.rows(viewer, _SEARCHABLE, scope.collection_ids)
        now = Serving(0, self.configured)
        if rows and rows[0]["number"] is not None:
            now = Serving(rows[0]["number"], rows[0]["embedder"])
        if not scope.is_by_document:
            return now, [Searchable(collection_id, revision, None) for collection_id, revision, *_ in rows]
        async with self.database.transaction(viewer) as session:
            documents = await RetrievalRepository(session).documents(scope, [row["collection_id"] for row in rows])
        return now, [Searchable(each, revision, documents[each]) for each, revision, *_ in rows if each in documents]

    async def chunks(self, viewer: Viewer, numbers: Ids[int], scope: Scope) -> dict[int, StoredChunk]:
        """Return those of the chunks that exist, that the viewer may read and that stand in a scope, by number."""
        narrowed = scope.collection_ids, scope.document_ids, list(scope.tags) if scope.tags else None
        rows = await self.database.rows(viewer, _FOUND, list(numbers), *narrowed)
        documents: dict[UUID, Document] = {}
        found: dict[int, StoredChunk] = {}
        for row in rows:
            values = tuple(row)
            chunk = _CHUNKS.made(values[: len(_CHUNKS.columns)])
            document = documents.get(chunk.document_id)
            if document is None:
                document = documents[chunk.document_id] = _DOCUMENTS.made(values[len(_CHUNKS.columns) :])
            found[chunk.number] = StoredChunk(chunk, document)
        return found
