"""How a process takes memory from the system."""

import ctypes

M_ARENA_MAX = -8
HEAPS = 2


def share_heaps() -> None:
    """Have all threads of this process share two heaps, before the first of them starts.

    The C library of most Linux systems gives each of a score of threads a heap of its own and keeps what was freed in
    it: after ten collections had been indexed, 240 MiB lay idle in sixteen heaps. Elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, HEAPS)
