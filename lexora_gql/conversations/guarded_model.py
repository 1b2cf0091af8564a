"""A model that is left alone while it is down, and counted."""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from lexora_gql.breaker import Attempt, Breaker, Resting, State
from lexora_gql.ports.chat_model import ChatModel, ChatModelError, ChatRequest, TextPiece, Usage
from lexora_gql.telemetry.metrics import Metrics

FAILURES_MAX = 3
PAUSE_SECONDS = 15.0
SAID_SECONDS = 600.0
"""For so long the same failure is not logged again: an outage has as many of them as there are answers."""
SAID_MAX = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class GuardedModel:
    """A ChatModel with a breaker for each of its models: in an outage few wait to find out what others know.

    Only what says that a model is down counts. A request that was refused shows that somebody is there.

    Attributes:
        endpoint: What metrics and log call it, such as "main"; addresses stay out of them.
    """

    model: ChatModel
    endpoint: str
    metrics: Metrics
    clock: Callable[[], float] = time.monotonic
    _breakers: dict[str, Breaker] = field(default_factory=dict, repr=False)
    _said: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in self.model.models:
            self._breaker(name)

    @property
    def models(self) -> Sequence[str]:
        """See the port."""
        return self.model.models

    @property
    def is_extractive(self) -> bool:
        """See the port."""
        return self.model.is_extractive

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextPiece | Usage, None]:
        """Yield the answer as it comes; see the port.

        Raises:
            ChatModelError: Also where the model is not asked, since it has failed just now.
        """
        has_text = False
        with self._attempt(request.model) as attempt:
            try:
                async with aclosing(self.model.stream(request)) as parts:
                    async for part in parts:
                        if isinstance(part, Usage):
                            self._count_tokens(request.model, part)
                        elif not has_text:
                            has_text = True
                            attempt.succeeded()
                        yield part
            except ChatModelError as error:
                if has_text or not error.is_down:
                    attempt.succeeded()
                else:
                    attempt.failed(error.retry_after_seconds)
                self.metrics.llm_requests_total.labels(model=request.model, outcome=error.code).inc()
                self._say(request.model, error)
                raise
            attempt.succeeded()
            self.metrics.llm_requests_total.labels(model=request.model, outcome="ok").inc()

    def _attempt(self, model: str) -> Attempt:
        try:
            return self._breaker(model).attempt()
        except Resting:
            self.metrics.llm_circuit_rejections_total.labels(endpoint=self.endpoint, model=model).inc()
            message = "The model does not answer at the moment; it is tried again within seconds."
            raise ChatModelError("MODEL_UNAVAILABLE", message, is_retryable=True) from None

    def _breaker(self, model: str) -> Breaker:
        """Return a model's breaker; only those that the settings name are ever asked for."""
        found = self._breakers.get(model)
        if found is None:
            found = Breaker(FAILURES_MAX, PAUSE_SECONDS, clock=self.clock, told=self._teller(model))
            self._breakers[model] = found
        return found

    def _count_tokens(self, model: str, usage: Usage) -> None:
        tokens = self.metrics.llm_token_usage_total
        tokens.labels(model=model, kind="prompt").inc(usage.prompt_tokens)
        tokens.labels(model=model, kind="completion").inc(usage.completion_tokens)

    def _say(self, model: str, error: ChatModelError) -> None:
        """Log what somebody may have to do something about, once: a key that was withdrawn, a quota that is used up."""
        key, now = (model, error.message), self.clock()
        if now - self._said.get(key, -SAID_SECONDS) < SAID_SECONDS:
            return
        if len(self._said) >= SAID_MAX:
            self._said.clear()
        self._said[key] = now
        log.error("model_failed", endpoint=self.endpoint, model=model, code=error.code, reason=error.message)

    def _teller(self, model: str) -> Callable[[State], None]:
        gauge = self.metrics.llm_circuit_open.labels(endpoint=self.endpoint, model=model)
        # Seen as closed from the start, not first once it has been open.
        gauge.set(0)

        def tell(state: State) -> None:
            gauge.set(state == "open")
            log.warning("model_circuit_changed", endpoint=self.endpoint, model=model, state=state)

        return tell
