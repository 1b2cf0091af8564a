import re
import shutil
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from lexora_gql.transport.graphql.schema import export_sdl
from tests.database import create_database
from tests.shared_data import PROJECT
from tests.terminal.running_server import lexora, start_command

SECRET = "a secret of the tests, 32 bytes or more"
CANARY = "canary-of-the-tests"


class TestExportingTheSchema:
    async def test_it_is_printed(self) -> None:
        done = await lexora("export-schema")

        assert (done.code, done.output) == (0, export_sdl())

    async def test_the_checkout_holds_what_the_server_offers(self) -> None:
        done = await lexora("export-schema", "--check")

        assert (done.code, done.errors) == (0, "")
        # What may surprise clients is said, and is no difference.
        assert all(line.startswith("Worth a line in ") for line in done.output.splitlines())

    async def test_a_file_that_differs_is_shown_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "lexora.graphql"
        path.write_text(export_sdl().replace("type Query", "type Question"), encoding="utf-8")

        done = await lexora("export-schema", "--check", str(path))

        assert done.code == 1
        assert {"-type Question {", "+type Query {"} <= set(done.output.splitlines())
        assert "type Question" in path.read_text(encoding="utf-8")
        assert (await lexora("export-schema", str(path))).code == 0
        assert (await lexora("export-schema", "--check", str(path))).code == 0

    async def test_a_folder_gets_all_that_is_made_from_it(self, tmp_path: Path) -> None:
        folder = tmp_path / "schema"
        shutil.copytree(PROJECT / "schema", folder)
        made = [folder / "reference.md", folder / "lexora.graphql", folder / "operations" / "manifest.json"]
        for path in made:
            path.write_text("stale", encoding="utf-8")

        done = await lexora("export-schema", "--check", str(folder))

        assert done.code == 1
        assert [line for line in done.output.splitlines() if line.startswith("---")] == [f"--- {path}" for path in made]
        assert (await lexora("export-schema", str(folder))).code == 0
        assert (await lexora("export-schema", "--check", str(folder))).code == 0

    async def test_what_breaks_clients_of_the_last_release_has_to_be_announced(self, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(PROJECT / "schema", tmp_path / "schema"))
        released, history = folder / "released.graphql", folder / "CHANGES.md"
        promised = released.read_text(encoding="utf-8").replace("type Person {", "type Person {\n  phone: String\n")
        released.write_text(promised, encoding="utf-8")

        done = await lexora("export-schema", "--check", str(folder))

        [told] = [line for line in done.output.splitlines() if line.startswith("Breaks clients of the last release: ")]
        assert "Field Person.phone was removed." in told
        assert done.code == 1
        announcement = told.partition(f"Announce it in {history}: ")[2]
        title, _, rest = history.read_text(encoding="utf-8").partition("\n## ")
        history.write_text(f"{title}\n## Next\n\n{announcement}\n\n## {rest}", encoding="utf-8")
        assert (await lexora("export-schema", "--check", str(folder))).code == 0


class TestWrongSettings:
    @pytest.mark.parametrize("command", ["up", "serve", "work", "migrate", "doctor"])
    async def test_each_gets_a_line(self, command: str, tmp_path: Path) -> None:
        wrong = {"PORT": "99999", "LOG_LEVEL": "LOUD", "DATA_DIR": str(tmp_path)}

        done = await lexora(command, environment=wrong)

        assert (done.code, done.output) == (2, "")
        assert [line.split(":")[:2] for line in done.errors.splitlines()] == [
            ["lexora", " PORT"],
            ["lexora", " LOG_LEVEL"],
        ]

    async def test_a_server_needs_a_database(self, tmp_path: Path) -> None:
        process = await start_command("serve", environment={"DATA_DIR": str(tmp_path), "SECRET_KEY": SECRET})
        output, errors = await process.communicate()

        assert (process.returncode, errors.decode().count("\n")) == (2, 1)
        assert errors.startswith(b"lexora: DATABASE_URL: is not set")
        assert output == b""


