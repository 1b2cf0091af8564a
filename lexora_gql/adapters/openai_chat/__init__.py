"""Answers from any server that speaks OpenAI's chat completions."""

from lexora_gql.adapters.openai_chat.chat import OpenAIChat

__all__ = ["OpenAIChat"]
