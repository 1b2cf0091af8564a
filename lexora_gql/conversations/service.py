"""Conversations as users see them: asked, watched, stopped, listed."""

import asyncio
from collections.abc import AsyncGenerator
from collections.abc import Collection as Ids
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, update

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.clock import now
from lexora_gql.conversations.answering import AnswerJob
from lexora_gql.conversations.answers import stop_topic
from lexora_gql.conversations.branches import Branch
from lexora_gql.conversations.events import AnswerEvent, AnswerFeed, AnswerFinishedEvent, AnswerPosition
from lexora_gql.conversations.exporting import Transcript
from lexora_gql.conversations.finding import words_of
from lexora_gql.conversations.leases import NOW
from lexora_gql.conversations.models import (
    AnswerSource,
    Citation,
    Conversation,
    Message,
    MessageRole,
    MessageStatus,
    Rating,
)
from lexora_gql.conversations.producers import Producers
from lexora_gql.conversations.repository import ConversationRepository, citations_of, sources_of
from lexora_gql.conversations.requests import RegenerateAnswer, Request, scope_from_json
from lexora_gql.conversations.sending import Asking, Sent
from lexora_gql.errors import InvalidInput, NotFound, require_length, require_range
from lexora_gql.ports.event_bus import EventBus
from lexora_gql.storage.database import Database
from lexora_gql.storage.keyset import Page, PageRequest

QUESTION_CHARACTERS_MAX = 4_000
TITLE_CHARACTERS_MAX = 200
KEY_CHARACTERS_MAX = 200
COMMENT_CHARACTERS_MAX = 2_000
WAIT_SECONDS_MAX = 60.0
# A producer hears of a stop within a second, so most callers see the end.
STOP_SECONDS = 2.0
UNTITLED = "New conversation"


