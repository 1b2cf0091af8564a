"""ariadne-codegen: the Python client that it makes of the schema is what `mypy --strict` takes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS
from tests.conformance.python_environment import environment_of
from tests.conformance.schema.conftest import FOLDER
from tests.shared_data import PROJECT

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)

BASE = "async_base_client.py"
APPLICATION = """
from datetime import datetime
from io import BytesIO

from lexora_client import Lexora, Upload, UploadDocumentInput
from lexora_client.answer import AnswerAnswerAnswerText
from lexora_client.enums import DocumentStatus
from lexora_client.upload_document import UploadDocumentUploadDocumentDocumentAccepted


async def follow(client: Lexora, message_id: str) -> str:
    text = ""
    async for event in client.answer(message_id, after=None):
        if isinstance(event.answer, AnswerAnswerAnswerText):
            text = text[: event.answer.offset] + event.answer.text
    return text


async def upload(client: Lexora, content: bytes) -> tuple[str, DocumentStatus, int, datetime]:
    file = Upload(filename="a.txt", content=BytesIO(content), content_type="text/plain")
    taken = (await client.upload_document(UploadDocumentInput(file=file, tags=["a"]))).upload_document
    if not isinstance(taken, UploadDocumentUploadDocumentDocumentAccepted):
        raise ValueError(taken.code, taken.message)
    return taken.document.id, taken.document.status, taken.document.byte_size, taken.document.created_at


async def changed(client: Lexora) -> list[str]:
    return [event.document_events.cursor async for event in client.document_events()]
"""


@pytest.fixture(scope="session")
def commands() -> Path:
    """Return the folder with the generator's commands."""
    return environment_of(PROJECT / "ops" / "requirements-codegen.lock")


def generate(commands: Path, contract: Path) -> Path:
    """Return a folder with the client and an application that uses it."""
    folder = Path(shutil.copytree(FOLDER / "ariadne", contract.parent / "ariadne"))
    (folder / "schema").symlink_to(contract)
    command = [str(commands / "ariadne-codegen"), "--config", "ariadne.toml"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    return folder


def type_check(commands: Path, folder: Path) -> str:
    """Return what mypy says of the client and the application, one line for each thing that is wrong."""
    options = ["--strict", "--config-file=mypy.ini", f"--python-executable={commands / 'python'}", "--no-error-summary"]
    options.append(f"--cache-dir={commands.parent / '.mypy_cache'}")
    command = [sys.executable, "-m", "mypy", *options, "lexora_client", "application.py"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=100).stdout


class TestAClientInPython:
    def test_is_what_a_strict_type_checker_takes(self, commands: Path, contract: Path) -> None:
        folder = generate(commands, contract)

        assert type_check(commands, folder) == ""
        # What the checker overlooks there says nothing of our schema.
        [shipped] = commands.parent.rglob(f"ariadne_codegen/client_generators/dependencies/{BASE}")
        assert (folder / "lexora_client" / BASE).read_text().endswith(shipped.read_text())

    def test_is_made_of_the_schema_that_it_is_given(self, commands: Path, contract: Path) -> None:
        path = contract / "lexora.graphql"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("  offset: Int!\n", "  offset: String!\n"), encoding="utf-8")

        complaints = type_check(commands, generate(commands, contract)).splitlines()

        assert [line.split(":")[0] for line in complaints] == ["application.py"]
