"""Why a file could not be read, each with what a person can do about it."""

from lexora_gql.adapters.extraction.limits import CHARACTERS_MAX, PAGES_MAX, Limits
from lexora_gql.ports.text_extractor import ExtractionFailed


def encrypted(kind: str) -> ExtractionFailed:
    """Say that the file cannot be opened without a password."""
    message = f"The {kind} is protected with a password. Save a copy without the password and upload that."
    return ExtractionFailed("ENCRYPTED", message)


def corrupt(kind: str) -> ExtractionFailed:
    """Say that the file is damaged beyond what the readers can mend."""
    message = (
        f"The {kind} is damaged or incomplete. Open it in the program that made it, save it anew and upload that; "
        "if it does not open there either, get the file again."
    )
    return ExtractionFailed("CORRUPT", message)


def before_2007(kind: str, program: str, extension: str) -> ExtractionFailed:
    """Say that the file is in a format of old that goes by a new name."""
    message = f"The file is in {program}'s format of before 2007 ({extension}). Save it as {kind} and upload that."
    return ExtractionFailed("CORRUPT", message)


def scanned(pages: int) -> ExtractionFailed:
    """Say that a PDF has pages, but no text on any of them."""
    number = "its one page" if pages == 1 else f"any of its {pages:,} pages"
    message = (
        f"The PDF has no text on {number}: it probably holds scanned images. Run text recognition (OCR) over it and "
        'upload the result, or ask whoever runs this server for the extra "ocr" (OCR=auto), which reads such pages.'
    )
    return ExtractionFailed("NO_TEXT", message)


def pictured(kind: str, slides: int) -> ExtractionFailed:
    """Say that there are slides, with pictures, but without any text."""
    number = "its one slide" if slides == 1 else f"any of its {slides:,} slides"
    message = (
        f"The {kind} has no text on {number}: it probably holds pictures of text. Save it as PDF, run text recognition "
        "(OCR) over that and upload the result."
    )
    return ExtractionFailed("NO_TEXT", message)


def nothing_recognised(pages: int) -> ExtractionFailed:
    """Say that a PDF has pages without text, and that text recognition found none on them either."""
    number = "its one page" if pages == 1 else f"any of its {pages:,} pages"
    message = (
        f"The PDF has no text on {number}, and text recognition (OCR) found none that it could read. "
        "Check that it is the file you meant to upload; if it is, scan it anew, upright and with at least 200 dpi."
    )
    return ExtractionFailed("NO_TEXT", message)


def blank(kind: str) -> ExtractionFailed:
    """Say that the file is sound but holds no text."""
    return ExtractionFailed("NO_TEXT", f"The {kind} holds no text. Check that it is the file you meant to upload.")


def too_many_pages(kind: str, pages: int, what: str = "pages") -> ExtractionFailed:
    """Say that there are more pages than are read."""
    message = f"The {kind} has {pages:,} {what}; at most {PAGES_MAX:,} are read. Split it and upload the parts."
    return ExtractionFailed("TOO_MANY_PAGES", message)


def too_much_text() -> ExtractionFailed:
    """Say that there is more text than is read."""
    message = f"The file holds more than {CHARACTERS_MAX:,} characters of text. Split it and upload the parts."
    return ExtractionFailed("TOO_LARGE_TO_PARSE", message)


def too_much_unpacked(kind: str, what: str) -> ExtractionFailed:
    """Say that a container swells when it is unpacked."""
    message = f"The {kind} {what}. Remove embedded pictures and attachments, or split it, and upload the result."
    return ExtractionFailed("TOO_LARGE_TO_PARSE", message)


def out_of_memory(limits: Limits) -> ExtractionFailed:
    """Say that reading takes more memory than a file is given. Final: it would take as much again."""
    mebibytes = limits.memory_bytes // (1024 * 1024)
    message = f"Reading the file takes more than {mebibytes:,} MiB of memory. Split it, or export it anew more simply."
    return ExtractionFailed("TOO_LARGE_TO_PARSE", message)


def out_of_time(limits: Limits) -> ExtractionFailed:
    """Say that reading takes longer than a file is given. Final: it would take as long again."""
    message = (
        f"Reading the file takes more than {limits.cpu_seconds} seconds of computing "
        f"or {limits.wall_seconds:.0f} seconds in all. Split it, or export it anew more simply."
    )
    return ExtractionFailed("PARSER_TIMEOUT", message)


def starved(limits: Limits) -> ExtractionFailed:
    """Say that the time ran out while others had the processor. Worth trying again: the file had no part in it."""
    message = (
        f"The server was too busy to read the file within {limits.wall_seconds:.0f} seconds. "
        "Process it again when there is less to do."
    )
    return ExtractionFailed("PARSER_TIMEOUT", message, is_retryable=True)


def crashed() -> ExtractionFailed:
    """Say that the child ended without a word, or with words that make no sense."""
    message = "The file made its reader crash. It is tried again; if that fails, save the file anew and upload that."
    return ExtractionFailed("PARSER_CRASHED", message, is_retryable=True)


def unknown_type(media_type: str) -> ExtractionFailed:
    """Say that no reader knows this type."""
    message = (
        f"Files of type {media_type} cannot be read. Upload a PDF, DOCX, PPTX, HTML, Markdown, CSV or plain text file."
    )
    return ExtractionFailed("CORRUPT", message)
