"""Objects of rows that were read past the ORM."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import DetachedInstanceError

from lexora_gql.documents.models import Chunk, Document, DocumentStatus
from lexora_gql.retrieval.reading import Reading
from lexora_gql.retrieval.scope import EVERYTHING
from lexora_gql.storage.database import Database
from tests.conversations.desk import Desk


async def test_they_are_what_a_session_would_have_read(database: Database) -> None:
    async with Desk.over(database).closing() as desk:
        viewer = await desk.library.reader()
        document = await desk.document(viewer, "The canteen opens at noon.", tags=["food"])
        async with database.transaction(viewer) as session:
            read = (await session.scalars(select(Chunk).where(Chunk.document_id == document.id))).one()
            owner = (await session.scalars(select(Document).where(Document.id == document.id))).one()
        found = (await Reading(database, "any").chunks(viewer, [read.number], EVERYTHING))[read.number]

    for made, loaded in ((found.chunk, read), (found.document, owner)):
        for name, value in vars(loaded).items():
            if name != "_sa_instance_state":
                assert (getattr(made, name), type(getattr(made, name))) == (value, type(value)), name
    assert found.document.status is DocumentStatus.READY
    with pytest.raises(DetachedInstanceError):
        _ = found.chunk.vector
