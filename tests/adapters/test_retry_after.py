"""When a provider says to try again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from lexora_gql.adapters.retry_after import retry_after_seconds


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
            ({"retry-after": "2"}, 2.0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
            ({}, None),
        ],
    )
    def test_when_to_try_again_is_read_in_every_shape(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after_seconds(headers) == seconds

    def test_a_date_to_try_again_is_counted_from_now(self) -> None:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

        seconds = retry_after_seconds({"retry-after": date})

        assert seconds is not None
        assert 55 < seconds <= 60
