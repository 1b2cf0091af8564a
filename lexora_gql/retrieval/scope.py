"""Where to look."""

from dataclasses import dataclass
from uuid import UUID

from lexora_gql.errors import InvalidInput, require_length

SCOPE_IDS_MAX = 1_000
TAG_CHARACTERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Narrows retrieval; what is given must all hold, None narrows nothing.

    Attributes:
        tags: All of them.

    Raises:
        InvalidInput: More than 1,000 ids or tags are given, or a tag is longer than 1,000 characters or no text.
    """

    collection_ids: tuple[UUID, ...] | None = None
    document_ids: tuple[UUID, ...] | None = None
    tags: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        given = {"collectionIds": self.collection_ids, "documentIds": self.document_ids, "tags": self.tags}
        for name, values in given.items():
            if values is not None and len(values) > SCOPE_IDS_MAX:
                message = f"`{name}` has {len(values)} entries; at most {SCOPE_IDS_MAX} are allowed."
                raise InvalidInput(message, path=("scope", name))
        for tag in self.tags or ():
            require_length("tags", tag, low=0, high=TAG_CHARACTERS_MAX)

    @property
    def is_by_document(self) -> bool:
        """Whether only some documents of a collection may be searched."""
        return self.document_ids is not None or bool(self.tags)


EVERYTHING = Scope()
