"""What can be wrong with an upload or a document."""

from collections.abc import Sequence

from lexora_gql.errors import DomainError


class FileTooLarge(DomainError):
    """The file is larger than this server takes."""

    code = "FILE_TOO_LARGE"

    def __init__(self, *, byte_size: int | None, max_bytes: int) -> None:
        has = f"has {byte_size:,} bytes" if byte_size is not None else "is larger than that"
        super().__init__(f"The file {has}; at most {max_bytes:,} bytes are taken.", path=("file",))
        self.byte_size = byte_size
        self.max_bytes = max_bytes


# Word's and PowerPoint's formats of before 2007.
_TO_DO = {"application/x-ole-storage": " Save a .doc as DOCX, a .ppt as PPTX, and upload that."}


class UnsupportedFileType(DomainError):
    """The file is of a type that cannot be read."""

    code = "UNSUPPORTED_FILE_TYPE"

    def __init__(self, *, detected: str | None, accepted: Sequence[str]) -> None:
        to_do = _TO_DO.get(detected or "", "")
        what = f"looks like {detected}" if detected else "is of no type known here"
        super().__init__(f"The file's content {what}; accepted are {', '.join(accepted)}.{to_do}", path=("file",))
        self.detected = detected
        self.accepted = tuple(accepted)


class EmptyFile(DomainError):
    """The file has no bytes."""

    code = "EMPTY_FILE"


class LeaseLost(Exception):
    """Somebody else has the document now, or it is gone; what was done is rolled back."""


class EmbedderChanged(Exception):
    """Other vectors serve than those that were made; what was done is rolled back."""
