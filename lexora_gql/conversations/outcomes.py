"""What an answer is based on, and how it ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from lexora_gql.conversations.models import AnswerFailureCode, AnswerMode, MessageStatus
from lexora_gql.conversations.shown import ShownText
from lexora_gql.errors import DomainError, Unavailable
from lexora_gql.ports.chat_model import ChatModelError, Usage
from lexora_gql.retrieval.service import Found, Hit


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer is based on: hits in the order of their markers, from 1 on."""

    query: str
    found: Found
    hits: Sequence[Hit]


@dataclass(slots=True)
class Draft:
    """What an answer's citations are made from, also of one that is broken off.

    Attributes:
        shown: The text so far, and the markers in it.
    """

    hits: Sequence[Hit] = ()
    shown: ShownText | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the writing of an answer ended."""

    status: MessageStatus
    mode: AnswerMode | None = None
    usage: Usage | None = None
    failure: tuple[AnswerFailureCode, str, bool] | None = None


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
