"""Documents that clients send once, and then name by their hash."""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field

from lexora_gql.ports.shared_cache import VALUE_BYTES_MAX, SharedCache

KEPT_SECONDS = 24 * 60 * 60
ENTRIES_MAX = 1_000
BYTES_MAX = 4 * 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class PersistedDocuments:
    """What each owner has sent, found by SHA-256; those of one owner are no other's.

    The last ones are at hand in the process; the rest is in the shared cache, and may be gone: clients send it again.
    """

    cache: SharedCache
    _recent: OrderedDict[tuple[str, str], bytes] = field(default_factory=OrderedDict)
    _recent_bytes: int = 0

    async def find(self, owner: str, sha256: str) -> str | None:
        """Return the text with this hash (64 lower-case hexadecimal digits), if the owner has sent it."""
        if not SHA256.fullmatch(sha256):
            return None
        kept = self._recent.get((owner, sha256))
        if kept is not None:
            self._recent.move_to_end((owner, sha256))
            return _text(kept)
        kept = await self.cache.get(owner, sha256)
        if kept is None or hashlib.sha256(kept).hexdigest() != sha256:
            return None
        self._remember(owner, sha256, kept)
        return _text(kept)

    async def keep(self, owner: str, sha256: str, text: str) -> None:
        """Keep a text for a day; one that is too long, or does not hash to `sha256`, is not kept."""
        document = text.encode("utf-8", "surrogatepass")
        if len(document) > VALUE_BYTES_MAX or hashlib.sha256(document).hexdigest() != sha256:
            return
        self._remember(owner, sha256, document)
        await self.cache.put(owner, sha256, document, ttl_seconds=KEPT_SECONDS)

    def _remember(self, owner: str, sha256: str, document: bytes) -> None:
        if (owner, sha256) in self._recent:
            return
        self._recent[owner, sha256] = document
        self._recent_bytes += len(document)
        while len(self._recent) > ENTRIES_MAX or self._recent_bytes > BYTES_MAX:
            _, forgotten = self._recent.popitem(last=False)
            self._recent_bytes -= len(forgotten)


def _text(document: bytes) -> str:
    return document.decode("utf-8", "surrogatepass")
