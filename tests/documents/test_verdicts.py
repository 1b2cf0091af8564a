import errno
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from lexora_gql.documents.models import Document, IngestionFailureCode, IngestionStage
from lexora_gql.documents.splitting import TooManyChunks
from lexora_gql.documents.verdicts import ATTEMPTS_MAX, judge
from lexora_gql.ports.blob_store import BlobMissing
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.text_extractor import ExtractionFailed

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
            (EmbedderUnavailable("503"), IngestionFailureCode.EMBEDDER_UNAVAILABLE),
            (OSError(errno.ENOSPC, "No space left"), IngestionFailureCode.INTERNAL),
            (IntegrityError("INSERT", None, Exception()), IngestionFailureCode.INTERNAL),
            (ZeroDivisionError(), IngestionFailureCode.INTERNAL),
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

    def test_a_full_disk_is_named(self) -> None:
        failure = judge(OSError(errno.ENOSPC, "No space left"), document(), IngestionStage.PARSING).failure

        assert failure.message.startswith("The server's disk is full.")

    def test_what_nobody_foresaw_tells_nothing_of_itself(self) -> None:
        failure = judge(ValueError("secret words of the document"), document(), IngestionStage.PARSING).failure

        assert "secret" not in failure.message


class TestCrashes:
    def test_the_third_is_the_last(self) -> None:
        crash = ExtractionFailed("PARSER_CRASHED", "It crashed.", is_retryable=True)

        verdicts = [judge(crash, document(crashes=crashes), IngestionStage.PARSING) for crashes in range(3)]

        assert [verdict.again_after_seconds for verdict in verdicts] == [1.0, 1.0, None]
        assert all(verdict.is_crash for verdict in verdicts)


class TestBackOff:
    @pytest.mark.parametrize(
        ("asked_for", "attempt", "waited"),
        [(None, 1, 1.0), (7.5, 1, 7.5), (0.1, 4, 8.0), (86_400.0, 1, 60.0)],
    )
    def test_the_provider_s_wish_counts_up_to_a_minute(
        self, asked_for: float | None, attempt: int, waited: float
    ) -> None:
        error = EmbedderUnavailable("429", retry_after_seconds=asked_for)

        assert judge(error, document(attempt=attempt), IngestionStage.EMBEDDING).again_after_seconds == waited


class TestMessages:
    def test_what_a_provider_says_is_made_fit_to_be_stored(self) -> None:
        failure = judge(EmbedderRejected("a\0b\ud800c\n" + "x" * 5_000), document(), IngestionStage.EMBEDDING).failure

        assert failure.message.startswith("The embedding service refused this document's text: a b c xxx")
        assert len(failure.message) == 1_000
