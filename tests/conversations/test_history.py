"""What a model is told of the conversation so far: whole turns, the newest, within its budget."""

import re

from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations.prompts.budget import estimate_tokens
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

CONTEXT_TOKENS = 1_500
LENGTHS = (150, 2_400, 20, 600, 40, 300, 250)
"""Words of each answer, the oldest first; the second alone is more than there is room for."""


class TestLongConversations:
    async def test_turns_are_told_whole_or_not_at_all(self, database: Database) -> None:
        model = ScriptedChatModel()
        async with Desk.over(database, model=model, openai_context_tokens=CONTEXT_TOKENS).closing() as desk:
            viewer = await desk.library.reader()
            await desk.document(viewer, "The canteen of the museum opens at noon.")
            conversation, said = None, list[tuple[str, str]]()
            for number, words in enumerate(LENGTHS):
                model.script(f"Answer {number} " + "and on " * (words // 2) + "ends.")
                question = f"When does the canteen of the museum open on day {number}?"
                sent = await desk.ask(viewer, question, conversation_id=conversation, wait_seconds=20)
                conversation = sent.conversation.id
                said.append((question, sent.answer.content))
            await desk.ask(viewer, "When does the canteen of the museum close?", conversation_id=conversation,
                           wait_seconds=20)  # fmt: skip

        system, *history, request = model.requests[-1].messages
        told = [(asked.content, answered.content) for asked, answered in zip(history[::2], history[1::2], strict=True)]
        # To the letter, in order, without one left out in between, and as many as fit.
        assert told == said[-len(told) :]
        assert 2 <= len(told) < len(LENGTHS)
        cost = sum(estimate_tokens(message.content) + 8 for message in (system, *history, request))
        left_out = sum(estimate_tokens(text) + 8 for text in said[-len(told) - 1])
        assert cost <= CONTEXT_TOKENS < cost + left_out
        assert re.search("canteen of the museum opens", request.content)
