"""Folders for servers, and processes that are surely gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """A short, plain folder that every user can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="lxt-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_root() -> None:
    """Skip the test unless it is run by root."""
    if os.geteuid() != 0:
        pytest.skip("only root runs servers as another user")
