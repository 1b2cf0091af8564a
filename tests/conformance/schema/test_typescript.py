"""Relay's compiler and graphql-codegen: what they make of the schema is what `tsc --strict` takes."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS, NodeProject
from tests.conformance.schema.conftest import FOLDER

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)


def application(name: str, tools: NodeProject, contract: Path) -> Path:
    """Return a folder with an application's sources, the packages and the contract."""
    folder = Path(shutil.copytree(FOLDER / name, contract.parent / name))
    (folder / "node_modules").symlink_to(tools.folder / "node_modules")
    (folder / "schema").symlink_to(contract)
    return folder


def alter(contract: Path, old: str, new: str) -> None:
    """Replace words of the schema."""
    path = contract / "lexora.graphql"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def type_check(tools: NodeProject, folder: Path) -> str:
    """Return what the compiler complains about; its settings are in the folder's tsconfig.json."""
    done = tools.run("tsc", "--strict", "--noEmit", "--project", ".", folder=folder)
    assert (done.returncode == 0) == (done.stdout == ""), done
    return done.stdout


class TestRelay:
    def compile(self, tools: NodeProject, folder: Path) -> subprocess.CompletedProcess[str]:
        return tools.run("relay-compiler", "relay.config.json", folder=folder)

    def test_compiles_components_with_lists_uploads_and_subscriptions(self, tools: NodeProject, contract: Path) -> None:
        folder = application("relay", tools, contract)

        done = self.compile(tools, folder)

        assert (done.returncode, "ERROR" in done.stderr, "WARN" in done.stderr) == (0, False, False), done.stderr
        assert {path.name.split(".")[0] for path in (folder / "__generated__").iterdir()} == {
            "DocumentListDeletionMutation",
            "DocumentListPaginationQuery",
            "DocumentListUploadMutation",
            "DocumentList_query",
            "DocumentList_row",
            "ThreadAnswerSubscription",
            "ThreadPaginationQuery",
            "ThreadQuery",
            "Thread_conversation",
            "Thread_message",
        }
        assert type_check(tools, folder) == ""

    @pytest.mark.parametrize(
        ("old", "new", "complaint"),
        [
            ("\n  endCursor: String\n", "\n  last: String\n", "endCursor"),
            ("type Conversation implements Node", "type Conversation", "Conversation"),
            (
                "union DeleteDocumentResult = DocumentErased | NotFound",
                "union DeleteDocumentResult = DocumentErased",
                "NotFound",
            ),
        ],
    )
    def test_refuses_a_schema_that_is_not_as_relay_wants_it(
        self, tools: NodeProject, contract: Path, old: str, new: str, complaint: str
    ) -> None:
        alter(contract, old, new)

        done = self.compile(tools, application("relay", tools, contract))

        assert done.returncode != 0
        assert complaint in done.stdout + done.stderr


class TestCodegen:
    def generate(self, tools: NodeProject, folder: Path) -> None:
        done = tools.run("graphql-codegen", "--config", "codegen.yml", "--silent", folder=folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_makes_types_that_hold(self, tools: NodeProject, contract: Path) -> None:
        folder = application("codegen", tools, contract)

        self.generate(tools, folder)

        assert type_check(tools, folder) == ""
        # What the schema has no type for would be anything at all.
        assert ": any" not in (folder / "operations.ts").read_text() + (folder / "schema-types.ts").read_text()

    def test_makes_types_of_the_schema_that_it_is_given(self, tools: NodeProject, contract: Path) -> None:
        alter(contract, "  byteSize: Long!\n", "  byteSize: String!\n")
        folder = application("codegen", tools, contract)

        self.generate(tools, folder)

        assert "uses.ts(" in type_check(tools, folder)
