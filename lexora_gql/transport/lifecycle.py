"""How the server goes down: first it is not ready, then sockets are closed, and somebody waits for that."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lifecycle:
    """Shared by /ready, the sockets, and whoever runs the server; belongs to one event loop.

    Attributes:
        stopping: Set first: /ready turns 503, so that no new work is sent here.
        draining: Set once answers have ended: sockets close with a code that clients retry.
        open_sockets: How many WebSockets and streams are being served.
    """

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    open_sockets: int = 0
    _all_closed: asyncio.Event = field(default_factory=asyncio.Event)

    def socket_opened(self) -> None:
        """Count a socket."""
        self.open_sockets += 1
        self._all_closed.clear()

    def socket_closed(self) -> None:
        """Count a socket out."""
        self.open_sockets -= 1
        if self.open_sockets == 0:
            self._all_closed.set()

    async def drain(self, *, within_seconds: float = 5.0) -> bool:
        """Close every socket; return whether all were closed in time."""
        self.stopping.set()
        self.draining.set()
        if self.open_sockets == 0:
            return True
        try:
            await asyncio.wait_for(self._all_closed.wait(), within_seconds)
        except TimeoutError:
            return False
        return True
