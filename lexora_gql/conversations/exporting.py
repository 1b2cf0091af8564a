"""A conversation as a document to keep: Markdown for people, JSON for programs."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from lexora_gql.conversations.models import Citation, Conversation, Message, MessageRole, MessageStatus

FORMAT, VERSION = "lexora.conversation", 1
# What Markdown or HTML would read as something else than text.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
_ENDS = {
    MessageStatus.GENERATING: "This answer is still being written.",
    MessageStatus.STOPPED: "This answer was stopped.",
    MessageStatus.INTERRUPTED: "This answer was interrupted.",
    MessageStatus.FAILED: "This answer failed.",
}

Name = Callable[[str, UUID], str]
"""Gives the id that clients know an object by, of its type and its own id."""


class ExportFormat(StrEnum):
    """What a conversation is exported as."""

    MARKDOWN = "MARKDOWN"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A branch of a conversation.

    Attributes:
        messages: From the first to the newest leaf.
        citations: Of each answer, in the order of its text.
    """

    conversation: Conversation
    messages: Sequence[Message]
    citations: Mapping[UUID, Sequence[Citation]]


def as_markdown(transcript: Transcript) -> str:
    """Return a transcript in Markdown.

    Whatever was said stands in block quotes, which nothing in it can end; what an answer cites are footnotes, each with
    file, page and words of its source.
    """
    title = plain(transcript.conversation.title)
    parts = [f"# {title}", f"Begun {_moment(transcript.conversation.created_at)}."]
    notes: list[str] = []
    for message in transcript.messages:
        is_question = message.role is MessageRole.USER
        content = _noted(message, transcript.citations.get(message.id, ()), notes)
        parts.append(f"**{'Question' if is_question else 'Answer'}**, {_moment(message.created_at)}")
        if content.strip():
            parts.append("\n".join(f"> {line}".rstrip() for line in content.splitlines()))
        if message.status in _ENDS:
            failure = f" {plain(message.failure_message)}" if message.failure_message else ""
            parts.append(f"*{_ENDS[message.status]}*{failure}")
    return "\n\n".join([*parts, *notes]) + "\n"


def plain(text: str) -> str:
    """Return a text on one line, in Markdown that shows it as it is."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def as_json(transcript: Transcript, name: Name) -> str:
    """Return a transcript in JSON: {format, version, conversation, messages}; times in UTC, offsets in code points."""
    conversation = transcript.conversation
    exported = {
        "format": FORMAT,
        "version": VERSION,
        "conversation": {
            "id": name("Conversation", conversation.id),
            "title": conversation.title,
            "createdAt": _time(conversation.created_at),
            "updatedAt": _time(conversation.updated_at),
        },
        "messages": [
            _message(message, transcript.citations.get(message.id, ()), name) for message in transcript.messages
        ],
    }
    return json.dumps(exported, ensure_ascii=False, indent=2) + "\n"


def _noted(message: Message, citations: Sequence[Citation], notes: list[str]) -> str:
    """Return a message with a footnote in the place of each marker that cites something."""
    content = message.content
    numbered = list(enumerate(citations, len(notes) + 1))
    # NUL is in no text that PostgreSQL stores.
    for number, citation in reversed(numbered):
        content = f"{content[: citation.answer_start]}\0{number}]{content[citation.answer_end :]}"
    # Footnotes of its own would be taken for ours.
    content = content.replace("[^", "\\[^").replace("\0", "[^")
    for number, citation in numbered:
        page = f", page {citation.page}" if citation.page is not None else ""
        said = f"“{plain(citation.quote)}” ({citation.verification.value})"
        notes.append(f"[^{number}]: {plain(citation.filename)}{page}: {said}")
    return content


def _message(message: Message, citations: Sequence[Citation], name: Name) -> dict[str, Any]:
    return {
        "id": name("Message", message.id),
        "parentId": name("Message", message.parent_id) if message.parent_id else None,
        "role": message.role.value,
        "status": message.status.value,
        "content": message.content,
        "createdAt": _time(message.created_at),
        "finishedAt": _time(message.finished_at) if message.finished_at else None,
        "mode": message.mode.value if message.mode else None,
        "model": message.model,
        "query": message.query,
        "rating": message.rating.value if message.rating else None,
        "ratingComment": message.rating_comment,
        "failure": message.failure_message,
        "citations": [
            {
                "marker": citation.marker,
                "answerSpan": {"start": citation.answer_start, "end": citation.answer_end},
                "quote": citation.quote,
                "charStart": citation.char_start,
                "charEnd": citation.char_end,
                "page": citation.page,
                "verification": citation.verification.value,
                "filename": citation.filename,
                "documentId": name("Document", citation.document_id) if citation.document_id else None,
            }
            for citation in citations
        ],
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
