"""What a file may cost to read, and how a child process is held to it."""

import ctypes
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

MEBIBYTE = 1024 * 1024
PAGES_MAX = 5_000
CHARACTERS_MAX = 20_000_000
HEADINGS_MAX = 100_000
BLOCKS_MAX = 100_000
TITLE_CHARACTERS_MAX = 300
OPEN_FILES_MAX = 64
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost.

    Attributes:
        cpu_seconds: Of the child, over all readers that it tries.
        memory_bytes: Address space of the child, its libraries included.
        wall_seconds: From the child's start to its last word.
    """

    cpu_seconds: int = 60
    memory_bytes: int = 768 * MEBIBYTE
    wall_seconds: float = 90.0


class BudgetSpent(BaseException):
    """A part of the work took longer than it was given. Not an Exception: parsers swallow those."""


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; exit when it has ended already.

    Args:
        parent: The process id that the parent had when this process was started.
    """
    if _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != parent:
        os._exit(1)


def confine(limits: Limits) -> None:
    """Bound what this process may use from now on: time, memory, open files; writing to disk is over."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES_MAX, OPEN_FILES_MAX)
    # The kernel sends SIGXCPU at the soft limit and SIGKILL at the hard one, which code in C cannot put off.
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 1)
    # Address space rather than data: shared anonymous mappings count as well, and nothing here reserves without using.
    _lower(resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes)


def _lower(kind: int, soft: int, hard: int) -> None:
    """Set a limit, but never above the one that is in force."""
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


@contextmanager
def cpu_budget(seconds: float) -> Iterator[None]:
    """Give a stretch of Python code its own share of CPU time.

    Raises:
        BudgetSpent: The share is used up. A long call into C is interrupted only when it returns.
    """

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise BudgetSpent

    before = signal.signal(signal.SIGPROF, ring)
    # It rings again and again: the first may be lost in a destructor, where Python ignores what is raised.
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.05)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
