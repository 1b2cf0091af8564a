"""Where the real and the hostile documents are, which are not part of the project."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("LEXORA_SHARED_DATA") or PROJECT.parent / "shared" / "data")


def require_shared_data(*parts: str) -> Path:
    """Return a file or folder of the shared data, or skip the test where it is absent.

    Args:
        parts: The path below the shared data, such as "docs", "manifest.csv".
    """
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent; set LEXORA_SHARED_DATA to the folder of the shared data")
    return path