class TestMigrating:
    async def test_an_empty_database_is_brought_to_the_newest(self, postgres_url: str, tmp_path: Path) -> None:
        name = f"lexora_{uuid4().hex[:12]}"
        connection = await asyncpg.connect(postgres_url)
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        base, separator, query = postgres_url.partition("?")
        environment = {"DATABASE_URL": f"{base.rpartition('/')[0]}/{name}{separator}{query}", "DATA_DIR": str(tmp_path)}

        done = await lexora("migrate", environment=environment)

        assert (done.code, done.errors) == (0, "")
        assert re.fullmatch(r"The database is at migration \w+, the newest\.\n", done.output)

    async def test_a_database_that_is_away_is_said(self, tmp_path: Path) -> None:
        address = f"postgresql://lexora:{CANARY}@127.0.0.1:1/lexora"

        done = await lexora("migrate", environment={"DATABASE_URL": address, "DATA_DIR": str(tmp_path)})

        assert (done.code, done.output, done.errors.count("\n")) == (1, "", 1)
        assert done.errors.startswith("lexora: The database cannot be migrated: ")
        assert CANARY not in done.errors


class TestCreatingAnAdministrator:
    async def test_an_account_is_made(self, database_url: str, redis_url: str, tmp_path: Path) -> None:
        email = f"{uuid4().hex}@example.com"
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET,
            "DATA_DIR": str(tmp_path),
            "LEXORA_PASSWORD": "correct horse battery staple",
        }

        done = await lexora("create-admin", email, environment=environment)
        again = await lexora("create-admin", "no address", environment=environment)

        connection = await asyncpg.connect(database_url)
        row = await connection.fetchrow("SELECT role::text, is_active FROM users WHERE email = $1", email)
        await connection.close()
        assert (done.code, done.output, done.errors) == (0, f"{email} is an administrator.\n", "")
        assert row is not None
        assert (row["role"].upper(), row["is_active"]) == ("ADMIN", True)
        assert (again.code, again.output, again.errors.count("\n")) == (1, "", 1)

    async def test_no_password_makes_none(self, tmp_path: Path) -> None:
        done = await lexora("create-admin", "admin@example.com", environment={"DATA_DIR": str(tmp_path)})

        assert (done.code, done.errors) == (
            2,
            "lexora: No password was given: set LEXORA_PASSWORD, or pipe one in.\n",
        )


class TestTheDoctor:
    async def test_what_answers_is_said(self, database_url: str, redis_url: str, tmp_path: Path) -> None:
        environment = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET,
            "DATA_DIR": str(tmp_path),
            "PORT": "1",
        }

        done = await lexora("doctor", environment=environment)

        lines = done.output.splitlines()
        assert (done.code, done.errors) == (0, "")
        assert "SECRET_KEY=set" in lines
        assert "ok: Roles: all 4 are there" in lines
        assert "-: API: does not run at http://127.0.0.1:1" in lines
        assert "ok: Embedder: wordllama:l2_supercat:256 answers with 256 dimensions" in lines
        for subject in ("PostgreSQL", "Migrations", "Clock", "Redis", "Index", "Files"):
            assert any(line.startswith(f"ok: {subject}: ") for line in lines)

    async def test_what_does_not_answer_is_said_and_no_secret(self, postgres_url: str, tmp_path: Path) -> None:
        unmigrated = await create_database(postgres_url)
        connection = await asyncpg.connect(unmigrated)
        await connection.execute("DROP TABLE alembic_version")
        await connection.close()
        environment = {
            "DATABASE_URL": unmigrated,
            "REDIS_URL": f"redis://:{CANARY}@127.0.0.1:1/0",
            "SECRET_KEY": f"{CANARY}{SECRET}",
            "OPENAI_API_KEY": CANARY,
            "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
            "OPENAI_MODEL": "test-model",
            "DATA_DIR": str(tmp_path / "file" / "below"),
        }
        (tmp_path / "file").write_text("where a folder should be", encoding="utf-8")

        done = await lexora("doctor", environment=environment)

        broken = {line.split(": ")[1] for line in done.output.splitlines() if line.startswith("BROKEN: ")}
        assert (done.code, broken) == (1, {"Migrations", "Redis", "Chat model", "Index", "Files"})
        assert CANARY not in done.output + done.errors
