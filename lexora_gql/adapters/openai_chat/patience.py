"""How long a model is waited for."""

import asyncio
from dataclasses import dataclass

from lexora_gql.adapters.openai_chat.completion import Completion

LINGER_SECONDS = 2.0
"""How long usage is waited for once the model has finished."""

CLOSING_SECONDS = 0.1
"""How long the end of the body is waited for, so that the connection can be used again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds, and how often to try again before the first text.

    Attributes:
        first_seconds: From the request to the first that the model writes or thinks.
        next_seconds: From there on to the next.
        thinking_seconds: From the request to the first that it writes, however much it thinks.
        retry_after_seconds_max: A provider that asks for a longer wait than that is not waited for.
    """

    connect_seconds: float = 5.0
    first_seconds: float = 60.0
    next_seconds: float = 30.0
    thinking_seconds: float = 600.0
    retries: int = 2
    backoff_seconds: float = 0.5
    retry_after_seconds_max: float = 10.0


class Watch:
    """Until when the next sign of life has to come.

    What a provider sends without one changes nothing: neither comments nor empty events keep an answer waiting.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._steps = 0
        self.allowed_seconds = patience.first_seconds
        self.deadline = self._started + self.allowed_seconds

    def look(self, completion: Completion, *, has_text: bool) -> None:
        """Take note of what the model has done."""
        if completion.steps == self._steps:
            return
        self._steps = completion.steps
        if completion.is_done:
            self.allowed_seconds = CLOSING_SECONDS
        else:
            self.allowed_seconds = LINGER_SECONDS if completion.has_ended else self._patience.next_seconds
        self.deadline = self._loop.time() + self.allowed_seconds
        latest = self._started + self._patience.thinking_seconds
        if not has_text and latest < self.deadline:
            self.allowed_seconds, self.deadline = self._patience.thinking_seconds, latest
