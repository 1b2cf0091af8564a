"""Links to original files and to pages of them: signed, bound to who asked for them, good for 15 minutes."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from lexora_gql import clock
from lexora_gql.signing import BadSignature, Signer

LIFETIME = timedelta(minutes=15)
PURPOSE = "download"
PAGE_PURPOSE = "page"


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of a document with a stretch of its text marked, for one user."""

    user_id: UUID
    document_id: UUID
    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DownloadLinks:
    """Makes and reads links.

    Attributes:
        signer: Of this server.
        address: Where browsers reach the server, without a trailing slash.
    """

    signer: Signer
    address: str

    def make(self, user_id: UUID, document_id: UUID) -> str:
        """Return the address of a document's original file, for one user."""
        return f"{self.address}/files/{self._signed(PURPOSE, user_id.hex, document_id.hex)}"

    def read(self, token: str) -> tuple[UUID, UUID] | None:
        """Return the user and the document of a link; None where it is not ours or too old."""
        match self._verified(PURPOSE, token):
            case [str(user_id), str(document_id)]:
                return UUID(hex=user_id), UUID(hex=document_id)
        return None

    def make_page(self, view: PageView) -> str:
        """Return the address of a picture of a page."""
        parts = (view.user_id.hex, view.document_id.hex, view.page, view.start, view.end)
        return f"{self.address}/pages/{self._signed(PAGE_PURPOSE, *parts)}"

    def read_page(self, token: str) -> PageView | None:
        """Return what a link to a page shows; None where it is not ours or too old."""
        match self._verified(PAGE_PURPOSE, token):
            case [str(user_id), str(document_id), int(page), int(start), int(end)]:
                return PageView(UUID(hex=user_id), UUID(hex=document_id), page, start, end)
        return None

    def _signed(self, purpose: str, *parts: str | int) -> str:
        expires_at = int((clock.now() + LIFETIME).timestamp())
        return self.signer.sign(purpose, json.dumps([*parts, expires_at]).encode())

    def _verified(self, purpose: str, token: str) -> list[str | int] | None:
        try:
            payload = self.signer.verify(purpose, token)
        except BadSignature:
            return None
        *parts, expires_at = json.loads(payload)
        return None if clock.now().timestamp() > expires_at else parts
