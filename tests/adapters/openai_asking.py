"""Asking a model, and taking down what comes."""

from lexora_gql.adapters.openai_chat import OpenAIChat
from lexora_gql.ports.chat_model import ChatMessage, ChatModelError, ChatRequest, TextPiece, Usage


def request(content: str = "Question?", model: str = "test-model") -> ChatRequest:
    return ChatRequest(model, [ChatMessage("user", content)], content, (), max_tokens=77, temperature=0.25)


async def answer(
    model: OpenAIChat, asked: ChatRequest | None = None
) -> tuple[str, Usage | None, ChatModelError | None]:
    """Return the text that came, the usage, and the failure that ended it."""
    text, usage = "", None
    try:
        async for part in model.stream(asked or request()):
            if isinstance(part, TextPiece):
                text += part.text
            else:
                usage = part
    except ChatModelError as failure:
        return text, usage, failure
    return text, usage, None
