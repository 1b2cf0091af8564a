"""Asking a question and following its answer."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from lexora_gql.terminal.client import Client
from lexora_gql.terminal.errors import FAILED, INTERRUPTED, NO_EVIDENCE, USAGE, CannotGoOn
from lexora_gql.terminal.plain_text import one_line
from lexora_gql.terminal.results import member
from lexora_gql.terminal.scopes import collection_id

STOPPING_SECONDS = 5.0


class AnswerDisplay(Protocol):
    """What shows an answer as it comes."""

    def text(self, offset: int, text: str) -> None:
        """Put more of it at an offset in characters."""
        ...

    def finished(self, conversation_id: str, message: Mapping[str, Any]) -> None:
        """Show what is left, and the citations."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where.

    Attributes:
        is_continuing: Whether it belongs to the conversation that was used last.
    """

    content: str
    document_ids: Sequence[str] = ()
    collections: Sequence[str] = ()
    tags: Sequence[str] = ()
    conversation_id: str | None = None
    is_continuing: bool = False


async def ask(client: Client, question: Question, display: AnswerDisplay, stop: asyncio.Event) -> int:
    """Ask, and show the answer as it comes.

    Args:
        client: Who asks.
        question: What.
        display: Where to.
        stop: Set when the answer shall be stopped.

    Returns:
        The exit code: 0 with an answer, 1 when it failed, 3 without evidence, 130 when it was stopped.

    Raises:
        CannotGoOn: The question is refused, or the server is away.
    """
    sent = member((await client.execute("SendMessage", {"input": await _input(client, question)}))["sendMessage"])
    following = asyncio.create_task(_follow(client, sent["answer"]["id"], display))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            await _stop(client, sent["answer"]["id"])
            return INTERRUPTED
        message = await following
    finally:
        for task in (following, stopping):
            task.cancel()
        await asyncio.gather(following, stopping, return_exceptions=True)
    display.finished(sent["conversation"]["id"], message)
    return exit_code(message)


def exit_code(message: Mapping[str, Any]) -> int:
    """Return what a command ends with after an answer."""
    if message["status"] != "COMPLETED":
        return FAILED
    return NO_EVIDENCE if message["mode"] == "NO_EVIDENCE" else 0


async def _follow(client: Client, answer_id: str, display: AnswerDisplay) -> Mapping[str, Any]:
    async with aclosing(client.follow("Answer", "answer", {"messageId": answer_id})) as events:
        async for event in events:
            if "text" in event:
                display.text(event["offset"], event["text"])
            if "message" in event:
                return dict(event["message"])
    raise CannotGoOn("The server ended the stream before the answer was finished.")


async def _stop(client: Client, answer_id: str) -> None:
    # Whoever pressed Ctrl-C does not want to wait for a server that is away.
    with suppress(CannotGoOn, TimeoutError):
        async with asyncio.timeout(STOPPING_SECONDS):
            await client.execute("StopAnswer", {"id": answer_id})


async def _input(client: Client, question: Question) -> dict[str, Any]:
    scope: dict[str, list[str]] = {}
    if question.document_ids:
        scope["documentIds"] = list(question.document_ids)
    if question.collections:
        scope["collectionIds"] = [await collection_id(client, wanted) for wanted in question.collections]
    if question.tags:
        scope["tags"] = list(question.tags)
    given: dict[str, Any] = {"content": question.content, "idempotencyKey": str(uuid4())}
    if scope:
        given["scope"] = scope
    conversation_id = question.conversation_id
    if question.is_continuing:
        conversation_id = await _last_conversation(client)
    if conversation_id is not None:
        given["conversationId"] = conversation_id
    return given


async def _last_conversation(client: Client) -> str:
    edges = (await client.execute("Conversations", {"first": 1}))["conversations"]["edges"]
    if not edges:
        raise CannotGoOn("There is no conversation to go on with; ask without --continue.", exit_code=USAGE)
    return str(edges[0]["node"]["id"])


def why_it_failed(message: Mapping[str, Any]) -> str:
    """Return one line about an answer that did not come to its end."""
    if message["status"] == "STOPPED":
        return "The answer was stopped."
    failure = message.get("failure") or {}
    reason = one_line(str(failure.get("message") or message["status"]))
    return f"{reason} ({failure.get('code', message['status'])})"
