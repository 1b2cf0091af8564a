"""Links to original files: signed, bound to who asked for them, good for 15 minutes."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from lexora_gql import clock
from lexora_gql.signing import BadSignature, Signer

LIFETIME = timedelta(minutes=15)
PURPOSE = "download"


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
        expires_at = int((clock.now() + LIFETIME).timestamp())
        payload = json.dumps([user_id.hex, document_id.hex, expires_at]).encode()
        return f"{self.address}/files/{self.signer.sign(PURPOSE, payload)}"

    def read(self, token: str) -> tuple[UUID, UUID] | None:
        """Return the user and the document of a link; None where it is not ours or too old."""
        try:
            payload = self.signer.verify(PURPOSE, token)
        except BadSignature:
            return None
        user_id, document_id, expires_at = json.loads(payload)
        if clock.now().timestamp() > expires_at:
            return None
        return UUID(hex=user_id), UUID(hex=document_id)
