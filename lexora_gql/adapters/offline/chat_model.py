"""A model that says what it is told to say."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Sequence

from lexora_gql.ports.chat_model import ChatModelError, ChatRequest, TextPiece, Usage

Step = str | asyncio.Event | ChatModelError
"""Text to send, an event to wait for, or the failure that ends the answer."""


class ScriptedChatModel:
    """A ChatModel that plays scripts; without one it says the first sentence of source 1, and its marker.

    Attributes:
        requests: All that it was asked, in order.
        closed: How many answers were given up by the reader before their end.
    """

    def __init__(self, models: Sequence[str] = ("scripted",), *, is_extractive: bool = False) -> None:
        self.models = tuple(models)
        self.is_extractive = is_extractive
        self.requests: list[ChatRequest] = []
        self.closed = 0
        self._scripts: deque[Sequence[Step]] = deque()

    def script(self, *steps: Step) -> None:
        """Say what the next answer that has no script yet is made of."""
        self._scripts.append(steps)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        """Play a script, then tell the usage: a token a word, and a token a piece.

        Raises:
            ChatModelError: Where the script says so.
        """
        self.requests.append(request)
        steps = self._scripts.popleft() if self._scripts else _answer(request)
        try:
            for step in steps:
                match step:
                    case str():
                        if step:
                            yield TextPiece(step)
                    case asyncio.Event():
                        await step.wait()
                    case ChatModelError():
                        raise step
        except (GeneratorExit, asyncio.CancelledError):
            self.closed += 1
            raise
        prompt_tokens = sum(len(message.content.split()) for message in request.messages)
        yield Usage(prompt_tokens, sum(isinstance(step, str) for step in steps))


def _answer(request: ChatRequest) -> Sequence[Step]:
    if not request.sources:
        return ["The sources ", "do not say."]
    source = request.sources[0]
    sentence = re.split(r"(?<=[.!?。！？])\s*|\n", source.text.strip(), maxsplit=1)[0]
    return [*re.findall(r"\S+\s*", sentence), f" [{source.marker}]"]
