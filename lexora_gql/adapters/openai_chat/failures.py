"""What went wrong at the provider, in our words.

A provider's own words are never passed on: they may repeat the prompt, or parts of the key. Its short codes are.
"""

import re
from collections.abc import Mapping
from typing import Any

from openai import APIConnectionError, APIStatusError, APITimeoutError

from lexora_gql.adapters.retry_after import retry_after_seconds
from lexora_gql.ports.chat_model import ChatModelError

_TOO_LONG = re.compile(
    r"context_length_exceeded|exceed_context_size|maximum context length|context (window|length|size)"
    r"|prompt is too long|input is too long|too many (input )?tokens",
    re.IGNORECASE,
)
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,59}", re.IGNORECASE)


class ProviderFailure(ChatModelError):
    """A failure, and what it says about asking again at once.

    Attributes:
        may_repeat: Whether the same request may succeed in a moment.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_retryable: bool,
        may_repeat: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(code, message, is_retryable=is_retryable, retry_after_seconds=retry_after_seconds)
        self.may_repeat = may_repeat


def unavailable(message: str, *, may_repeat: bool = True, retry_after_seconds: float | None = None) -> ProviderFailure:
    """Return a failure that may be over soon."""
    return ProviderFailure(
        "MODEL_UNAVAILABLE",
        message,
        is_retryable=True,
        may_repeat=may_repeat,
        retry_after_seconds=retry_after_seconds,
    )


def rejected(message: str) -> ProviderFailure:
    """Return a failure that stays as long as the request and the settings do."""
    return ProviderFailure("MODEL_REJECTED", message, is_retryable=False)


def too_long() -> ProviderFailure:
    """Return that question, conversation and sources together exceed what the model reads."""
    message = "The question with its conversation and sources is longer than the model can read."
    return ProviderFailure("CONTEXT_TOO_LONG", message, is_retryable=False)


def timed_out(seconds: float) -> ProviderFailure:
    """Return that nothing came for so long."""
    return ProviderFailure("TIMEOUT", f"The model wrote nothing for {seconds:g} seconds.", is_retryable=True)


def of_connection(error: APIConnectionError) -> ProviderFailure:
    """Return that no connection could be had, or that it broke.

    Who was waited for in vain is not tried again: it would only be waited for again.
    """
    return unavailable("The model's provider cannot be reached.", may_repeat=not isinstance(error, APITimeoutError))


def of_status(error: APIStatusError) -> ProviderFailure:
    """Return what an HTTP status other than 200 means."""
    code = _known_code(error.code) or _known_code(error.type)
    return _of(error.status_code, code, error.message, error.response.headers)


def of_event(error: object) -> ProviderFailure:
    """Return what an error in the middle of a stream means."""
    if not isinstance(error, dict):
        return unavailable("The model's provider broke off with an error.")
    details: dict[str, Any] = error
    code = _known_code(details.get("code")) or _known_code(details.get("type"))
    status = details.get("code") if isinstance(details.get("code"), int) else details.get("status")
    return _of(status if isinstance(status, int) else 500, code, str(details.get("message")), {})


def _of(status: int, code: str | None, told: str, headers: Mapping[str, str]) -> ProviderFailure:
    named = f"{status}, {code}" if code else f"{status}"
    if (
        code == "context_length_exceeded"
        or status == 413
        or (status in {400, 422, 500} and _TOO_LONG.search(f"{code} {told}"))
    ):
        return too_long()
    if code == "insufficient_quota":
        return unavailable(f"The model's provider has no quota left for this server ({named}).", may_repeat=False)
    if status in {408, 409, 429} or status >= 500:
        wait = retry_after_seconds(headers)
        return unavailable(f"The model's provider is busy or failing ({named}).", retry_after_seconds=wait)
    return rejected(f"The model's provider rejects the request ({named}).")


def _known_code(code: object) -> str | None:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
