"""The documents that the caller may read, as they change."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, cast

import strawberry

from lexora_gql.documents.feed import Change
from lexora_gql.errors import BadCursor
from lexora_gql.signing import BadSignature
from lexora_gql.transport.graphql.context import Context, Info
from lexora_gql.transport.graphql.documents import Document
from lexora_gql.transport.graphql.ids import known_ids, to_global_id


@strawberry.type(description="A document's newest state.")
class DocumentChanged:
    """A document's newest state."""

    cursor: str = strawberry.field(description="The place in the feed; `after` it nothing is missed.")
    document: Document = strawberry.field(description="As it is now.")


@strawberry.type(description="Deleted, or no longer shared with the caller.")
class DocumentDeleted:
    """Deleted, or no longer shared with the caller."""

    cursor: str = strawberry.field(description="The place in the feed; `after` it nothing is missed.")
    document_id: strawberry.ID = strawberry.field(description="The id that it had.")


DocumentEvent = Annotated[
    DocumentChanged | DocumentDeleted, strawberry.union("DocumentEvent", description="A change of a document.")
]
DocumentIds = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only these; all that you may read when not given.")
]
FeedCursor = Annotated[
    str | None, strawberry.argument(description="Of an earlier event, or from `documentFeedCursor`.")
]


@strawberry.type
class FeedQuery:
    """Where the feed stands."""

    @strawberry.field(
        description="Where the feed of documentEvents stands now: take it before listing, subscribe after it, and "
        "nothing is missed."
    )
    async def document_feed_cursor(self, info: Info) -> str:
        """Return where the feed stands."""
        context = info.context
        return _cursor(context, await context.services.documents.feed.position(context.viewer))


@strawberry.type
class FeedSubscription:
    """Documents as they change."""

    @strawberry.subscription(
        description="The documents that the caller may read, as they change: their newest state, at most a few times "
        "a second each, deletions included, all that happened after the cursor. Without a cursor: first the present "
        "state of `documentIds`, or of what is not finished yet. Never ends by itself."
    )
    async def document_events(
        self, info: Info, document_ids: DocumentIds = None, after: FeedCursor = None
    ) -> AsyncGenerator[DocumentEvent, None]:
        """Watch documents change."""
        context = info.context
        changes = context.services.documents.feed.changes(
            context.viewer,
            document_ids=known_ids(document_ids, "Document"),
            after=_number(context, context.resume_after or after),
        )
        async with aclosing(cast("AsyncGenerator[Change, None]", changes)):
            async for change in changes:
                cursor = _cursor(context, change.number)
                context.at_event(cursor)
                yield _event(change, cursor)


def _event(change: Change, cursor: str) -> DocumentChanged | DocumentDeleted:
    if change.document is None:
        return DocumentDeleted(cursor=cursor, document_id=to_global_id("Document", change.document_id))
    return DocumentChanged(cursor=cursor, document=Document.of(change.document))


def _purpose(context: Context) -> str:
    # A feed's numbers are one user's own: somebody else's cursor would skip or repeat.
    return f"cursor:feed:{context.viewer.user_id}"


def _cursor(context: Context, number: int) -> str:
    return context.environment.signer.sign(_purpose(context), str(number).encode())


def _number(context: Context, cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        return int(context.environment.signer.verify(_purpose(context), cursor))
    except BadSignature:
        raise BadCursor from None
