"""Hashing and checking passwords with Argon2id, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from lexora_gql.accounts.password_rules import PASSWORD_CHARACTERS_MAX, normalise_password
from lexora_gql.errors import Unavailable

# OWASP's first choice for Argon2id: 19 MiB, two passes, one lane; about 30 ms of one core.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
THREADS = 2
# Four seconds of work for two threads; who comes later is told so instead of being kept waiting.
WAITING_MAX = 256
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a password compares with a hash.

    Attributes:
        is_right: It is the password.
        new_hash: To be stored in place of the old one, which was made with other parameters.
    """

    is_right: bool
    new_hash: str | None = None


class Passwords:
    """Two threads that hash: Argon2 releases the GIL, and each holds 19 MiB while it works."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        # Made with the same parameters, so that refusing an unknown address takes as long as refusing a known one.
        self._dummy_hash = hasher.hash(b"")
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="argon2")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a password that was found acceptable.

        Raises:
            Unavailable: Too many are waiting.
        """
        return await self._run(lambda: self._hasher.hash(normalise_password(password)))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Compare a password with a stored hash; without one, take as long and say no.

        Raises:
            Unavailable: Too many are waiting.
        """
        return await self._run(lambda: self._verdict(stored, password))

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verdict(self, stored: str | None, password: str) -> Verdict:
        # No such password was ever accepted; it is not worth normalising, but it takes its time all the same.
        is_possible = len(password) <= PASSWORD_CHARACTERS_MAX
        typed = normalise_password(password) if is_possible else ""
        is_right = _matches(self._hasher, stored or self._dummy_hash, typed) and stored is not None and is_possible
        if is_right and stored is not None and self._hasher.check_needs_rehash(stored):
            return Verdict(is_right=True, new_hash=self._hasher.hash(typed))
        return Verdict(is_right)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING_MAX:
            raise Unavailable("Too many are signing in at this moment; try again.", retry_after_seconds=5.0)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def _matches(hasher: PasswordHasher, stored: str, password: str) -> bool:
    try:
        # A lone surrogate, which no stored password holds, has no UTF-8 of its own.
        return hasher.verify(stored, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
