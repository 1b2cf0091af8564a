"""Trouble with the connection is DatabaseAway, in whose words it comes."""

import asyncpg
import pytest
from sqlalchemy.exc import InterfaceError

from lexora_gql.storage.database import DatabaseAway, translated_errors


@pytest.mark.parametrize(
    "error",
    [
        OSError("reset"),
        asyncpg.InterfaceError("connection is closed"),
        InterfaceError("", {}, Exception("connection is closed")),
    ],
)
def test_the_driver_and_the_library_mean_the_same(error: Exception) -> None:
    with pytest.raises(DatabaseAway), translated_errors():
        raise error


def test_what_is_no_trouble_of_the_connection_is_not() -> None:
    with pytest.raises(ZeroDivisionError), translated_errors():
        _ = 1 / 0
