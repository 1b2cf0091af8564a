"""Writing many rows: so many in one statement, and each statement in one message.

A driver's `executemany` sends a message a row and says at the end of them all that it is done. A process that is frozen
in between leaves a session that PostgreSQL takes for busy: the time limit of idle transactions does not end it, and the
rows it has locked stay locked until the reconciler has found it.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    TableValuedAlias,
    Text,
    Update,
    bindparam,
    column,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from lexora_gql.storage.base import Base

ROWS_AT_ONCE = 1_000
"""In one statement; between two of them whatever else the event loop has to do comes first."""

Rows = Sequence[Mapping[str, Any]]
"""By their columns' names, all with values for the same ones."""


async def insert_rows(session: AsyncSession, model: type[Base], rows: Rows, *, skip_existing: bool = False) -> None:
    """Insert rows in their order.

    Args:
        session: An open transaction.
        model: What the rows are; its attributes are called like its columns.
        rows: What they say; the database's defaults hold for what they do not.
        skip_existing: Leave out, without an error, what a row is there for already.
    """
    if rows:
        await _write(session, _inserting(model, tuple(rows[0]), skip_existing), model, rows)


async def update_rows(session: AsyncSession, model: type[Base], rows: Rows) -> None:
    """Give rows new values; what is not there is left out.

    Args:
        session: An open transaction.
        model: What the rows are; its attributes are called like its columns.
        rows: The primary key of each, and what is to stand beside it.
    """
    if rows:
        await _write(session, _updating(model, tuple(rows[0])), model, rows)


async def _write(session: AsyncSession, statement: Insert | Update, model: type[Base], rows: Rows) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        await session.execute(statement, {_given(name): _values(model, name, some) for name in some[0]})


def _values(model: type[Base], name: str, rows: Rows) -> list[Any]:
    values = [row[name] for row in rows]
    return [json.dumps(value) for value in values] if _is_array(model.__table__.c[name]) else values


@functools.cache
def _inserting(model: type[Base], names: tuple[str, ...], skip_existing: bool) -> Insert:  # noqa: FBT001  # as `cache` wants it
    given = _rows(model, names)
    values = [_value(model, name, given) for name in names]
    statement = insert(_table(model)).from_select(list(names), select(*values), include_defaults=False)
    return statement.on_conflict_do_nothing() if skip_existing else statement


@functools.cache
def _updating(model: type[Base], names: tuple[str, ...]) -> Update:
    table = _table(model)
    given = _rows(model, names)
    keys = [each.name for each in table.primary_key]
    values = {name: _value(model, name, given) for name in names if name not in keys}
    return update(table).where(*(table.c[key] == given.c[key] for key in keys)).values(values)


def _table(model: type[Base]) -> Table:
    return cast("Table", model.__table__)


def _rows(model: type[Base], names: tuple[str, ...]) -> TableValuedAlias:
    """Return the rows as a table within a statement; the values of each column come as an array."""
    columns = [model.__table__.c[name] for name in names]
    arrays = [bindparam(_given(each.name), type_=ARRAY(Text() if _is_array(each) else each.type)) for each in columns]
    return func.unnest(*arrays).table_valued(*(column(name) for name in names), name="given").render_derived()


def _given(name: str) -> str:
    """Return the parameter's name: the column's own would be taken for a single value of it."""
    return f"given_{name}"


def _is_array(of: ColumnElement[Any]) -> bool:
    """Return whether its values go as JSON: unnested, arrays of arrays would be one long array."""
    return isinstance(of.type, ARRAY)


def _value(model: type[Base], name: str, given: TableValuedAlias) -> ColumnElement[Any]:
    if not _is_array(model.__table__.c[name]):
        return given.c[name]
    members = func.jsonb_array_elements_text(type_coerce(given.c[name], Text).cast(JSONB))
    return func.array(select(members).correlate_except(None).scalar_subquery())
