"""Our own commands as child processes: migrate, serve, work."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from lexora_gql.embedded.child import Command

# Time to close what is open once the grace period is over.
CLOSING_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Program:
    """One `lexora` command.

    Attributes:
        name: Stands in front of each line of output.
        arguments: A module and what it is to do, such as ["lexora_gql", "serve"].
        environment: Added to our own.
        grace_seconds: How long it may take to finish what it is doing.
        ready_url: Answers 200 when it does its work; without one it does so as soon as it runs.
    """

    name: str
    arguments: list[str]
    environment: Mapping[str, str]
    grace_seconds: float
    ready_url: str | None = None

    @property
    def command(self) -> Command:
        """How it is run."""
        return Command(
            name=self.name,
            # -P: a file named like a library, in the folder where somebody typed `lexora up`, is not one.
            arguments=[sys.executable, "-P", "-m", *self.arguments],
            environment={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            folder=os.getcwd(),  # noqa: PTH109  # as text
            stop_seconds=self.grace_seconds + CLOSING_SECONDS,
        )

    async def prepare(self) -> None:
        """Nothing is needed before a start."""

    async def is_ready(self) -> bool:
        """Return whether it does its work."""
        if self.ready_url is None:
            return True
        # Proxies of the environment are for the world outside.
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            try:
                return (await client.get(self.ready_url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False
