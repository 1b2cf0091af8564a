"""What an answer is based on, and how it ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from lexora_gql.conversations.models import AnswerFailureCode, AnswerMode, MessageStatus
from lexora_gql.conversations.prompts.prompting import estimated_usage
from lexora_gql.conversations.shown import ShownText
from lexora_gql.conversations.writers import Writer
from lexora_gql.errors import DomainError, Unavailable
from lexora_gql.ports.chat_model import ChatMessage, ChatModelError, Usage
from lexora_gql.retrieval.service import Found, Hit


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer is based on: hits in the order of their markers, from 1 on."""

    query: str
    found: Found
    hits: Sequence[Hit]


@dataclass(slots=True)
class Draft:
    """What an answer's citations are made from, and what it costs, also of one that is broken off.

    Attributes:
        shown: The text so far, and the markers in it.
        prompt: What the model was asked.
        writer: Who has begun to write; None before the first text.
        told: Tokens, as the provider counts them.
        aside: Tokens of making the question standalone.
    """

    hits: Sequence[Hit] = ()
    shown: ShownText | None = None
    prompt: Sequence[ChatMessage] = ()
    writer: Writer | None = None
    told: Usage | None = None
    aside: Usage | None = None

    def usage(self, text: str) -> Usage | None:
        """Return what the answer cost: as the provider tells, and estimated where it tells nothing.

        Providers tell at the end, so answers that were stopped or broken off are estimated, and so are those of servers
        that never tell: by `estimate_tokens` over the prompt and the text, which rather gives too many than too few. A
        model that failed before its first word costs nothing, nor does a quotation.
        """
        own = self.told
        if own is None and self.writer is not None and not self.writer.model.is_extractive:
            own = estimated_usage(self.prompt, text)
        return total_usage(own, self.aside)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the writing of an answer ended."""

    status: MessageStatus
    mode: AnswerMode | None = None
    failure: tuple[AnswerFailureCode, str, bool] | None = None


def total_usage(*parts: Usage | None) -> Usage | None:
    """Return the sum of what is known; None where nothing is."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return Usage(sum(part.prompt_tokens for part in known), sum(part.completion_tokens for part in known))


def failed_outcome(error: BaseException) -> Outcome:
    """Return the end of an answer that an error broke off."""
    match error:
        case ChatModelError():
            failure = (AnswerFailureCode(error.code), error.message, error.is_retryable)
        case Unavailable():
            failure = (AnswerFailureCode.MODEL_UNAVAILABLE, error.message, True)
        case DomainError():
            failure = (AnswerFailureCode.INTERNAL, error.message, False)
        case _:
            message = "Something unexpected went wrong on the server; its log says what. Ask again."
            failure = (AnswerFailureCode.INTERNAL, message, True)
    return Outcome(MessageStatus.FAILED, failure=failure)
