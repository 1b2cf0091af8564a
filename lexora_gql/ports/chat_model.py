"""Models that write answers."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class PromptSource:
    """A numbered source: what marker `[marker]` stands for.

    Attributes:
        marker: 1 for the first.
        text: The passage as stored.
        title: Of its document.
        likeness: Cosine of passage and question, None where only the wording matched.
    """

    marker: int
    text: str
    title: str
    likeness: float | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a model is asked: the prompt as messages, and as parts for models that read no prompt.

    Attributes:
        model: One of the adapter's `models`.
        messages: The rendered prompt.
        question: Standalone.
        sources: As numbered in the prompt.
        max_tokens: Of the completion.
        temperature: 0 to 2.
    """

    model: str
    messages: Sequence[ChatMessage]
    question: str
    sources: Sequence[PromptSource]
    max_tokens: int
    temperature: float


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Text as the model sends it, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in and out, as the provider counts them; sent once, last."""

    prompt_tokens: int
    completion_tokens: int


class ChatModelError(Exception):
    """The model gave no answer.

    Attributes:
        code: MODEL_UNAVAILABLE, MODEL_REJECTED, CONTEXT_TOO_LONG or TIMEOUT.
        is_retryable: Whether asking again may help.
        retry_after_seconds: How long the provider asks to be left alone.
    """

    def __init__(
        self, code: str, message: str, *, is_retryable: bool, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_retryable = is_retryable
        self.retry_after_seconds = retry_after_seconds

    @property
    def is_down(self) -> bool:
        """Whether the model gives no answer to anybody now; otherwise it is about what was asked, or the settings."""
        return self.code in {"MODEL_UNAVAILABLE", "TIMEOUT"}


class ChatModel(Protocol):
    """Writes answers piece by piece."""

    @property
    def models(self) -> Sequence[str]:
        """Names that a request may give, the default first."""
        ...

    @property
    def is_extractive(self) -> bool:
        """Whether it only quotes its sources."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        """Yield the answer as it comes, and usage last where the provider tells.

        Closing the iterator closes the provider's stream.

        Raises:
            ChatModelError: Before or in the middle of the text.
        """
        ...
