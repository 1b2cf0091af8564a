"""`lexora reindex`, killed as often as one likes, and what `lexora doctor` says of stored vectors."""

import re
import signal
from pathlib import Path

import pytest

from lexora_gql.documents.models import ChunkVector
from lexora_gql.storage.database import Database
from tests.documents.generations.house import OLD, House, new
from tests.terminal.running_server import lexora, start_command

WORDLLAMA = "wordllama:l2_supercat:256"
DOCUMENTS = 100


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """Short leases, so that what a killed process held is soon taken up; small batches, so that the work takes long."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret of the tests, 32 bytes or more",
        "DATA_DIR": str(tmp_path),
        "PORT": "1",
        "EMBEDDING_BATCH_SIZE": "1",
        "LEASE_SECONDS": "1",
        "LEASE_RENEWAL_SECONDS": "0.5",
    }


async def said_of_vectors(environment: dict[str, str]) -> str:
    done = await lexora("doctor", environment=environment)
    [line] = [line for line in done.output.splitlines() if ": Vectors: " in line]
    return line


class TestTheCommand:
    async def test_killed_in_the_middle_it_goes_on_where_it_was(
        self, database: Database, environment: dict[str, str]
    ) -> None:
        house = House.over(database)
        await house.filled(await house.library.reader(), DOCUMENTS)
        process = await start_command("reindex", "--wait", environment=environment)
        assert process.stdout is not None
        shown = [int(re.findall(r"(\d+) of", (await process.stdout.readline()).decode())[0]) for _ in range(3)]
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        made = await house.counted(ChunkVector)
        assert shown[0] == 0 < shown[1] < shown[2] <= made < DOCUMENTS
        assert await house.generations() == [(1, OLD)]

        alone = await lexora("reindex", environment=environment)
        joined = await lexora("reindex", "--wait", environment=environment)

        assert (alone.code, alone.errors) == (1, "lexora: A reindex is under way.\n")
        assert (joined.code, joined.errors) == (0, "")
        lines = joined.output.splitlines()
        assert lines[-2:] == [f"{WORDLLAMA}: {DOCUMENTS} of {DOCUMENTS} passages", "Searches go by the new vectors."]
        assert int(lines[0].split()[1]) >= shown[2]
        assert await house.generations() == [(1, OLD), (2, WORDLLAMA)]

    async def test_without_waiting_it_is_left_to_the_workers(
        self, database: Database, environment: dict[str, str]
    ) -> None:
        house = House.over(database)
        await house.filled(await house.library.reader(), 2)
        done = await lexora("reindex", environment=environment)
        assert (done.code, done.output.splitlines()) == (
            0, [f"{WORDLLAMA}: 0 of 2 passages", "The workers are at it from now on."]
        )  # fmt: skip
        assert await house.generations() == [(1, OLD)]


class TestTheDoctor:
    async def test_it_says_whose_vectors_serve_and_what_to_do(
        self, database: Database, environment: dict[str, str]
    ) -> None:
        house = House.over(database)
        viewer = await house.library.reader()
        assert await said_of_vectors(environment) == f"ok: Vectors: 0 passages, all with those of {WORDLLAMA}"

        await house.filled(viewer, 2)
        assert await said_of_vectors(environment) == (
            f"warning: Vectors: are of {OLD}, {WORDLLAMA} is set; searches go by wording only: run `lexora reindex`"
        )

        assert (await lexora("reindex", "--wait", environment=environment)).code == 0
        assert await said_of_vectors(environment) == f"ok: Vectors: 2 passages, all with those of {WORDLLAMA}"

        await house.library.document(viewer, "The canteen is closed.", embedder=new())
        assert await said_of_vectors(environment) == (
            f"warning: Vectors: 1 of 3 passages lack those of {WORDLLAMA}, and are found by wording only: "
            "run `lexora reindex`"
        )

    async def test_a_former_embedder_that_can_be_had_still_serves(
        self, database: Database, environment: dict[str, str]
    ) -> None:
        house = House.over(database)
        await house.filled(await house.library.reader(), 1)
        await lexora("reindex", "--wait", environment=environment)
        other = {"OPENAI_EMBEDDING_MODEL": "some-model", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
        assert await said_of_vectors(environment | other) == (
            f"warning: Vectors: are of {WORDLLAMA}, openai:some-model:default is set; searches still go by them: "
            "run `lexora reindex`"
        )
