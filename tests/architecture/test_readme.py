"""README and its companions: what they show runs, what they list is complete, what they point at is there."""

import asyncio
import re
import shutil
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from graphql import DocumentNode, GraphQLSchema, build_schema, parse, validate
from pydantic import SecretStr

from lexora_gql.settings import Settings
from lexora_gql.storage.database import Database
from tests.shared_data import PROJECT
from tests.transport.api import Api, serving, settings_for

PAGES = sorted(
    [
        *PROJECT.glob("*.md"),
        *PROJECT.glob("schema/*.md"),
        *PROJECT.glob("ops/decisions/*.md"),
    ]
)
ADDRESS = "http://127.0.0.1:8000"
NAME, DEFAULT = 0, 1
IMAGE_BYTES_MAX = 300_000


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def blocks(language: str, *, holding: str = "") -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", read("README.md"), re.MULTILINE | re.DOTALL)
    return [block for block in found if holding in block]


def over_http() -> list[str]:
    """The queries inside the JSON of curl's arguments."""
    return re.findall(r'"query": "([^"\\]+)"', "".join(blocks("bash", holding="curl")))


def in_script() -> list[str]:
    return re.findall(r"`((?:query|mutation|subscription) .*?)`", "".join(blocks("js")), re.DOTALL)


def named(document: str) -> str:
    match = re.match(r"(?:query|mutation|subscription) (\w+)", document)
    assert match is not None, document
    return match[1]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(read("schema/lexora.graphql"))


class TestOperations:
    def test_all_of_them_are_looked_at(self) -> None:
        assert [named(one) for one in over_http()] == ["Register", "Upload", "Ask"]
        assert [named(one) for one in blocks("graphql")] == ["Documents", "Ask", "Follow"]
        assert [named(one) for one in in_script()] == ["Follow"]

    @pytest.mark.parametrize("document", [*over_http(), *blocks("graphql"), *in_script()], ids=named)
    def test_each_is_valid(self, schema: GraphQLSchema, document: str) -> None:
        assert validate(schema, parse(document)) == []

    def test_one_that_asks_for_what_is_not_there_is_found(self, schema: GraphQLSchema) -> None:
        wrong: DocumentNode = parse(blocks("graphql")[0].replace("totalCount", "count"))

        assert len(validate(schema, wrong)) == 1


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs what README tells to paste, against another address and in a folder of its own."""

    address: str
    folder: Path

    async def run(self, script: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script.replace(ADDRESS, self.address),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()


@pytest.fixture
async def api(session_database: Database, database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving(session_database, settings_for(tmp_path)) as running:
        yield running


class TestPasting:
    async def test_the_commands_make_an_account_upload_and_ask(self, api: Api, tmp_path: Path) -> None:
        if shutil.which("curl") is None:
            pytest.skip("needs curl")
        (tmp_path / "report.md").write_text("Invoices are paid within 30 days.\n", encoding="utf-8")
        shell = Shell(f"http://127.0.0.1:{api.port}", tmp_path)
        register, upload, ask = blocks("bash", holding="curl")

        token = (await shell.run(f'{register}printf %s "$TOKEN"')).strip()
        uploaded = await shell.run(f"TOKEN={token}\n{upload}")
        await api.ingest()
        answered = await shell.run(f"TOKEN={token}\n{ask}")

        assert '"filename":"report.md"' in uploaded.replace(" ", "")
        assert '"status":"COMPLETED"' in answered.replace(" ", "")
        assert '"quote":"Invoicesarepaidwithin30days."' in answered.replace(" ", "")

    async def test_the_operations_list_ask_and_follow(self, api: Api) -> None:
        reader = await api.somebody()
        documents, ask, follow = blocks("graphql")
        await reader.upload(("report.md", b"Invoices are paid within 30 days.\n"))
        await api.ingest()

        listed = (await reader.send(documents)).json()["data"]["documents"]
        asked = (await reader.send(ask)).json()["data"]["sendMessage"]["answer"]["id"]
        async with api.socket() as socket:
            await socket.initialise(reader.token)
            await socket.say("subscribe", id="1", payload={"query": follow, "variables": {"messageId": asked}})
            events = []
            while (message := await socket.hear())["type"] == "next":
                events.append(message["payload"]["data"]["answer"])

        assert [edge["node"]["filename"] for edge in listed["edges"]] == ["report.md"]
        assert [events[0]["__typename"], events[-1]["__typename"]] == ["AnswerSources", "AnswerFinished"]
        assert events[-1]["message"]["content"] == "".join(event["text"] for event in events[1:-1])
        assert message["type"] == "complete"


def written(default: object) -> str:
    """Return a default as one writes it into the environment."""
    match default:
        case None | ():
            return ""
        case SecretStr():
            return default.get_secret_value()
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case float():
            return f"{default:g}"
    return str(default)


class TestSettings:
    @pytest.fixture
    def table(self) -> dict[str, str]:
        rows = [line.strip("| ").split("|") for line in read("README.md").splitlines() if re.match(r"\| `[A-Z]", line)]
        return {row[NAME].strip(" `"): row[DEFAULT].strip(" `") for row in rows if re.match("`[A-Z_]+`", row[NAME])}

    def test_the_table_has_every_setting_with_its_default_and_no_other(self, table: dict[str, str]) -> None:
        assert table == {name.upper(): written(field.default) for name, field in Settings.model_fields.items()}


def targets(page: Path) -> list[str]:
    """Return the files that a page points at, by link or by picture."""
    links = re.findall(r"\]\((?!https?://)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    return sorted(set(links))


class TestReferences:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
    def test_lead_to_files_that_are_there(self, page: Path) -> None:
        assert [target for target in targets(page) if not (page.parent / target).exists()] == []

    def test_one_that_leads_nowhere_is_found(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        page.write_text("[a](https://example.org) [b](nowhere.md#part) ![c](page.md)", encoding="utf-8")

        assert targets(page) == ["nowhere.md", "page.md"]

    def test_decisions_are_all_listed(self) -> None:
        folder = PROJECT / "ops" / "decisions"

        assert targets(folder / "README.md") == sorted(path.name for path in folder.glob("[0-9]*.md"))

    def test_benchmarks_named_are_there(self) -> None:
        modules = re.findall(r"python -m (tests\.benchmarks\.\w+)", read("README.md"))

        assert modules
        assert [name for name in modules if not (PROJECT / f"{name.replace('.', '/')}.py").exists()] == []

    def test_the_release_is_the_package_s(self) -> None:
        version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

        assert version in read("CHANGELOG.md")
        assert version in read("schema/CHANGES.md")


class TestPictures:
    @pytest.mark.parametrize("name", re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read("README.md")))
    def test_are_small_and_say_what_they_show(self, name: str) -> None:
        picture = (PROJECT / name).read_bytes()

        assert picture.startswith(b"\x89PNG")
        assert len(picture) < IMAGE_BYTES_MAX
