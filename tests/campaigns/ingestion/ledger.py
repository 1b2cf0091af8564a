"""What clients were told: accepted, refused, or nothing that they could rely on."""

import hashlib
from dataclasses import dataclass, field

from tests.campaigns.ingestion.papers import Paper


@dataclass(slots=True)
class Ledger:
    """All that was said to clients; documents by their ids, files by the SHA-256 of their bytes.

    Attributes:
        accepted: Documents whose upload was confirmed, with their files.
        refused: Files that were not taken, with the code of why.
        unknown: Tries whose outcome was not told, by file: the connection was lost, or the server said to try again.
        deleted: Documents whose deletion was confirmed.
        perhaps_deleted: Those whose deletion was asked for, with no word on the outcome.
    """

    accepted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    perhaps_deleted: set[str] = field(default_factory=set)
    kinds: dict[str, int] = field(default_factory=dict)

    def begin(self, paper: Paper) -> str:
        """Note that a file is about to be sent; return its SHA-256."""
        self.kinds[paper.kind] = self.kinds.get(paper.kind, 0) + 1
        return hashlib.sha256(paper.path.read_bytes()).hexdigest()

    @property
    def kept(self) -> dict[str, str]:
        """Accepted documents that nobody asked to delete."""
        gone = self.deleted | self.perhaps_deleted
        return {document: sha256 for document, sha256 in self.accepted.items() if document not in gone}
