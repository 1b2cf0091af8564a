"""How a process takes memory from the system, and looks for what can be given back."""

import ctypes
import gc

M_ARENA_MAX = -8
HEAPS = 2
YOUNG_OBJECTS = 10_000


def share_heaps() -> None:
    """Have all threads of this process share two heaps, before the first of them starts.

    The C library of most Linux systems gives each of a score of threads a heap of its own and keeps what was freed in
    it: after ten collections had been indexed, 240 MiB lay idle in sixteen heaps. Elsewhere nothing changes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, HEAPS)


def keep_what_is_here() -> None:
    """Have the collector leave out what lives by now: modules, the schema, services, which stay until the end.

    They are some 300,000 objects. Whoever made a hundred thousand more, as an index does that is read from PostgreSQL,
    had the collector look through all of them, and everything stood still for 200 ms.
    """
    gc.collect()
    gc.freeze()
    # Young objects are looked through after so many, not after 700: most of them are gone by then by themselves, and
    # to look took a twentieth of the time of a server that is busy.
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)
