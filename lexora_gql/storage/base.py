"""What every table has in common."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, BindParameter, DateTime, Enum, MetaData, Text, Uuid, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The root of all models; relationships are not used: what is needed is loaded by name."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(as_uuid=True),
        str: Text(),
        int: BigInteger(),
        list[str]: ARRAY(Text()),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


def text_enum(kind: type[StrEnum], name: str | None = None) -> Enum:
    """Store an enum as its name with a check (named `name`): adding a member then needs no `ALTER TYPE`."""
    return Enum(kind, native_enum=False, create_constraint=True, length=32, name=name or kind.__name__.lower())


def ids_array(ids: Iterable[UUID | None]) -> BindParameter[list[UUID | None]]:
    """Return ids as one parameter: `IN` has one for each, of which PostgreSQL takes no more than 32,767."""
    return literal(list(ids), ARRAY(Uuid(as_uuid=True)))


class Identified(Base):
    """A row with an id of its own and the moment it was made."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
