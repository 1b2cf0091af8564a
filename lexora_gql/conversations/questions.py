"""What is searched for: the question as it would be asked without the conversation before it."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from lexora_gql.conversations.prompts.prompting import Turn, estimated_usage
from lexora_gql.conversations.prompts.standalone import needs_context, parse_rewrite, rewrite_prompt, standalone_by_rule
from lexora_gql.ports.chat_model import ChatModel, ChatModelError, ChatRequest, TextPiece, Usage
from lexora_gql.retrieval.service import QUERY_CHARACTERS_MAX

REWRITE_TOKENS = 120
REWRITE_SECONDS = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Query:
    """What to search for, 1 to 2,000 characters, and what it cost to find the words."""

    text: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Standalone:
    """Makes follow-up questions standalone: by the model, or by a rule where there is none or it fails."""

    model: ChatModel

    async def query(self, question: str, history: Sequence[Turn], *, model: str) -> Query:
        """Return what to search for."""
        if not needs_context(question, history):
            return Query(question[:QUERY_CHARACTERS_MAX])
        previous = [turn.question for turn in history]
        by_rule = standalone_by_rule(question, previous)
        if self.model.is_extractive:
            return Query(by_rule[:QUERY_CHARACTERS_MAX])
        request = ChatRequest(
            model=model,
            messages=rewrite_prompt(question, history),
            question=question,
            sources=(),
            max_tokens=REWRITE_TOKENS,
            temperature=0.0,
        )
        try:
            async with asyncio.timeout(REWRITE_SECONDS):
                written, usage = await self._written(request)
        except (ChatModelError, TimeoutError) as error:
            # The answer itself will say so if the model is away; a search is possible without it.
            log.warning("rewrite_failed", reason=type(error).__name__)
            return Query(by_rule[:QUERY_CHARACTERS_MAX])
        return Query(parse_rewrite(written, question, previous)[:QUERY_CHARACTERS_MAX], usage)

    async def _written(self, request: ChatRequest) -> tuple[str, Usage]:
        text, usage = "", None
        async with aclosing(self.model.stream(request)) as stream:
            async for piece in stream:
                if isinstance(piece, TextPiece):
                    text += piece.text
                else:
                    usage = piece
        return text, usage or estimated_usage(request.messages, text)
