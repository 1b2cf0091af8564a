"""Making objects of rows that were read past the ORM, which takes longer to make them than PostgreSQL to find them."""

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import instance_state, manager_of_class
from sqlalchemy.orm.base import class_mapper

Model = TypeVar("Model", bound=DeclarativeBase)


class Entities(Generic[Model]):
    """Makes objects of one model, like those of a session that was closed: what was not read of them cannot be had.

    Attributes:
        columns: What `made` wants, in this order.
    """

    def __init__(self, model: type[Model], *, without: Collection[str] = ()) -> None:
        """Prepare.

        Args:
            model: Whose attributes are called like its columns.
            without: Columns that are not read.
        """
        self._mapper = class_mapper(model)
        self._manager = manager_of_class(model)
        columns = [column for column in self._mapper.columns if column.key not in without]
        self.columns = tuple(column.key for column in columns)
        self._key_at = [self.columns.index(column.key) for column in self._mapper.primary_key]
        # Everything else asyncpg gives as SQLAlchemy does.
        self._enums = {
            column.key: column.type.enum_class.__members__
            for column in columns
            if isinstance(column.type, Enum) and column.type.enum_class is not None
        }

    def made(self, values: Sequence[Any]) -> Model:
        """Return an object of a row's values."""
        entity: Model = self._manager.new_instance()
        entity.__dict__.update(zip(self.columns, values, strict=True))
        for key, members in self._enums.items():
            name = entity.__dict__[key]
            entity.__dict__[key] = None if name is None else members[name]
        instance_state(entity).key = self._mapper.identity_key_from_primary_key(
            tuple(values[at] for at in self._key_at)
        )
        return entity
