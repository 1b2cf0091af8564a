"""Whose document is read next: owners take turns, however many documents one of them has."""

from uuid import UUID

from sqlalchemy import Select, func, or_, select, true

from lexora_gql.documents.models import Document, DocumentStatus, Turn

IS_PENDING = Document.status == DocumentStatus.PENDING


def _next_in_turn() -> Select[UUID]:
    """Return the query for the oldest document of who has waited longest; it locks that row.

    A hundred thousand documents of one owner cost no more than one: their index is entered once for each owner.
    """
    first = (
        select(Document.owner_id, Document.queued_at)
        .where(IS_PENDING)
        .order_by(Document.owner_id, Document.queued_at)
        .limit(1)
    )
    owners = first.cte("owners", recursive=True)
    following = first.where(Document.owner_id > owners.c.owner_id).lateral()
    owners = owners.union_all(
        select(following.c.owner_id, following.c.queued_at).select_from(owners.join(following, true()))
    )
    in_turn = (
        select(owners.c.owner_id)
        .outerjoin(Turn, Turn.owner_id == owners.c.owner_id)
        .order_by(Turn.taken_at.asc().nulls_first(), owners.c.queued_at)
        # Keeps the order: without it the planner may join first.
        .offset(0)
        .subquery()
    )
    oldest = (
        select(Document.id)
        .where(
            Document.owner_id == in_turn.c.owner_id,
            IS_PENDING,
            or_(Document.not_before.is_(None), Document.not_before <= func.clock_timestamp()),
        )
        .order_by(Document.queued_at, Document.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .lateral()
    )
    return select(oldest.c.id).select_from(in_turn.join(oldest, true())).limit(1)


# Made once: to put it together takes longer than to run it.
NEXT_IN_TURN = _next_in_turn()
