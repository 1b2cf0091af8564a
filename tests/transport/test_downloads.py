"""Original files by signed links: who gets them, in which parts, and what is never told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from lexora_gql import clock
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.object_store_blobs import ObjectStoreBlobs
from lexora_gql.documents.models import CollectionAccess, Document
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.signing import Signer
from lexora_gql.storage.database import Database
from lexora_gql.transport.graphql.ids import find_id
from lexora_gql.transport.links import PURPOSE, DownloadLinks
from tests.documents.desk import Desk
from tests.factories import Library
from tests.transport.api import MAX_FILE_BYTES, Api, Client, serving, settings_for

TEXT = "".join(f"Line {n} of the report.\n" for n in range(9_000))
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
NONE = "There is no such file, or the link is too old."
LARGE_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Filed:
    """A document of somebody's.

    Attributes:
        link: Where its original file is.
    """

    owner: Client
    owner_id: UUID
    document_id: str
    link: httpx.URL

    @property
    def token(self) -> str:
        return self.link.path.rpartition("/")[2]


async def user_id(client: Client) -> UUID:
    found = find_id((await client.run("Me"))["id"], "User")
    assert found is not None
    return found


async def link_of(api: Api, client: Client, document_id: str) -> httpx.URL:
    return httpx.URL((await client.run("Document", id=document_id))["downloadUrl"]).copy_with(port=api.port)


@pytest.fixture
async def filed(api: Api) -> Filed:
    owner = await api.somebody()
    [result] = await owner.upload(("report.txt", TEXT.encode()))
    identifier = result["document"]["id"]
    return Filed(owner, await user_id(owner), identifier, await link_of(api, owner, identifier))


class TestWhoGetsIt:
    async def test_a_link_ends_after_fifteen_minutes(
        self, api: Api, filed: Filed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=14, seconds=58))
        assert (await api.http.get(filed.link)).status_code == 200

        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=15, seconds=2))
        response = await api.http.get(filed.link)

        assert (response.status_code, response.text) == (404, NONE)

    async def test_access_is_checked_at_every_use(self, api: Api, filed: Filed, database: Database) -> None:
        guest = await api.somebody()
        viewer = Viewer(await user_id(guest))
        [row] = await Desk(database).rows(Document)
        await Library(database).share(row.collection_id, viewer, CollectionAccess.VIEWER)
        link = await link_of(api, guest, filed.document_id)
        assert (await api.http.get(link)).text == TEXT

        async with database.engine.begin() as connection:
            await connection.execute(text("DELETE FROM collection_members"))

        response = await api.http.get(link)
        assert (response.status_code, response.text) == (404, NONE)
        assert (await api.http.get(filed.link)).status_code == 200

    async def test_forged_foreign_and_deleted_look_the_same(self, api: Api, filed: Filed) -> None:
        stranger = await user_id(await api.somebody())
        secret = api.process.settings.require_secret_key()
        here = f"http://127.0.0.1:{api.port}"
        ours, others = DownloadLinks(Signer(secret), here), DownloadLinks(Signer("o" * 48), here)
        document = find_id(filed.document_id, "Document")
        assert document is not None
        assert (await api.http.get(ours.make(filed.owner_id, document))).status_code == 200
        flipped = "A" if filed.token[0] != "A" else "B"

        answers = [
            await api.http.get(ours.make(stranger, document)),
            await api.http.get(ours.make(filed.owner_id, UUID(int=7))),
            await api.http.get(others.make(filed.owner_id, document)),
            await api.http.get(f"{here}/files/{Signer(secret).sign(f'{PURPOSE}s', b'[]')}"),
            await api.http.get(f"{here}/files/{flipped}{filed.token[1:]}"),
            await api.http.get(f"{here}/files/{filed.token}A"),
            await api.http.get(f"{here}/files/x"),
            await api.http.get(f"{here}/files/{'A' * 9_000}"),
        ]
        await filed.owner.run("DeleteDocument", id=filed.document_id)
        answers.append(await api.http.get(filed.link))

        assert {(answer.status_code, answer.text) for answer in answers} == {(404, NONE)}
        own = {"x-request-id", "date"}
        told = {tuple(item for item in answer.headers.items() if item[0] not in own) for answer in answers}
        assert len(told) == 1


class TestWhatIsSent:
    @pytest.mark.parametrize(
        ("if_range", "status"),
        [(f'"{SHA256}"', 206), (f'W/"{SHA256}"', 200), ('"another"', 200), ("Sun, 22 Nov 2026 10:00:00 GMT", 200)],
    )
    async def test_a_part_is_sent_only_of_the_file_that_is_known(
        self, api: Api, filed: Filed, if_range: str, status: int
    ) -> None:
        response = await api.http.get(filed.link, headers={"Range": "bytes=10-19", "If-Range": if_range})

        assert response.status_code == status
        assert response.text == (TEXT[10:20] if status == 206 else TEXT)
        assert response.headers.get("content-range") == (f"bytes 10-19/{len(TEXT)}" if status == 206 else None)

    async def test_whoever_asks_for_headers_gets_those_of_the_whole(self, api: Api, filed: Filed) -> None:
        response = await api.http.head(filed.link, headers={"Range": "bytes=10-19"})

        assert (response.status_code, response.content) == (200, b"")
        assert (response.headers["content-length"], response.headers["etag"]) == (str(len(TEXT)), f'"{SHA256}"')

    async def test_beyond_the_end_there_is_nothing_but_its_size(self, api: Api, filed: Filed) -> None:
        response = await api.http.get(filed.link, headers={"Range": f"bytes={len(TEXT)}-"})

        assert (response.status_code, response.content) == (416, b"")
        assert response.headers["content-range"] == f"bytes */{len(TEXT)}"

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    async def test_nothing_else_is_done_with_a_file(self, api: Api, filed: Filed, method: str) -> None:
        assert (await api.http.request(method, filed.link)).status_code == 405

    async def test_no_browser_shows_it_as_a_page_of_ours(self, api: Api) -> None:
        owner = await api.somebody()
        name = 'page";\r\nSet-Cookie: a=b.html'
        [result] = await owner.upload((name, b"# <script>alert(document.domain)</script>\n"))
        response = await api.http.get(await link_of(api, owner, result["document"]["id"]))

        assert response.headers["content-disposition"].startswith("attachment; ")
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cross-origin-resource-policy"] == "same-origin"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["content-type"].partition(";")[0] in {"text/plain", "text/markdown"}
        assert "set-cookie" not in response.headers


class TestAStoreInTrouble:
    async def test_one_that_is_away_is_said_before_anything_is_sent(
        self, api: Api, filed: Filed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> AsyncIterator[bytes]:
            raise BlobStoreAway
            yield b""

        monkeypatch.setattr(ObjectStoreBlobs, "read", away)
        response = await api.http.get(filed.link)

        assert (response.status_code, response.text) == (503, "Files cannot be read at the moment; try again.")
        assert response.headers["retry-after"] == "2"
        assert "content-disposition" not in response.headers

    async def test_bytes_that_were_purged_a_moment_ago_are_not_there(self, api: Api, filed: Filed) -> None:
        [row] = await Desk(api.process.adapters.database).rows(Document)
        await api.process.adapters.blobs.delete(row.blob_key)

        response = await api.http.get(filed.link)
        assert (response.status_code, response.text) == (404, NONE)


class TestWhatIsNeverTold:
    async def test_no_log_and_no_metric_holds_a_link(self, api: Api, filed: Filed) -> None:
        with capture_logs() as logged:
            await api.http.get(filed.link)
            await api.http.get(f"{filed.link}?token={filed.token}")
            await api.http.get(str(filed.link)[:-1])
            # A line is written when all has been sent, and whoever reads may be ahead of that.
            async with asyncio.timeout(10):
                while len(statuses(logged)) < 3:  # noqa: ASYNC110  # nothing else says so
                    await asyncio.sleep(0.01)
        metrics = (await api.http.get("/metrics")).text

        assert sorted(statuses(logged)) == [200, 200, 404]
        assert filed.token[:40] not in str(logged)
        assert "/files/{token}" in metrics
        assert filed.token[:40] not in metrics


def statuses(logged: list[MutableMapping[str, Any]]) -> list[int]:
    """Return what the log says of requests for files."""
    return [entry["status"] for entry in logged if entry.get("route") == "/files/{token}"]


class TestAbortedDownloads:
    async def test_whoever_goes_away_leaves_no_file_open(self, database: Database, tmp_path: Path) -> None:
        assert LARGE_BYTES > 50 * MAX_FILE_BYTES
        settings = settings_for(tmp_path, max_file_size=LARGE_BYTES)
        async with serving(database, settings) as api:
            owner = await api.somebody()
            [result] = await owner.upload(("large.txt", b"A line.\n" * (LARGE_BYTES // 8)))
            link = await link_of(api, owner, result["document"]["id"])
            for _ in range(5):
                async with api.http.stream("GET", link) as response:
                    assert response.status_code == 200
                    await anext(response.aiter_raw())
                    assert open_below(settings.blobs_folder) > 0

            async with asyncio.timeout(10):
                while open_below(settings.blobs_folder):  # noqa: ASYNC110  # nothing says when a connection is lost
                    await asyncio.sleep(0.01)


def open_below(folder: Path) -> int:
    """Return how many files below a folder this process has open."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += str(descriptor.readlink()).startswith(str(folder))
        except FileNotFoundError:
            continue
    return found