@dataclass(frozen=True, slots=True)
class ConversationService:
    """Use cases on conversations; the producers are the process's own."""

    database: Database
    bus: EventBus
    feed: AnswerFeed
    asking: Asking
    producers: Producers

    async def conversation(self, viewer: Viewer, conversation_id: UUID) -> Conversation | None:
        """Return a conversation of the viewer's."""
        return (await self.by_ids(viewer, [conversation_id])).get(conversation_id)

    async def by_ids(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Conversation]:
        """Return those of the conversations that are the viewer's."""
        async with self.database.transaction(viewer) as session:
            return await ConversationRepository(session).by_ids(ids)

    async def conversations(self, viewer: Viewer, page: PageRequest, search: str = "") -> Page[Conversation]:
        """Return part of the viewer's conversations, the last used first.

        Args:
            viewer: Whose conversations to list.
            page: Which part.
            search: Words that all must be in the title or the messages, in any case and anywhere in a word; those of
                answers that are being written come with their end.

        Raises:
            InvalidInput: `search` has more than 200 characters or 20 words.
        """
        words = words_of(search)
        async with self.database.transaction(viewer) as session:
            return await ConversationRepository(session).page(page, words)

    async def create(self, viewer: Viewer, title: str | None) -> Conversation:
        """Begin an empty conversation; without a title it gets one with its first question.

        Raises:
            InvalidInput: The title is blank or longer than 200 characters.
        """
        checked = UNTITLED if title is None else checked_title(title)
        conversation = Conversation(owner_id=viewer.user_id, title=checked, is_title_made=title is None)
        async with self.database.transaction(viewer) as session:
            session.add(conversation)
        return conversation

    async def rename(self, viewer: Viewer, conversation_id: UUID, title: str) -> Conversation:
        """Give a conversation another title.

        Raises:
            NotFound: There is no such conversation of the viewer's.
        """
        checked = checked_title(title)
        async with self.database.transaction(viewer) as session:
            conversation = await ConversationRepository(session).by_id(conversation_id, lock=True)
            if conversation is None:
                raise NotFound
            conversation.title, conversation.is_title_made = checked, False
        return conversation

    async def delete(self, viewer: Viewer, conversation_id: UUID) -> UUID:
        """Delete a conversation with all that was said; an answer that is being written in it ends.

        Raises:
            NotFound: There is no such conversation of the viewer's.
        """
        async with self.database.transaction(viewer) as session:
            repository = ConversationRepository(session)
            if await repository.by_id(conversation_id, lock=True) is None:
                raise NotFound
            being_written = await repository.being_written(conversation_id)
            await session.execute(delete(Conversation).where(Conversation.id == conversation_id))
        for lease in being_written:
            # Producer and watchers look, and find nothing.
            await self.bus.ring(stop_topic(lease.answer_id))
            await self.bus.finish_text(viewer.user_id, lease.answer_id, lease.token)
        return conversation_id

    async def messages(
        self, viewer: Viewer, conversation_id: UUID, page: PageRequest, *, leaf_id: UUID | None
    ) -> Page[Message]:
        """Return part of a branch, from the first message to a leaf; the newest leaf where none is named."""
        branch = Branch(conversation_id, leaf_id)
        return (await self.messages_of(viewer, [branch], page))[branch]

    async def messages_of(
        self, viewer: Viewer, branches: Ids[Branch], page: PageRequest
    ) -> dict[Branch, Page[Message]]:
        """Return the same part of each of many branches; an empty one where the conversation is not the viewer's."""
        async with self.database.transaction(viewer) as session:
            return await ConversationRepository(session).branches(branches, page)

    async def messages_by_ids(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, Message]:
        """Return those of the messages that are the viewer's."""
        async with self.database.transaction(viewer) as session:
            return await ConversationRepository(session).messages(ids)

    async def siblings(self, viewer: Viewer, ids: Ids[UUID]) -> dict[UUID, list[Message]]:
        """Return the other versions of each message."""
        async with self.database.transaction(viewer) as session:
            return await ConversationRepository(session).siblings(ids)

    async def citations(self, viewer: Viewer, message_ids: Ids[UUID]) -> dict[UUID, list[Citation]]:
        """Return each answer's citations, in the order of the text."""
        return await citations_of(self.database, viewer, message_ids)

    async def sources(self, viewer: Viewer, message_ids: Ids[UUID]) -> dict[UUID, list[AnswerSource]]:
        """Return each answer's numbered sources."""
        return await sources_of(self.database, viewer, message_ids)

    async def transcript(self, viewer: Viewer, conversation_id: UUID) -> Transcript | None:
        """Return the branch of a conversation of the viewer's that ends in the newest leaf, with its citations."""
        async with self.database.transaction(viewer) as session:
            repository = ConversationRepository(session)
            conversation = await repository.by_id(conversation_id)
            if conversation is None:
                return None
            messages = await repository.branch(conversation_id, None)
            citations = await repository.citations([message.id for message in messages])
        return Transcript(conversation, messages, citations)

    async def send(self, viewer: Viewer, request: Request, *, wait_seconds: float = 0.0) -> Sent:
        """Store a question, start its answer, and return at once or when the answer has ended.

        Args:
            viewer: Who asks.
            request: What is asked, asked in other words, or answered once more; the same idempotency key gives the
                same messages for 24 hours.
            wait_seconds: How long to wait for the answer's end, 0 to 60.

        Raises:
            InvalidInput: Something is outside its bounds.
            NotFound: There is no such conversation, or no such message in it.
            AlreadyRunning: An answer in this branch is still being written.
            IdempotencyKeyReused: The key belongs to another request.
            ModelNotAllowed: The model is not one of the server's.
            QuotaExceeded: The account has no questions left today, or no tokens this month.
            Throttled: Too many questions in the last minute.
        """
        if not isinstance(request, RegenerateAnswer):
            require_length("content", request.content.strip(), low=1, high=QUESTION_CHARACTERS_MAX)
        require_range("waitSeconds", wait_seconds, low=0, high=WAIT_SECONDS_MAX, unit="seconds")
        if request.idempotency_key is not None:
            require_length("idempotencyKey", request.idempotency_key, low=1, high=KEY_CHARACTERS_MAX)

        # Who hangs up between the commit and the start must not leave an answer that nobody writes.
        sent = await self.producers.shielded(self._begin(viewer, request))
        if wait_seconds > 0:
            return await self._ended(viewer, sent, wait_seconds)
        return sent

    async def _begin(self, viewer: Viewer, request: Request) -> Sent:
        asked = await self.asking.ask(viewer, request)
        if asked.lease is not None:
            question, model = asked.sent.question, asked.sent.answer.model or ""
            scope = scope_from_json(question.scope)
            job = AnswerJob(viewer, asked.lease, question.content.strip(), asked.history, scope, model)
            self.producers.start(job)
        return asked.sent

    async def stop(self, viewer: Viewer, message_id: UUID) -> Message:
        """Stop an answer, keeping the text so far; stopping what has ended changes nothing.

        Raises:
            NotFound: There is no such answer of the viewer's.
        """
        async with self.database.transaction(viewer) as session:
            message = await ConversationRepository(session).message(message_id)
            if message is None or message.role is not MessageRole.ASSISTANT:
                raise NotFound
            await session.execute(
                update(Message)
                .where(Message.id == message_id, Message.status == MessageStatus.GENERATING)
                .values(stop_requested_at=NOW)
            )
        if message.status is not MessageStatus.GENERATING:
            return message
        await self.bus.ring(stop_topic(message_id))
        return await self._wait(viewer, message, STOP_SECONDS)

    async def rate(self, viewer: Viewer, message_id: UUID, rating: Rating | None, comment: str | None) -> Message:
        """Keep what the viewer thinks of an answer; None takes it back, the comment included.

        Raises:
            InvalidInput: The message is a question, the comment is longer than 2,000 characters or comes without
                a rating.
            NotFound: There is no such message of the viewer's.
        """
        said = _checked_comment(rating, comment)
        async with self.database.transaction(viewer) as session:
            message = await ConversationRepository(session).message(message_id, lock=True)
            if message is None:
                raise NotFound(path=("id",))
            if message.role is not MessageRole.ASSISTANT:
                text = "`id` must name an answer."
                raise InvalidInput(text, path=("id",))
            message.rating, message.rating_comment = rating, said
            message.rated_at = now() if rating is not None else None
        return message

    def events(
        self, viewer: Viewer, message_id: UUID, *, after: AnswerPosition | None
    ) -> AsyncGenerator[AnswerEvent, None]:
        """Yield an answer's events after a position; see `AnswerFeed.events`."""
        return self.feed.events(viewer, message_id, after=after)

    async def _ended(self, viewer: Viewer, sent: Sent, wait_seconds: float) -> Sent:
        answer = await self._wait(viewer, sent.answer, wait_seconds)
        conversation = await self.conversation(viewer, sent.conversation.id)
        return Sent(conversation or sent.conversation, sent.question, answer)

    async def _wait(self, viewer: Viewer, answer: Message, seconds: float) -> Message:
        try:
            async with asyncio.timeout(seconds), aclosing(self.feed.events(viewer, answer.id, after=None)) as events:
                async for event in events:
                    if isinstance(event, AnswerFinishedEvent):
                        return event.message
        except TimeoutError:
            pass
        found = await self.messages_by_ids(viewer, [answer.id])
        return found.get(answer.id, answer)


def checked_title(title: str) -> str:
    """Return a title without the white space around it.

    Raises:
        InvalidInput: It is blank or longer than 200 characters.
    """
    return require_length("title", title.strip(), low=1, high=TITLE_CHARACTERS_MAX)


def _checked_comment(rating: Rating | None, comment: str | None) -> str | None:
    said = require_length("comment", (comment or "").strip(), low=0, high=COMMENT_CHARACTERS_MAX)
    if said and rating is None:
        message = "`comment` needs a `rating` that it says more of."
        raise InvalidInput(message, path=("comment",))
    return said or None
