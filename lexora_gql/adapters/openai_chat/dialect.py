"""What a model's server understands of a request; learned from its refusals."""

from dataclasses import dataclass
from typing import Any

from openai import APIStatusError

from lexora_gql.ports.chat_model import ChatRequest


@dataclass(slots=True)
class Dialect:
    """Which parameters a model takes: OpenAI's newer models refuse older names, and other servers newer ones."""

    asks_for_usage: bool = True
    tokens_parameter: str = "max_tokens"
    sends_temperature: bool = True

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Return the request as this model takes it."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
            self.tokens_parameter: request.max_tokens,
        }
        if self.sends_temperature:
            body["temperature"] = request.temperature
        if self.asks_for_usage:
            body["stream_options"] = {"include_usage": True}
        return body

    def learn(self, refusal: APIStatusError) -> bool:
        """Leave out or rename what was refused; return whether asking again makes sense."""
        if refusal.status_code not in {400, 422}:
            return False
        told = f"{refusal.param} {refusal.message}"
        if self.asks_for_usage and "stream_options" in told:
            self.asks_for_usage = False
        elif self.tokens_parameter == "max_tokens" and "max_completion_tokens" in told:
            self.tokens_parameter = "max_completion_tokens"
        elif self.sends_temperature and "temperature" in told:
            self.sends_temperature = False
        else:
            return False
        return True
