"""What is searched for: the question as it would be asked without the conversation before it."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from lexora_gql.conversations.prompts.prompting import Turn
from lexora_gql.conversations.prompts.standalone import needs_context, parse_rewrite, rewrite_prompt, standalone_by_rule
from lexora_gql.ports.chat_model import ChatModel, ChatModelError, ChatRequest, TextPiece
from lexora_gql.retrieval.service import QUERY_CHARACTERS_MAX

REWRITE_TOKENS = 120
REWRITE_SECONDS = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standalone:
    """Makes follow-up questions standalone: by the model, or by a rule where there is none or it fails."""

    model: ChatModel

    async def query(self, question: str, history: Sequence[Turn], *, model: str) -> str:
        """Return what to search for, 1 to 2,000 characters."""
        if not needs_context(question, history):
            return question[:QUERY_CHARACTERS_MAX]
        previous = [turn.question for turn in history]
        by_rule = standalone_by_rule(question, previous)
        if self.model.is_extractive:
            return by_rule[:QUERY_CHARACTERS_MAX]
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
                written = await self._written(request)
        except (ChatModelError, TimeoutError) as error:
            # The answer itself will say so if the model is away; a search is possible without it.
            log.warning("rewrite_failed", reason=type(error).__name__)
            return by_rule[:QUERY_CHARACTERS_MAX]
        return parse_rewrite(written, question, previous)[:QUERY_CHARACTERS_MAX]

    async def _written(self, request: ChatRequest) -> str:
        async with aclosing(self.model.stream(request)) as stream:
            return "".join([piece.text async for piece in stream if isinstance(piece, TextPiece)])
