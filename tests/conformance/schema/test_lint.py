"""graphql-eslint, with the rules that it recommends for schemas, for Relay and for operations."""

import json
from pathlib import Path

import pytest

from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS, NodeProject
from tests.conformance.schema.conftest import FOLDER
from tests.shared_data import PROJECT

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)


def lint(tools: NodeProject, folder: Path) -> dict[str, set[str]]:
    """Return the rules that each file breaks; a file that was not looked at is not among them."""
    names = ["lexora.graphql", *(f"operations/{path.name}" for path in (folder / "operations").glob("*.graphql"))]
    config = str(FOLDER / "eslint.config.mjs")
    done = tools.run("eslint", "--config", config, "--format=json", "--max-warnings=0", *names, folder=folder)
    assert done.returncode in {0, 1}, done.stderr
    return {
        Path(file["filePath"]).name: {str(message["ruleId"]).split("/")[-1] for message in file["messages"]}
        for file in json.loads(done.stdout)
    }


class TestTheContract:
    def test_is_clean(self, tools: NodeProject) -> None:
        folder = PROJECT / "schema"
        names = {"lexora.graphql", *(path.name for path in (folder / "operations").glob("*.graphql"))}

        assert lint(tools, folder) == {name: set() for name in names}


PLANTED = {
    "require-description": ("lexora.graphql", '"""An account, as its owner sees it."""', ""),
    "naming-convention": ("lexora.graphql", "EmptyFile", "EmptyFileType"),
    "no-typename-prefix": ("lexora.graphql", "  sha256:", "  documentSha256:"),
    "no-unreachable-types": (
        "lexora.graphql",
        '"""Models that a',
        '"""Told."""\n  x: Int\n}\ntype Lost {\n"""Models that a',
    ),
    "relay-arguments": ("lexora.graphql", "    after: String\n", "    later: String\n"),
    "relay-connection-types": ("lexora.graphql", "[ChunkEdge!]!", "ChunkEdge!"),
    "relay-edge-types": ("lexora.graphql", "  node: Chunk!", "  node: [Chunk!]!"),
    "relay-page-info": ("lexora.graphql", "  hasNextPage:", "  hasNext:"),
    "require-selections": ("fragments.graphql", "Cited on Message {\n  id", "Cited on Message {"),
    "no-unused-variables": ("accounts.graphql", "query Me {", "query Me($x: ID) {"),
}


class TestWhatIsPlanted:
    def test_is_found(self, tools: NodeProject, contract: Path) -> None:
        for name, old, new in PLANTED.values():
            [path] = contract.rglob(name)
            text = path.read_text(encoding="utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")

        found = lint(tools, contract)

        assert [rule for rule, (name, _, _) in PLANTED.items() if rule not in found[name]] == []
