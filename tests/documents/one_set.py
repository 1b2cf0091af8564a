"""The checker of "one set of chunks": what a document's row says, its text and its chunks must fit together."""

from collections.abc import Sequence

from lexora_gql.documents.models import Chunk, Document, DocumentStatus


def flaws(document: Document, text: str | None, chunks: Sequence[Chunk]) -> list[str]:
    """Return what is wrong with what is stored of a READY document; nothing where all is well.

    Args:
        document: Its row.
        text: Its stored text.
        chunks: All of its chunks, in any order.
    """
    found: list[str] = []
    if document.status is not DocumentStatus.READY:
        found.append(f"status is {document.status}")
    if document.lease_token is not None:
        found.append("a lease is left")
    if len(chunks) != document.chunk_count:
        found.append(f"{len(chunks)} chunks are stored, the row says {document.chunk_count}")
    ordered = sorted(chunks, key=lambda chunk: (chunk.ordinal, chunk.number))
    if [chunk.ordinal for chunk in ordered] != list(range(len(chunks))):
        found.append("ordinals are not 0, 1, 2 …")
    if [chunk.number for chunk in ordered] != sorted(chunk.number for chunk in chunks):
        found.append("numbers are not in the order of the text")
    if text is None:
        found.append("there is no text")
    elif any(text[chunk.char_start : chunk.char_end] != chunk.text for chunk in chunks):
        found.append("a chunk is not what stands at its place in the text")
    elif not _covers(text, ordered):
        found.append("text is left out")
    if len({chunk.embedder for chunk in chunks}) > 1 or len({len(chunk.vector) for chunk in chunks}) > 1:
        found.append("vectors of two kinds")
    return found


def _covers(text: str, chunks: Sequence[Chunk]) -> bool:
    end = 0
    for chunk in chunks:
        if text[end : max(chunk.char_start, end)].strip():
            return False
        end = max(end, chunk.char_end)
    return not text[end:].strip()
