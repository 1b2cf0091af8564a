"""What is committed: our own sources, and a lock that belongs to no registry."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, build_schema, parse, validate

from lexora_gql.transport.graphiql.bundle import SOURCES

SCHEMA = Path(__file__).parents[3] / "schema" / "lexora.graphql"
OPERATIONS = sorted(SOURCES.glob("operations/*.graphql"))


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
    def test_each_of_the_first_tabs_is_right_for_the_schema(self, path: Path) -> None:
        if not SCHEMA.exists():
            pytest.skip("schema/lexora.graphql has not been exported")
        assert problems(path, SCHEMA) == []

    @pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
    def test_its_comments_can_be_read_without_scrolling(self, path: Path) -> None:
        assert [line for line in path.read_text().splitlines() if line.startswith("#") and len(line) > 54] == []


def problems(path: Path, schema: Path) -> list[GraphQLError]:
    return validate(build_schema(schema.read_text()), parse(path.read_text()))
