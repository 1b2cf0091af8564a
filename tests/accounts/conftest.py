"""A service on a clock that stands still until it is told otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from lexora_gql.accounts.models import AuditEntry
from lexora_gql.accounts.service import AccountService
from lexora_gql.settings import Settings, load_settings
from lexora_gql.storage.base import Base
from lexora_gql.storage.database import Database

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
SECRET = "a secret key for tests, 32 bytes and more"


@dataclass(slots=True)
class SetClock:
    """A clock that is set by hand."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is stored, as the owner of the tables sees it."""

    database: Database

    async def count(self, table: type[Base]) -> int:
        async with self.database.engine.connect() as connection:
            return (await connection.execute(select(func.count()).select_from(table))).scalar_one()

    async def audit(self) -> list[tuple[str, str]]:
        query = select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.at, AuditEntry.action)
        async with self.database.engine.connect() as connection:
            return [(action, outcome) for action, outcome in (await connection.execute(query)).all()]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def settings() -> Settings:
    return load_settings(secret_key=SECRET)


@pytest.fixture
def accounts(settings: Settings, database: Database, clock: SetClock) -> Iterator[AccountService]:
    service = AccountService.from_settings(settings, database, clock=clock)
    yield service
    service.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)
