import errno
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from lexora_gql.documents.models import Document, IngestionFailureCode, IngestionStage
from lexora_gql.documents.splitting import TooManyChunks
from lexora_gql.documents.verdicts import ATTEMPTS_MAX, judge
from lexora_gql.ports.blob_store import BlobMissing, BlobStoreAway
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.text_extractor import ExtractionFailed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FINAL_CODES = (
    "ENCRYPTED",
    "CORRUPT",
    "NO_TEXT",
    "TOO_MANY_PAGES",
    "TOO_LARGE_TO_PARSE",
    "PARSER_TIMEOUT",
)


def document(*, attempt: int = 1, crashes: int = 0) -> Document:
    return Document(id=uuid4(), attempt=attempt, crashes=crashes)


class TestReasons:
    @pytest.mark.parametrize("code", FINAL_CODES)
    def test_what_the_file_is_to_blame_for_ends_at_the_first_try(self, code: str) -> None:
        verdict = judge(ExtractionFailed(code, "Because."), document(), IngestionStage.PARSING)

        assert verdict.again_after_seconds is None
        assert (verdict.failure.code, verdict.failure.message) == (IngestionFailureCode(code), "Because.")
        assert (verdict.failure.is_retryable, verdict.failure.stage) == (False, IngestionStage.PARSING)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (TooManyChunks("40,001 passages"), IngestionFailureCode.TOO_LARGE_TO_PARSE),
            (EmbedderRejected("too long"), IngestionFailureCode.EMBEDDER_REJECTED),
            (BlobMissing("key"), IngestionFailureCode.INTERNAL),
        ],
    )
    def test_what_no_other_try_can_change_ends_at_the_first(self, error: Exception, code: IngestionFailureCode) -> None:
        verdict = judge(error, document(), IngestionStage.EMBEDDING)

        assert (verdict.failure.code, verdict.failure.is_retryable, verdict.again_after_seconds) == (code, False, None)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (IntegrityError("INSERT", None, Exception()), IngestionFailureCode.INTERNAL),
            (ZeroDivisionError(), IngestionFailureCode.INTERNAL),
            (
                ExtractionFailed("PARSER_TIMEOUT", "The server was too busy.", is_retryable=True),
                IngestionFailureCode.PARSER_TIMEOUT,
            ),
        ],
    )
    def test_what_may_pass_is_tried_five_times(self, error: Exception, code: IngestionFailureCode) -> None:
        back_offs = [
            judge(error, document(attempt=attempt), IngestionStage.EMBEDDING).again_after_seconds
            for attempt in range(1, ATTEMPTS_MAX + 1)
        ]

        assert back_offs == [1.0, 2.0, 4.0, 8.0, None]
        last = judge(error, document(attempt=ATTEMPTS_MAX), IngestionStage.EMBEDDING).failure
        assert (last.code, last.is_retryable) == (code, True)

    def test_what_the_service_or_its_settings_are_to_blame_for_is_worth_starting_again(self) -> None:
        error = EmbedderRejected("the embedding service answered 401 (invalid_api_key)", is_retryable=True)

        verdict = judge(error, document(), IngestionStage.EMBEDDING)

        assert (verdict.failure.code, verdict.failure.is_retryable) == (IngestionFailureCode.EMBEDDER_REJECTED, True)
        assert verdict.again_after_seconds is None
        assert verdict.failure.message == (
            "The embedding service cannot be used: the embedding service answered 401 (invalid_api_key). "
            "Ask whoever runs the server to see to it, then process the document again."
        )

    def test_what_nobody_foresaw_tells_nothing_of_itself(self) -> None:
        failure = judge(ValueError("secret words of the document"), document(), IngestionStage.PARSING).failure

        assert "secret" not in failure.message


class TestCrashes:
    def test_the_third_is_the_last(self) -> None:
        crash = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)

        verdicts = [judge(crash, document(crashes=crashes), IngestionStage.PARSING) for crashes in range(3)]

        assert [verdict.again_after_seconds for verdict in verdicts] == [1.0, 1.0, None]
        assert all(verdict.is_crash for verdict in verdicts)
        assert verdicts[2].failure.message.startswith("Reading the file ended its reader 3 times, so it is left alone.")


