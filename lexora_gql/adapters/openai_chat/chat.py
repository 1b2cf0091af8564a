"""Streaming answers through the OpenAI SDK."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any

import httpx2
from aiohttp import ClientError
from openai import (
    APIConnectionError,
    APIStatusError,
    AsyncAPIResponse,
    AsyncOpenAI,
    DefaultAioHttpClient,
    Timeout,
)
from pydantic import SecretStr

from lexora_gql.adapters.openai_chat import failures
from lexora_gql.adapters.openai_chat.completion import Completion, server_sent_data
from lexora_gql.adapters.openai_chat.dialect import Dialect
from lexora_gql.adapters.openai_chat.patience import Patience, Watch
from lexora_gql.adapters.openai_chat.thinking import Thinking
from lexora_gql.ports.chat_model import ChatRequest, TextPiece, Usage

OPENAI_URL = "https://api.openai.com/v1"

NO_KEY = "none"
"""Sent to servers that want no key: the SDK refuses to send nothing."""

CHARACTERS_PER_TOKEN_MAX = 32
"""No answer of ordinary text has as many on average; a provider that does not keep to `max_tokens` might never end."""


class _AskedWrongly(Exception):
    """The server refused a parameter; the same question may be asked without it."""


class OpenAIChat:
    """A ChatModel for OpenAI, Azure, Ollama, vLLM, LM Studio and others that speak its API."""

    is_extractive = False

    def __init__(
        self,
        models: Sequence[str],
        *,
        api_key: SecretStr | None = None,
        base_url: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Prepare; nothing is connected before the first question.

        Args:
            models: Names that may be asked, the default first.
            api_key: May be left out for servers that want none.
            base_url: OpenAI's own when not given.
            patience: Time limits.
        """
        self.models = tuple(models)
        self._patience = patience or Patience()
        self._dialects: defaultdict[str, Dialect] = defaultdict(Dialect)
        connect = self._patience.connect_seconds
        # Between bytes there is no limit here: a server that only sends comments must not pass for one that writes.
        timeout = Timeout(connect=connect, write=connect, pool=connect, read=None)
        self._client = AsyncOpenAI(
            api_key=api_key.get_secret_value() if api_key else NO_KEY,
            base_url=base_url or OPENAI_URL,
            timeout=timeout,
            max_retries=0,
            # Reads a token in half the time that the SDK's own client takes, and in one piece what has come meanwhile.
            http_client=DefaultAioHttpClient(timeout=timeout),
        )

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        """Yield the answer as it comes; see the port. A text cut off by `max_tokens` counts as complete.

        Raises:
            ChatModelError: Before or in the middle of the text. A stream that ends without its end is one.
        """
        retries = 0
        while True:
            has_begun = False
            try:
                async with aclosing(self._attempt(request)) as parts:
                    async for part in parts:
                        has_begun = True
                        yield part
            except _AskedWrongly:
                # Each refusal teaches something once, so this ends.
                continue
            except failures.ProviderFailure as failure:
                pause = self._pause_seconds(failure, retries)
                if has_begun or pause is None:
                    raise
            else:
                return
            retries += 1
            await asyncio.sleep(pause)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _pause_seconds(self, failure: failures.ProviderFailure, retries: int) -> float | None:
        limits = self._patience
        asked = failure.retry_after_seconds or 0.0
        if not failure.may_repeat or retries >= limits.retries or asked > limits.retry_after_seconds_max:
            return None
        return max(asked, limits.backoff_seconds * 2.0**retries * random.uniform(0.75, 1.25))

    async def _attempt(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        completion, thinking, characters = Completion(), Thinking(), 0
        try:
            async with aclosing(self._data(request, completion, lambda: characters > 0)) as together:
                async for events in together:
                    text, failure = _read(events, completion, thinking)
                    allowed = request.max_tokens * CHARACTERS_PER_TOKEN_MAX - characters
                    if text:
                        characters += len(text)
                        yield TextPiece(text[:allowed])
                    if len(text) > allowed:
                        raise _endless()
                    if failure:
                        raise failure
            if text := thinking.finish():
                characters += len(text)
                yield TextPiece(text)
        except APIStatusError as refusal:
            if self._dialects[request.model].learn(refusal):
                raise _AskedWrongly from None
            raise failures.of_status(refusal) from None
        except APIConnectionError as error:
            raise failures.of_connection(error) from None
        except (httpx2.HTTPError, ClientError):
            # The SDK lets some of aiohttp's through as they are, with the headers of the request, and so the key.
            raise failures.unavailable("The connection to the model's provider broke.") from None
        _require_end(completion, has_text=characters > 0)
        if completion.usage:
            yield completion.usage

    async def _data(
        self, request: ChatRequest, completion: Completion, has_text: Callable[[], bool]
    ) -> AsyncGenerator[list[bytes], None]:
        watch = Watch(self._patience)
        body = self._dialects[request.model].body(request)
        asked = self._client.chat.completions.with_streaming_response.create(**body)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(watch.deadline):
                    response = await stack.enter_async_context(asked)
                events = await stack.enter_async_context(aclosing(_events(response)))
                while True:
                    async with asyncio.timeout_at(watch.deadline):
                        together = await anext(events, None)
                    if together is None:
                        return
                    yield together
                    watch.look(completion, has_text=has_text())
            except TimeoutError:
                if not completion.has_ended:
                    raise failures.timed_out(watch.allowed_seconds) from None


async def _events(response: AsyncAPIResponse[Any]) -> AsyncGenerator[list[bytes], None]:
    if response.headers.get("content-type", "").startswith("application/json"):
        # A server that cannot stream answers in one piece.
        yield [await response.read()]
        return
    async with aclosing(server_sent_data(response.iter_bytes())) as together:
        async for events in together:
            yield events


def _read(
    events: Sequence[bytes], completion: Completion, thinking: Thinking
) -> tuple[str, failures.ProviderFailure | None]:
    """Return the text of events that came together, and what ended it: text before an error is kept."""
    texts = []
    for data in events:
        try:
            texts.append(thinking.read(completion.read(data)))
        except failures.ProviderFailure as failure:
            return "".join(texts), failure
    return "".join(texts), None


def _endless() -> failures.ProviderFailure:
    return failures.unavailable("The model's provider goes on beyond the longest answer that was asked for.")


def _require_end(completion: Completion, *, has_text: bool) -> None:
    if completion.finish_reason == "content_filter":
        raise failures.rejected("The model's provider has filtered the answer.")
    if not completion.has_ended:
        raise failures.unavailable("The model's provider broke off in the middle of the answer.")
    if completion.has_refused and not has_text:
        raise failures.rejected("The model refuses to answer this.")
    if not has_text:
        raise failures.unavailable("The model finished without a word.", may_repeat=False)
