"""Reading a streamed completion: bytes to events, events to text.

The SDK would make an object of some forty fields of each event, which costs more than all that Lexora does with it; and
the HTTP client's own line splitting also splits at characters such as U+2028 that may stand inside JSON.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from lexora_gql.adapters.openai_chat import failures
from lexora_gql.ports.chat_model import Usage

EVENT_BYTES_MAX = 1024 * 1024

TOKENS_MAX = 100_000_000

DONE = b"[DONE]"

_SIGNS_OF_LIFE = ("content", "reasoning_content", "reasoning", "refusal")


async def server_sent_data(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[bytes], None]:
    """Yield the data of the server-sent events that came together; comments and other fields are left out.

    Raises:
        ProviderFailure: An event is longer than a mebibyte.
    """
    rest = b""
    data: list[bytes] = []
    async for chunk in chunks:
        events: list[bytes] = []
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) + sum(map(len, data)) > EVENT_BYTES_MAX:
            raise failures.unavailable("The model's provider sent something that is no answer.", may_repeat=False)
        for raw in lines:
            line = raw.rstrip(b"\r")
            if line.startswith(b"data:"):
                data.append(line[5:].lstrip(b" "))
            elif not line:
                if any(data):
                    events.append(b"\n".join(data))
                data.clear()
        if events:
            yield events
    if rest.startswith(b"data:"):
        data.append(rest[5:].strip())
    if any(data):
        yield [b"\n".join(data)]


class Completion:
    """What is known of one completion so far.

    Attributes:
        finish_reason: As the model gave it; None before.
        is_done: The provider has said that nothing follows.
        usage: Once the provider has told.
        has_refused: The model answered with a refusal.
        steps: Grows with whatever the model does: it writes, thinks, or ends. Events without any of it are no sign
            of life.
    """

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.is_done = False
        self.usage: Usage | None = None
        self.has_refused = False
        self.steps = 0
        # The first half of a character that was cut in two.
        self._half = ""

    @property
    def has_ended(self) -> bool:
        """Whether the model has said all it had to say; only usage may follow."""
        return self.is_done or self.finish_reason is not None

    def read(self, data: bytes) -> str:
        """Take in an event, or a whole completion in JSON, and return the text that it adds.

        Reasoning and calls of tools are left out, as is what no text may hold: NUL and lone surrogates.

        Raises:
            ProviderFailure: It is an error, or no event at all.
        """
        if data.startswith(DONE):
            self.steps += not self.is_done
            self.is_done = True
            return ""
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise failures.unavailable("The model's provider sent something that is no answer.")
        if event.get("error"):
            raise failures.of_event(event["error"])
        self._read_usage(event.get("usage"))
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return ""
        return self._read_choice(choices[0])

    def _read_choice(self, choice: dict[str, Any]) -> str:
        if isinstance(reason := choice.get("finish_reason"), str):
            self.steps += self.finish_reason is None
            self.finish_reason = reason
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, dict):
            return ""
        self.has_refused = self.has_refused or bool(delta.get("refusal"))
        self.steps += any(map(delta.get, _SIGNS_OF_LIFE))
        content = delta.get("content")
        if isinstance(content, list):
            # Some providers part an answer into reasoning and text.
            texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
            content = "".join(text for text in texts if isinstance(text, str))
        return self._clean(content) if isinstance(content, str) else ""

    def _clean(self, text: str) -> str:
        text = (self._half + text).replace("\x00", "")
        self._half = ""
        try:
            text.encode()
        except UnicodeEncodeError:
            if "\ud800" <= text[-1] <= "\udbff":
                text, self._half = text[:-1], text[-1]
            # Halves that came in two events are one character again; those without their other half go.
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        return text

    def _read_usage(self, usage: object) -> None:
        if isinstance(usage, dict):
            counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
            match counts:
                # What nobody can have read is no count; it would be charged to somebody.
                case (int() as prompt, int() as completion) if all(0 <= count <= TOKENS_MAX for count in counts):
                    self.usage = Usage(prompt, completion)
                case _:
                    pass
