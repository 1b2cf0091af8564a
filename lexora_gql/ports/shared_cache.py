"""Small values that servers share for a while; any of them may be gone at any time."""

from typing import Protocol

VALUE_BYTES_MAX = 128 * 1024


class SharedCache(Protocol):
    """Nothing that is found under one owner was put under another."""

    async def get(self, owner: str, key: str) -> bytes | None:
        """Return what was put, or None if it is gone or cannot be had. Never raises."""
        ...

    async def put(self, owner: str, key: str, value: bytes, *, ttl_seconds: int) -> None:
        """Keep a value for some time, if it can be kept; above VALUE_BYTES_MAX it is not. Never raises."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