def waiting(seconds: float, *, attempt: int = 1) -> Document:
    """Return a document that was taken up so long after something went away."""
    return Document(
        id=uuid4(), attempt=attempt, crashes=0, outage_since=NOON, heartbeat_at=NOON + timedelta(seconds=seconds)
    )


class TestOutages:
    @pytest.mark.parametrize(
        ("error", "code", "away"),
        [
            (
                EmbedderUnavailable("the embedding service answered 503"),
                "EMBEDDER_UNAVAILABLE",
                "the embedding service is not available (the embedding service answered 503)",
            ),
            (BlobStoreAway(), "INTERNAL", "the store of files does not answer"),
            (BlobStoreAway(is_full=True), "INTERNAL", "the store of files has no room"),
            (OSError(errno.ENOSPC, "No space left"), "INTERNAL", "the server's disk is full"),
            (OSError(errno.EDQUOT, "Quota"), "INTERNAL", "the server's disk is full"),
            (DBAPIError("INSERT", None, asyncpg.DiskFullError("x")), "INTERNAL", "the database has no room"),
        ],
    )
    def test_a_quarter_of_an_hour_costs_no_attempt_and_then_says_what_was_away(
        self, error: Exception, code: str, away: str
    ) -> None:
        verdict = judge(error, document(attempt=ATTEMPTS_MAX), IngestionStage.EMBEDDING)
        late = judge(error, waiting(880.0), IngestionStage.EMBEDDING)

        assert (verdict.again_after_seconds, verdict.is_new_outage) == (1.0, True)
        assert verdict.waits_for == f"Waiting: {away}. It is tried again by itself for 15 minutes."
        assert (late.again_after_seconds, late.waits_for) == (None, None)
        assert (late.failure.code, late.failure.is_retryable) == (IngestionFailureCode(code), True)
        assert late.failure.message == (
            f"{away[0].upper()}{away[1:]}, and this has not passed within 15 minutes. "
            "Process the document again when it has."
        )

    def test_it_is_waited_as_long_again_as_before_up_to_a_minute(self) -> None:
        error, pauses, waited = EmbedderUnavailable("503"), [], 0.0
        while (pause := judge(error, waiting(waited), IngestionStage.EMBEDDING).again_after_seconds) is not None:
            pauses.append(pause)
            waited += pause

        assert pauses[:8] == [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
        assert set(pauses[8:]) == {60.0}
        assert 840 < waited <= 900

    def test_one_that_ended_meanwhile_does_not_count(self) -> None:
        verdict = judge(EmbedderUnavailable("503"), waiting(880.0), IngestionStage.EMBEDDING, has_advanced=True)

        assert (verdict.again_after_seconds, verdict.is_new_outage) == (1.0, True)

    @pytest.mark.parametrize(("asked_for", "waited"), [(None, 8.0), (0.1, 8.0), (30.0, 30.0), (600.0, 600.0)])
    def test_the_provider_is_never_asked_before_it_wants_to_be(self, asked_for: float | None, waited: float) -> None:
        error = EmbedderUnavailable("429", retry_after_seconds=asked_for)

        assert judge(error, waiting(8.0), IngestionStage.EMBEDDING).again_after_seconds == waited

    def test_who_is_to_come_back_tomorrow_is_told_so_at_once(self) -> None:
        verdict = judge(EmbedderUnavailable("429", retry_after_seconds=86_400), document(), IngestionStage.EMBEDDING)

        assert verdict.again_after_seconds is None
        assert (verdict.failure.code, verdict.failure.is_retryable) == (
            IngestionFailureCode.EMBEDDER_UNAVAILABLE,
            True,
        )
        assert verdict.failure.message == (
            "The embedding service wants to be left alone for 24 hours. Process the document again after that."
        )


class TestMessages:
    def test_what_a_provider_says_is_made_fit_to_be_stored(self) -> None:
        failure = judge(EmbedderRejected("a\0b\ud800c\n" + "x" * 5_000), document(), IngestionStage.EMBEDDING).failure

        assert failure.message.startswith("The embedding service refused this document's text: a b c xxx")
        assert len(failure.message) == 1_000
