"""What goes wrong with a folder or a bucket, in the words of the port."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from lexora_gql.ports.blob_store import BlobStoreAway

# RLIMIT_FSIZE and file systems that take no files so large say EFBIG.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def folder_errors() -> Iterator[None]:
    """Say BlobStoreAway for whatever the operating system says, but that a file is not there."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise BlobStoreAway(is_full=error.errno in FULL) from error


@contextmanager
def bucket_errors() -> Iterator[None]:
    """Say BlobStoreAway for whatever obstore says; that an object is not there is FileNotFoundError."""
    try:
        yield
    except BaseError as error:
        raise BlobStoreAway from error
