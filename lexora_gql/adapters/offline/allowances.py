"""What was used up, within one process."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from lexora_gql.adapters.token_buckets import Account
from lexora_gql.ports.allowances import Charge, Verdict


class InMemoryAllowances:
    """Allowances of a server that stands alone."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            clock: Tells seconds.
        """
        self._clock = clock
        self._accounts: defaultdict[str, Account] = defaultdict(Account)

    async def take(self, owner: str, charges: Sequence[Charge]) -> Verdict:
        """Take all the charges from the owner's buckets, or none."""
        return self._accounts[owner].take(charges, self._clock())

    async def aclose(self) -> None:
        """Forget everything."""
        self._accounts.clear()
