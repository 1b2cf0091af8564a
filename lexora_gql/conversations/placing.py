"""Where in a conversation a question goes, and what it inherits from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.models import Conversation, Message, MessageRole, MessageStatus
from lexora_gql.conversations.repository import ConversationRepository
from lexora_gql.conversations.requests import EditMessage, RegenerateAnswer, Request, SendMessage, scope_as_json
from lexora_gql.conversations.titles import title_of
from lexora_gql.errors import AlreadyRunning, InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question goes.

    Attributes:
        branch: What comes before the question, the first message first.
        content: What is asked.
        scope: As stored.
        question: The question, where it is answered once more and not asked anew.
        is_new: Whether the conversation has yet to be written.
        model: Which model wrote the answer that another one is wanted beside, where there is one.
    """

    conversation: Conversation
    branch: Sequence[Message]
    content: str
    scope: dict[str, Any] | None
    question: Message | None = None
    model: str | None = None
    is_new: bool = False


async def find_place(session: AsyncSession, viewer: Viewer, request: Request) -> Place:
    """Return where a question goes; its conversation is locked from here to the end of the transaction.

    What is changed of the conversation is for the caller to write.

    Raises:
        NotFound, InvalidInput, AlreadyRunning: There is no such place.
    """
    if isinstance(request, SendMessage):
        return await _of_new(session, viewer, request)
    repository = ConversationRepository(session)
    if isinstance(request, EditMessage):
        question = await _named(repository, request.message_id, MessageRole.USER)
        answer = await repository.newest_answer(question.id)
        return await _beside(repository, question, request.content, answer.model if answer else None)
    return await _of_another_answer(repository, request)


async def _of_new(session: AsyncSession, viewer: Viewer, request: SendMessage) -> Place:
    conversation = await _conversation(session, viewer, request)
    is_begun = request.conversation_id is not None
    branch = await _branch(ConversationRepository(session), conversation, request) if is_begun else []
    if not branch and conversation.is_title_made:
        conversation.title = title_of(request.content)
    return Place(conversation, branch, request.content, scope_as_json(request.scope), is_new=not is_begun)


async def _of_another_answer(repository: ConversationRepository, request: RegenerateAnswer) -> Place:
    answer = await _named(repository, request.message_id, MessageRole.ASSISTANT)
    if answer.status is MessageStatus.GENERATING:
        message = "This answer is still being written; wait for it or stop it."
        raise AlreadyRunning(message, path=("id",))
    question = await repository.message(answer.parent_id) if answer.parent_id is not None else None
    if question is None:
        raise NotFound(path=("id",))
    place = await _beside(repository, question, question.content, answer.model)
    return Place(place.conversation, place.branch, place.content, place.scope, question, place.model)


async def _beside(repository: ConversationRepository, question: Message, content: str, model: str | None) -> Place:
    """Return the place of a question, for another version of it."""
    conversation = await repository.by_id(question.conversation_id, lock=True)
    if conversation is None:
        raise NotFound(path=("id",))
    before = await repository.branch(conversation.id, question.parent_id) if question.parent_id is not None else []
    return Place(conversation, before, content, question.scope, model=model)


async def _named(repository: ConversationRepository, message_id: UUID, role: MessageRole) -> Message:
    message = await repository.message(message_id)
    if message is None:
        raise NotFound(path=("id",))
    if message.role is not role:
        text = "`id` must name a question." if role is MessageRole.USER else "`id` must name an answer."
        raise InvalidInput(text, path=("id",))
    return message


async def _conversation(session: AsyncSession, viewer: Viewer, request: SendMessage) -> Conversation:
    if request.conversation_id is None:
        if request.parent_id is not None:
            message = "`parentId` needs the `conversationId` that it belongs to."
            raise InvalidInput(message, path=("parentId",))
        title = title_of(request.content)
        return Conversation(id=uuid4(), owner_id=viewer.user_id, title=title, is_title_made=True)
    # Locked, so that two questions at once in one branch do not both see that nothing is being written.
    found = await ConversationRepository(session).by_id(request.conversation_id, lock=True)
    if found is None:
        message = "There is no such conversation."
        raise NotFound(message, path=("conversationId",))
    return found


async def _branch(
    repository: ConversationRepository, conversation: Conversation, request: SendMessage
) -> list[Message]:
    branch = await repository.branch(conversation.id, request.parent_id)
    if not branch:
        if request.parent_id is not None:
            message = "There is no such message in this conversation."
            raise NotFound(message, path=("parentId",))
        return []
    leaf = branch[-1]
    if leaf.status is MessageStatus.GENERATING:
        message = "An answer in this branch is still being written; wait for it or stop it."
        raise AlreadyRunning(message, path=("parentId",))
    if leaf.role is not MessageRole.ASSISTANT:
        message = "`parentId` must name an answer: a question follows an answer."
        raise InvalidInput(message, path=("parentId",))
    return branch
