"""The tools, installed once."""

import shutil
from pathlib import Path

import pytest

from tests.conformance.node_project import NodeProject, prepared
from tests.shared_data import PROJECT

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def tools() -> NodeProject:
    """Return the schema tools of the npm registry."""
    return prepared(FOLDER)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """Return a copy of the contract's folder, to be altered at will."""
    return Path(shutil.copytree(PROJECT / "schema", tmp_path / "schema"))
