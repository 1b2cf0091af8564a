"""Conversations as documents to keep: what was said cannot break what they are made of."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from markdown_it import MarkdownIt

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.exporting import Transcript, as_json, as_markdown
from lexora_gql.conversations.models import AnswerMode, Citation, Conversation, Message, MessageRole, MessageStatus
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk

AT = datetime(2031, 5, 1, 8, 30, tzinfo=UTC)


def said(role: MessageRole, content: str, status: MessageStatus = MessageStatus.COMPLETED) -> Message:
    return Message(id=uuid4(), role=role, content=content, status=status, created_at=AT, finished_at=AT)


def cited(content: str, marker: int, **given: object) -> Citation:
    start = content.index(f"[{marker}]")
    values: dict[str, object] = {
        "marker": marker,
        "answer_start": start,
        "answer_end": start + 3,
        "quote": "It opens\nat *noon*.",
        "char_start": 4,
        "char_end": 23,
        "page": 2,
        "verification": CitationVerification.EXACT,
        "filename": "canteen_[1].pdf",
        "document_id": None,
    }
    return Citation(ordinal=marker, **(values | given))


def transcript(*messages: Message, citations: Sequence[Citation] = (), title: str = "Canteen") -> Transcript:
    conversation = Conversation(id=uuid4(), title=title, created_at=AT, updated_at=AT)
    return Transcript(conversation, messages, {messages[-1].id: citations} if messages else {})


def outline(markdown: str) -> list[str]:
    """Return what stands at the top of a document, and the text of its headings."""
    tokens = MarkdownIt().parse(markdown)
    return [token.type for token in tokens if token.level == 0 and token.nesting == 1]


class TestMarkdown:
    def test_questions_and_answers_with_footnotes(self) -> None:
        content = "It opens at noon [1], they say [2]."
        notes = [cited(content, 1), cited(content, 2, page=None, verification=CitationVerification.UNSUPPORTED)]

        exported = as_markdown(
            transcript(said(MessageRole.USER, "When?"), said(MessageRole.ASSISTANT, content), citations=notes)
        )

        assert exported == (
            "# Canteen\n\nBegun 2031-05-01 08:30 UTC.\n\n"
            "**Question**, 2031-05-01 08:30 UTC\n\n> When?\n\n"
            "**Answer**, 2031-05-01 08:30 UTC\n\n> It opens at noon [^1], they say [^2].\n\n"
            "[^1]: canteen\\_\\[1\\].pdf, page 2: “It opens at \\*noon\\*.” (EXACT)\n\n"
            "[^2]: canteen\\_\\[1\\].pdf: “It opens at \\*noon\\*.” (UNSUPPORTED)\n"
        )

    @pytest.mark.parametrize(
        "content",
        [
            "# A heading",
            "```\nnever closed",
            "<div>\n\nnever closed",
            "one\n\n\n\ntwo\n---\nthree",
            "- a\n\n      - b",
            "[^1]: a footnote of its own",
            "> > >",
            "a\r\nb\u2028c",
        ],
    )
    def test_what_was_said_stays_in_its_quote(self, content: str) -> None:
        exported = as_markdown(transcript(said(MessageRole.USER, content), said(MessageRole.ASSISTANT, content)))

        assert outline(exported) == [
            "heading_open",
            "paragraph_open",
            *["paragraph_open", "blockquote_open"] * 2,
        ]
        assert "\n> [^1]" not in exported

    def test_a_title_is_a_line(self) -> None:
        exported = as_markdown(transcript(title="One\n# Two <b>"))

        assert exported.startswith("# One \\# Two \\<b\\>\n")

    def test_an_end_that_was_none_is_said(self) -> None:
        stopped = said(MessageRole.ASSISTANT, "It op", MessageStatus.STOPPED)

        assert "> It op\n\n*This answer was stopped.*" in as_markdown(transcript(stopped))


class TestJson:
    def test_all_that_is_known_is_there(self) -> None:
        content = "It opens at noon [1]."
        answer = said(MessageRole.ASSISTANT, content)
        answer.mode = AnswerMode.GENERATED

        exported = json.loads(as_json(transcript(answer, citations=[cited(content, 1)]), _name))

        assert (exported["format"], exported["version"]) == ("lexora.conversation", 1)
        [message] = exported["messages"]
        assert (message["id"], message["mode"], message["createdAt"]) == (
            f"Message:{answer.id}",
            "GENERATED",
            "2031-05-01T08:30:00Z",
        )
        [citation] = message["citations"]
        assert content[citation["answerSpan"]["start"] : citation["answerSpan"]["end"]] == "[1]"
        assert (citation["quote"], citation["documentId"]) == ("It opens\nat *noon*.", None)


def _name(kind: str, its_id: UUID) -> str:
    return f"{kind}:{its_id}"


class TestTranscripts:
    async def test_it_is_the_branch_of_the_newest_leaf_and_only_ones_own(self, database: Database) -> None:
        async with Desk.over(database, model=ScriptedChatModel()).closing() as desk:
            viewer: Viewer = await desk.library.reader()
            document = await desk.document(viewer, "The canteen opens at noon.")
            answer = await desk.answered(viewer, "When does the canteen open?")
            conversations = desk.process.services.conversations

            found = await conversations.transcript(viewer, answer.conversation_id)

            assert found is not None
            assert [message.role for message in found.messages] == [MessageRole.USER, MessageRole.ASSISTANT]
            assert [citation.document_id for citation in found.citations[answer.id]] == [document.id]
            assert await conversations.transcript(await desk.library.reader(), answer.conversation_id) is None
            assert await conversations.transcript(viewer, uuid4()) is None
