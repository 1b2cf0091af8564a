"""What becomes of a document after an error: another try, or an end with a reason that a person can act on."""

import errno
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from lexora_gql.documents.leases import Failure
from lexora_gql.documents.models import Document, IngestionFailureCode, IngestionStage
from lexora_gql.documents.splitting import TooManyChunks
from lexora_gql.ports.blob_store import BlobMissing
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.text_extractor import ExtractionFailed

ATTEMPTS_MAX = 5
CRASHES_MAX = 3
BACK_OFF_SECONDS_MAX = 60.0
MESSAGE_CHARACTERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a document that could not be read this time.

    Attributes:
        failure: The reason, if this was the last try.
        again_after_seconds: When to try again, where it is worth it and tries are left.
        is_crash: The parser crashed, which counts by itself.
    """

    failure: Failure
    again_after_seconds: float | None = None
    is_crash: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a reading failed, and whether another try of the server's own is worth it."""

    code: IngestionFailureCode
    message: str
    is_retryable: bool
    is_passing: bool


def judge(error: Exception, document: Document, stage: IngestionStage) -> Verdict:
    """Decide what becomes of a document after an error; back-off doubles from one second to sixty."""
    reason = reason_of(error)
    failure = Failure(reason.code, storable(reason.message), reason.is_retryable, stage)
    back_off = min(2.0 ** max(document.attempt - 1, 0), BACK_OFF_SECONDS_MAX)
    if reason.code is IngestionFailureCode.PARSER_CRASHED:
        is_last = document.crashes + 1 >= CRASHES_MAX
        return Verdict(failure, None if is_last else back_off, is_crash=True)
    if not reason.is_passing or document.attempt >= ATTEMPTS_MAX:
        return Verdict(failure)
    if isinstance(error, EmbedderUnavailable):
        back_off = max(back_off, min(error.retry_after_seconds or 0.0, BACK_OFF_SECONDS_MAX))
    return Verdict(failure, back_off)


def storable(message: str) -> str:
    """Return a message that PostgreSQL can keep: providers and files have their say in it, at any length."""
    return "".join(c if c.isprintable() else " " for c in message[:MESSAGE_CHARACTERS_MAX])


def reason_of(error: Exception) -> Reason:
    """Put an error into words."""
    codes = IngestionFailureCode
    match error:
        case ExtractionFailed():
            return Reason(codes(error.code), error.message, is_retryable=error.is_retryable, is_passing=False)
        case TooManyChunks():
            return _final(codes.TOO_LARGE_TO_PARSE, str(error))
        case EmbedderRejected():
            return _final(codes.EMBEDDER_REJECTED, f"The embedding service refused this document's text: {error}")
        case BlobMissing():
            return _final(codes.INTERNAL, "The stored file is missing. Delete the document and upload it again.")
    return _passing_reason(error)


def _passing_reason(error: Exception) -> Reason:
    codes = IngestionFailureCode
    match error:
        case EmbedderUnavailable():
            code = codes.EMBEDDER_UNAVAILABLE
            message = "The embedding service did not answer. Process the document again when it is back."
        case IntegrityError():
            code, message = codes.INTERNAL, "The document changed while it was read. Process it again."
        case OSError() if error.errno == errno.ENOSPC:
            code = codes.INTERNAL
            message = "The server's disk is full. Process the document again when there is room."
        case _:
            code = codes.INTERNAL
            message = "Something unexpected went wrong on the server; its log says what. Process the document again."
    return Reason(code, message, is_retryable=True, is_passing=True)


def _final(code: IngestionFailureCode, message: str) -> Reason:
    return Reason(code, message, is_retryable=False, is_passing=False)
