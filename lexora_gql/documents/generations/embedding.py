"""Embedding what is about to be published: for the generation that serves, and for one that is being built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from lexora_gql.documents.generations.serving import Plan, Serving, plan
from lexora_gql.documents.models import Document
from lexora_gql.documents.vectors import VectorStore
from lexora_gql.ports.embedder import Embedder, EmbedderRejected, EmbedderUnavailable
from lexora_gql.storage.database import WORKER

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of one text's passages.

    Attributes:
        vectors: One per passage, as stored.
        embedder: Whose they are.
        planned: What served when they were made.
        next_vectors: The same for the generation that is being built; empty where none is, or it could not be done.
    """

    vectors: Sequence[bytes]
    embedder: str
    planned: Serving
    next_vectors: Sequence[bytes] = ()
    next_embedder: str = ""


async def embed_passages(
    store: VectorStore,
    document: Document,
    contents: Sequence[str],
    on_progress: Callable[[int, int], None],
    planned: Plan | None = None,
) -> Embedded:
    """Embed a document's passages with the embedder whose vectors serve.

    Where that cannot be had any more they get the configured one's, and are found by wording until a reindex is done.

    Args:
        store: Embeds.
        document: Whose they are.
        contents: As embedded.
        on_progress: Called with the contents done so far and their number.
        planned: Whose vectors they are to get, where that was read a moment ago.

    Raises:
        EmbedderUnavailable, EmbedderRejected: The embedder failed.
        LeaseLost: The document is gone.
    """
    if planned is None:
        async with store.database.transaction(WORKER) as session:
            planned = await plan(session)
    following, generation = planned.following, planned.serving or Serving(0, store.embedder.name)
    used = store.named(generation.embedder) or store.embedder
    try:
        vectors = await store.by(used).vectors(document.id, document.owner_id, contents, on_progress)
    except (EmbedderUnavailable, EmbedderRejected) as error:
        if used is store.embedder:
            raise
        log.warning("former_embedder_failed", embedder=used.name, reason=str(error))
        used = store.embedder
        vectors = await store.vectors(document.id, document.owner_id, contents, on_progress)
    beside = store.named(following) if following not in {None, used.name} else None
    if following is None or beside is None:
        return Embedded(vectors, used.name, generation)
    return Embedded(vectors, used.name, generation, await _beside(store, beside, document, contents), following)


async def _beside(
    store: VectorStore, embedder: Embedder, document: Document, contents: Sequence[str]
) -> Sequence[bytes]:
    try:
        return await store.by(embedder).vectors(document.id, document.owner_id, contents, lambda *_: None)
    except (EmbedderUnavailable, EmbedderRejected) as error:
        # The reindex takes it up: nobody's document has to wait for it.
        log.warning("next_vectors_put_off", document_id=str(document.id), reason=str(error))
        return ()
