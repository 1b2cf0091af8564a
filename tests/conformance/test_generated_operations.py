"""Five hundred operations that schemathesis makes of the schema, right ones and wrong ones, over what is somebody's."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from graphql import (
    ArgumentNode,
    IntValueNode,
    ListValueNode,
    ObjectFieldNode,
    StringValueNode,
    ValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes, scalar
from schemathesis.schemas import APIOperation

from lexora_gql.storage.database import Database
from tests.conformance.answers import codes_of, faults_of
from tests.conformance.furnished import Furnished, furnish
from tests.database import empty
from tests.shared_data import PROJECT
from tests.transport.api import Api

SEED = 20_261_122
EXAMPLES = 10
"""Of each root field, right and wrong."""
COUNT = 500
Operation = APIOperation[Any, Any, Any, Any]
LAST = ("deleteDocument", "deleteConversation", "deleteCollection", "logout")
"""After them there is nothing left to work on."""

scalar("DateTime", st.datetimes().map(lambda moment: nodes.String(f"{moment.isoformat()}Z")))
scalar("Long", st.integers().map(nodes.Int))
scalar("Upload", st.text(max_size=5).map(nodes.String))


class Furnishing(Visitor):
    """Puts what is there where an operation asks for something: ids, cursors, sizes of pages."""

    def __init__(self, furnished: Furnished, rng: random.Random) -> None:
        super().__init__()
        self._furnished = furnished
        self._rng = rng

    def enter_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode | None:
        """Replace the value of an argument."""
        value = self._value(node.name.value)
        return ArgumentNode(name=node.name, value=value) if value is not None else None

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> ObjectFieldNode | None:
        """Replace the value of a field of an object."""
        value = self._value(node.name.value)
        return ObjectFieldNode(name=node.name, value=value) if value is not None else None

    def _value(self, name: str) -> ValueNode | None:
        rng = self._rng
        ids = sorted(self._furnished.ids.values())
        if name == "id" or name.endswith("Id"):
            return StringValueNode(value=rng.choice(ids))
        if name == "ids" or name.endswith("Ids"):
            return ListValueNode(values=tuple(StringValueNode(value=each) for each in rng.sample(ids, 3)))
        if name in {"after", "before"} and rng.random() < 0.5:
            return StringValueNode(value=rng.choice(self._furnished.cursors))
        if name in {"first", "last", "start", "end"}:
            return IntValueNode(value=str(rng.randint(0, 5)))
        return None


def made(operation: Operation, mode: GenerationMode) -> list[str]:
    """Return documents of one root field, always the same."""
    documents: list[str] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: schemathesis.Case[Any]) -> None:
        documents.append(str(case.body))

    collect()
    return documents


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, str]]:
    """Root fields with operations on them, those that leave nothing behind last."""
    schema = schemathesis.graphql.from_path(PROJECT / "schema" / "lexora.graphql")
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    found = [
        (operation.label.partition(".")[2], document)
        for operation in operations
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for document in made(operation, mode)
    ]
    return sorted(found, key=lambda each: LAST.index(each[0]) if each[0] in LAST else -1)


@pytest.fixture(scope="module")
async def furnished(shared_api: Api, session_database: Database) -> AsyncIterator[Furnished]:
    """Somebody with something of everything."""
    await empty(session_database)
    yield await furnish(shared_api, "generated@example.org")
    await empty(session_database)


class TestGeneratedOperations:
    async def test_each_is_answered_in_the_contracts_words(
        self, documents: list[tuple[str, str]], furnished: Furnished
    ) -> None:
        print(f"seed {SEED}, {len(documents)} operations")
        rng, codes, faults = random.Random(SEED), Counter[str](), []
        for number, (_, document) in enumerate(documents):
            if number % 2:
                document = print_ast(visit(parse(document), Furnishing(furnished, rng)))  # noqa: PLW2901  # another of it
            response = await furnished.reader.send(document)
            codes.update(codes_of(response) or ["data"])
            faults += [f"{fault}\n{document}" for fault in faults_of(response)]
        print(codes)

        assert faults == []
        assert len(documents) >= COUNT
        # Operations that are all refused would show nothing of what lies behind.
        assert codes["data"] > COUNT // 4
