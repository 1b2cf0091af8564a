"""What becomes of a document after an error: another try, or an end with a reason that a person can act on."""

import errno
import math
from dataclasses import dataclass, replace
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, IntegrityError

from lexora_gql.documents.leases import WAITING, Failure
from lexora_gql.documents.models import Document, IngestionFailureCode, IngestionStage
from lexora_gql.documents.splitting import TooManyChunks
from lexora_gql.ports.blob_store import BlobMissing, BlobStoreAway
from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable
from lexora_gql.ports.text_extractor import ExtractionFailed

ATTEMPTS_MAX = 5
CRASHES_MAX = 3
BACK_OFF_SECONDS_MAX = 60.0
# So long something that the document cannot help may be away: restarts and updates of services are over by then.
OUTAGE_SECONDS_MAX = 900.0
FOREVER_SECONDS = 30 * 86_400.0
MESSAGE_CHARACTERS_MAX = 1_000
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# PostgreSQL's class of insufficient resources: a full disk, no memory.
INSUFFICIENT_RESOURCES = "53"


class Hope(Enum):
    """What another try of the server's own may change."""

    NONE = auto()
    FEW_TRIES = auto()
    OUTAGE = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a document that could not be read this time.

    Attributes:
        failure: The reason, if this was the last try.
        again_after_seconds: When to try again, where it is worth it and tries are left.
        is_crash: The parser crashed, which counts by itself.
        waits_for: Where the try costs no attempt: what the document waits for, in a sentence for its reader.
        is_new_outage: The outage began with this try.
    """

    failure: Failure
    again_after_seconds: float | None = None
    is_crash: bool = False
    waits_for: str | None = None
    is_new_outage: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a reading failed.

    Attributes:
        is_retryable: Whether it is worth starting again by hand.
        away: What is away, where that is it.
    """

    code: IngestionFailureCode
    message: str
    is_retryable: bool
    hope: Hope
    away: str = ""


def judge(error: Exception, document: Document, stage: IngestionStage, *, has_advanced: bool = False) -> Verdict:
    """Decide what becomes of a document after an error; back-off doubles from one second to sixty.

    Args:
        error: What went wrong.
        document: As it was taken up.
        stage: What was being done.
        has_advanced: It came further than ever before, so that an outage that was going on had ended meanwhile.
    """
    reason = reason_of(error)
    failure = Failure(reason.code, storable(reason.message), reason.is_retryable, stage)
    back_off = min(2.0 ** max(document.attempt - 1, 0), BACK_OFF_SECONDS_MAX)
    if reason.code is IngestionFailureCode.PARSER_CRASHED:
        is_last = document.crashes + 1 >= CRASHES_MAX
        return Verdict(_quarantined(failure) if is_last else failure, None if is_last else back_off, is_crash=True)
    if reason.hope is Hope.OUTAGE:
        wanted = error.retry_after_seconds if isinstance(error, EmbedderUnavailable) else None
        return _during_outage(reason, failure, document, wanted or 0.0, is_new=has_advanced)
    if reason.hope is Hope.NONE or document.attempt >= ATTEMPTS_MAX:
        return Verdict(failure)
    return Verdict(failure, back_off)


def storable(message: str) -> str:
    """Return a message that PostgreSQL can keep: providers and files have their say in it, at any length."""
    return "".join(c if c.isprintable() else " " for c in message[:MESSAGE_CHARACTERS_MAX])


def reason_of(error: Exception) -> Reason:
    """Put an error into words."""
    codes = IngestionFailureCode
    match error:
        case ExtractionFailed():
            is_starved = error.is_retryable and error.code == codes.PARSER_TIMEOUT
            hope = Hope.FEW_TRIES if is_starved else Hope.NONE
            return Reason(codes(error.code), error.message, error.is_retryable, hope)
        case TooManyChunks():
            return _final(codes.TOO_LARGE_TO_PARSE, str(error))
        case EmbedderRejected(is_retryable=True):
            advice = "Ask whoever runs the server to see to it, then process the document again."
            message = f"The embedding service cannot be used: {error}. {advice}"
            return Reason(codes.EMBEDDER_REJECTED, message, is_retryable=True, hope=Hope.NONE)
        case EmbedderRejected():
            advice = "Ask whoever runs the server: another embedding model may take it."
            return _final(
                codes.EMBEDDER_REJECTED, f"The embedding service refused this document's text: {error}. {advice}"
            )
        case BlobMissing():
            return _final(codes.INTERNAL, "The stored file is missing. Delete the document and upload it again.")
    return _outage(error) or _surprise(error)


def _surprise(error: Exception) -> Reason:
    message = "Something unexpected went wrong on the server; its log says what. Process the document again."
    if isinstance(error, IntegrityError):
        message = "The document changed while it was read. Process it again."
    return Reason(IngestionFailureCode.INTERNAL, message, is_retryable=True, hope=Hope.FEW_TRIES)


def _outage(error: Exception) -> Reason | None:
    """Return what is away, where the document cannot help it."""
    code = IngestionFailureCode.INTERNAL
    match error:
        case EmbedderUnavailable():
            code, away = IngestionFailureCode.EMBEDDER_UNAVAILABLE, f"the embedding service is not available ({error})"
        case BlobStoreAway(is_full=True):
            away = "the store of files has no room"
        case BlobStoreAway():
            away = "the store of files does not answer"
        case OSError() if error.errno in FULL:
            away = "the server's disk is full"
        case DBAPIError() if str(getattr(error.orig, "sqlstate", "")).startswith(INSUFFICIENT_RESOURCES):
            away = "the database has no room"
        case _:
            return None
    message = f"{away[0].upper()}{away[1:]}, and this has not passed within {OUTAGE_SECONDS_MAX / 60:.0f} minutes. "
    return Reason(code, f"{message}Process the document again when it has.", True, Hope.OUTAGE, away)  # noqa: FBT003  # fields in their order


def _during_outage(reason: Reason, failure: Failure, document: Document, wanted: float, *, is_new: bool) -> Verdict:
    """Wait as long again as was waited already, or as the provider wants it; too long an outage ends it."""
    waited = 0.0
    if document.outage_since is not None and document.heartbeat_at is not None and not is_new:
        waited = (document.heartbeat_at - document.outage_since).total_seconds()
    pause = max(min(max(waited, 1.0), BACK_OFF_SECONDS_MAX), wanted)
    if wanted > OUTAGE_SECONDS_MAX:
        hours = math.ceil(min(wanted, FOREVER_SECONDS) / 3600)
        asked = "an hour" if hours == 1 else f"{hours} hours"
        message = f"The embedding service wants to be left alone for {asked}. Process the document again after that."
        return Verdict(replace(failure, message=message))
    if waited + pause > OUTAGE_SECONDS_MAX:
        return Verdict(failure)
    minutes = f"{OUTAGE_SECONDS_MAX / 60:.0f} minutes"
    note = storable(f"{WAITING}{reason.away}. It is tried again by itself for {minutes}.")
    return Verdict(failure, pause, waits_for=note, is_new_outage=waited == 0.0)


def _quarantined(failure: Failure) -> Failure:
    message = (
        f"Reading the file ended its reader {CRASHES_MAX} times, so it is left alone. Save it anew in the program that "
        "made it and upload that. To process it again helps only where the server was short of memory, or was updated."
    )
    return replace(failure, message=message)


def _final(code: IngestionFailureCode, message: str) -> Reason:
    return Reason(code, message, is_retryable=False, hope=Hope.NONE)
