"""A desk to work at."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from lexora_gql.storage.database import Database
from tests.documents.desk import Desk


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """All that the test logs; drawn for a terminal, a traceback would take seconds."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def desk(database: Database) -> Desk:
    """A server and a worker over the test's database, with offline twins of everything else."""
    return Desk(database)
