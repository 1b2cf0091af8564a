"""The bell that says there is work; the work itself is a row."""

from typing import Protocol


class JobQueue(Protocol):
    """Wakes workers."""

    async def ring(self) -> None:
        """Say that there is work. Never raises: a lost ring is made good by the reconciler."""
        ...

    async def depth(self) -> int | None:
        """Return how many rings wait to be heard; None while that cannot be known."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
