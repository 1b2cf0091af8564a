"""What is committed: our own sources, and a lock that belongs to no registry."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, parse, validate

from lexora_gql.transport.graphiql.bundle import SOURCES

SCHEMA = Path(__file__).parents[3] / "schema" / "lexora.graphql"
EXAMPLES = sorted(SOURCES.glob("operations/*.graphql"))
OPERATIONS = [*EXAMPLES, *sorted(SOURCES.glob("panels/*.graphql"))]


def packages() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    return found


class TestLock:
    def test_no_package_is_bound_to_a_host(self) -> None:
        """What is paid to whom may be anywhere; where packages come from is for each to set."""
        bound = {
            name: {key: value for key, value in package.items() if key != "funding" and "://" in json.dumps(value)}
            for name, package in packages().items()
        }

        assert {name: found for name, found in bound.items() if found} == {}

    def test_every_package_is_pinned_by_its_hash(self) -> None:
        loose = [name for name, package in packages().items() if name and not package.get("integrity")]

        assert (len(packages()) > 50, loose) == (True, [])

    def test_a_new_lock_will_name_no_host_either(self) -> None:
        assert "omit-lockfile-registry-resolved=true" in (SOURCES / ".npmrc").read_text().splitlines()


class TestOperations:
    @pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
    def test_each_is_right_for_the_schema(self, path: Path) -> None:
        if not SCHEMA.exists():
            pytest.skip("schema/lexora.graphql has not been exported")
        assert problems(path, SCHEMA) == []

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_its_comments_fit_beside_an_open_panel(self, path: Path) -> None:
        assert [line for line in path.read_text().splitlines() if line.startswith("#") and len(line) > 40] == []

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_each_example_has_one_operation_with_a_name(self, path: Path) -> None:
        [operation] = parse(path.read_text()).definitions

        assert isinstance(operation, OperationDefinitionNode)
        assert operation.name is not None
        assert path.stem.replace("-", "") == operation.name.value.lower()

    def test_one_that_asks_for_what_is_not_there_is_found(self, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.graphql"
        wrong.write_text("mutation Logout { logout { sessionsEnded } }")

        assert len(problems(wrong, SCHEMA)) == 1


def problems(path: Path, schema: Path) -> list[GraphQLError]:
    return validate(build_schema(schema.read_text()), parse(path.read_text()))
