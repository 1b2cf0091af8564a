"""Small values, kept for a while within one process."""

import time
from collections.abc import Callable

from lexora_gql.ports.shared_cache import VALUE_BYTES_MAX


class InMemorySharedCache:
    """A SharedCache whose outages are made by hand: see `go_away` and `come_back`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            clock: Tells seconds.
        """
        self._clock = clock
        self._entries: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._is_away = False

    def go_away(self) -> None:
        """Be as Redis is when it is killed: silent, and forgetful."""
        self._is_away = True
        self._entries.clear()

    def come_back(self) -> None:
        """Serve again."""
        self._is_away = False

    async def get(self, owner: str, key: str) -> bytes | None:
        """Return what was put, or None if it is gone."""
        value, ends_at = self._entries.get((owner, key), (None, 0.0))
        return value if self._clock() < ends_at else None

    async def put(self, owner: str, key: str, value: bytes, *, ttl_seconds: int) -> None:
        """Keep a value for some time."""
        if len(value) <= VALUE_BYTES_MAX and not self._is_away:
            self._entries[owner, key] = (value, self._clock() + ttl_seconds)

    async def aclose(self) -> None:
        """Forget everything."""
        self._entries.clear()
