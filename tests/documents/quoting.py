"""A stored answer that quotes a document."""

from uuid import UUID, uuid4

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.conversations.citations import CitationVerification
from lexora_gql.conversations.models import AnswerSource, Citation, Conversation, Message, MessageRole, MessageStatus
from lexora_gql.documents.models import Chunk, Document
from tests.factories import Library


async def store_answer(library: Library, viewer: Viewer, document: Document, chunk: Chunk, quote: str) -> UUID:
    """Store an answer with one source and one citation of it; return its id.

    Args:
        library: Makes the rows.
        viewer: Whose answer it is.
        document: Quoted.
        chunk: Of the document; holds the quote.
        quote: Word by word.
    """
    conversation_id, message_id = uuid4(), uuid4()
    start = chunk.char_start + chunk.text.index(quote)
    await library.add(Conversation(id=conversation_id, owner_id=viewer.user_id, title="Hours"))
    await library.add(_answer(message_id, conversation_id, viewer, quote))
    source = {"message_id": message_id, "marker": 1, "owner_id": viewer.user_id, "filename": document.filename}
    await library.add(
        AnswerSource(**source, chunk_id=chunk.id, score=1.0),
        Citation(
            **source,
            ordinal=0,
            answer_start=0,
            answer_end=len(quote),
            quote=quote,
            char_start=start,
            char_end=start + len(quote),
            verification=CitationVerification.EXACT,
            document_id=document.id,
            chunk_id=chunk.id,
        ),
    )
    return message_id


def _answer(message_id: UUID, conversation_id: UUID, viewer: Viewer, quote: str) -> Message:
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        owner_id=viewer.user_id,
        role=MessageRole.ASSISTANT,
        status=MessageStatus.COMPLETED,
        content=f"{quote} [1]",
    )
