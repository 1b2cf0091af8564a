"""What threads freed is there for all of them."""

import subprocess
import sys
from pathlib import Path

# Each thread, in its turn, takes 14 MiB in pieces, uses and frees them, but for a small one at the end.
GROWTH = """
import ctypes, resource, sys, threading
from lexora_gql.assembly.memory import share_heaps

if sys.argv[1] == "shared":
    share_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
turn, over, ready = threading.Lock(), threading.Event(), threading.Barrier(17)

def work():
    with turn:
        pieces = [libc.malloc(100_000) for _ in range(140)]
        for piece in pieces:
            ctypes.memset(piece, 1, 100_000)
        libc.malloc(100)
        for piece in pieces:
            libc.free(piece)
    ready.wait()
    over.wait()

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() >> 20

before = resident()
for _ in range(16):
    threading.Thread(target=work).start()
ready.wait()
print(resident() - before)
over.set()
"""


def growth(how: str) -> int:
    """Return by how many MiB a process has grown after sixteen threads have used and freed 14 each."""
    given = [sys.executable, "-c", GROWTH, how]
    return int(subprocess.run(given, capture_output=True, check=True, cwd=Path.cwd(), timeout=60).stdout)


def test_a_score_of_threads_keeps_no_more_than_two() -> None:
    # The second is the control: of a C library that gives each thread a heap, as most Linux systems have.
    assert growth("shared") < 60
    assert growth("apart") > 100


LOOKED_AT = """
import gc, weakref
import lexora_gql.assembly.server
from lexora_gql.assembly.memory import keep_what_is_here

class Ring: pass

before = len(gc.get_objects())
keep_what_is_here()
after = len(gc.get_objects())
ring = Ring()
ring.itself, seen = ring, weakref.ref(ring)
del ring
gc.collect()
print(before, after, seen() is None)
"""


def test_what_stays_for_good_is_not_looked_through_for_what_is_left() -> None:
    given = [sys.executable, "-c", LOOKED_AT]
    printed = subprocess.run(given, capture_output=True, check=True, cwd=Path.cwd(), timeout=60).stdout.split()

    before, after = map(int, printed[:2])
    assert before > 100_000
    assert after < 1_000
    assert printed[2] == b"True"
