"""Where the bytes of a document are kept, and whose bytes a key is for."""

from uuid import UUID


def blob_key(owner_id: UUID, document_id: UUID) -> str:
    """Return where the bytes of a document are kept."""
    return f"{owner_id}/{document_id}"


def document_of(key: str) -> UUID | None:
    """Return the document that a key was made for; None where no server of this kind made it."""
    owner, _, document = key.partition("/")
    try:
        ids = UUID(owner), UUID(document)
    except ValueError:
        return None
    return ids[1] if key == blob_key(*ids) else None
