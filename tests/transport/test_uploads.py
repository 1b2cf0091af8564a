"""Files over HTTP, from upload to download."""

import hashlib

import httpx
import pytest

from tests.transport.api import MAX_FILE_BYTES, Api, Client

TEXT = "# Invoices\n\nInvoices are paid within 30 days.\n\n# Canteen\n\nThe canteen opens at noon.\n"


async def uploaded(reader: Client, name: str = "invoices.md", text: str = TEXT) -> dict[str, object]:
    """Return the document that became of a text."""
    [result] = await reader.upload((name, text.encode()))
    assert result["__typename"] == "DocumentAccepted"
    document: dict[str, object] = result["document"]
    return document


class TestUpload:
    async def test_a_file_becomes_a_document_that_is_read(self, api: Api) -> None:
        reader = await api.somebody()
        accepted = await uploaded(reader)
        await api.ingest()
        document = await reader.run("Document", id=accepted["id"])

        assert (accepted["status"], document["status"]) == ("PENDING", "READY")
        assert (document["mediaType"], document["byteSize"]) == ("text/markdown", len(TEXT))
        assert document["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
        assert document["progress"]["fraction"] == 1.0
        assert (document["owner"]["email"], document["collection"]["name"]) == ("reader1@example.org", "Personal")

    async def test_its_text_and_passages_can_be_read(self, api: Api) -> None:
        reader = await api.somebody()
        accepted = await uploaded(reader)
        await api.ingest()
        text = (await reader.run("DocumentText", id=accepted["id"]))["text"]
        chunks = (await reader.run("DocumentChunks", id=accepted["id"], first=100))["chunks"]

        assert "Invoices are paid within 30 days." in text
        assert chunks["totalCount"] == len(chunks["edges"]) > 0
        for edge in chunks["edges"]:
            assert text[edge["node"]["charStart"] : edge["node"]["charEnd"]] == edge["node"]["text"]

    async def test_the_same_bytes_are_the_same_document(self, api: Api) -> None:
        reader = await api.somebody()
        accepted = await uploaded(reader)
        [again] = await reader.upload(("another-name.md", TEXT.encode()))

        assert (again["document"]["id"], again["isDuplicate"]) == (accepted["id"], True)

    async def test_each_file_has_a_result_of_its_own(self, api: Api) -> None:
        reader = await api.somebody()
        results = await reader.upload(
            ("good.md", TEXT.encode()),
            ("empty.txt", b""),
            ("program.exe", b"MZ\x90\x00" + bytes(range(256)) * 4),
            ("large.txt", b"x" * (MAX_FILE_BYTES + 1)),
            ("fine.txt", b"The canteen opens at noon."),
        )

        assert [result["__typename"] for result in results] == [
            "DocumentAccepted",
            "EmptyFile",
            "UnsupportedFileType",
            "FileTooLarge",
            "DocumentAccepted",
        ]
        assert results[3]["maxBytes"] == MAX_FILE_BYTES
        assert (await reader.run("Documents"))["totalCount"] == 2

    async def test_a_collection_that_is_not_there_is_named(self, api: Api) -> None:
        reader = await api.somebody()
        [result] = await reader.upload(("a.md", TEXT.encode()), collectionId="nonsense")

        assert (result["__typename"], result["path"]) == ("NotFound", ["collectionId"])
        assert (await reader.run("Documents"))["totalCount"] == 0


class TestDownload:
    async def link(self, api: Api, reader: Client, name: str = "invoices.md") -> httpx.URL:
        """Return where a document's original file is."""
        document = await uploaded(reader, name)
        url = httpx.URL((await reader.run("Document", id=document["id"]))["downloadUrl"])
        assert str(url).startswith(f"{api.process.settings.address}/files/")
        return url.copy_with(port=api.port)

    async def test_the_file_comes_as_it_was_sent(self, api: Api) -> None:
        response = await api.http.get(await self.link(api, await api.somebody(), "Rechnung März.md"))

        assert (response.status_code, response.content) == (200, TEXT.encode())
        assert response.headers["content-disposition"] == (
            "attachment; filename=\"Rechnung M_rz.md\"; filename*=UTF-8''Rechnung%20M%C3%A4rz.md"
        )
        assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["etag"] == f'"{hashlib.sha256(TEXT.encode()).hexdigest()}"'

    @pytest.mark.parametrize(
        ("wanted", "status", "expected"),
        [
            ("bytes=0-3", 206, TEXT[:4]),
            ("bytes=5-", 206, TEXT[5:]),
            ("bytes=-4", 206, TEXT[-4:]),
            ("bytes=-100000", 206, TEXT),
            (f"bytes=0-{10**30}", 206, TEXT),
            ("bytes=99999-", 416, ""),
            ("bytes=-0", 416, ""),
            ("bytes=3-1", 200, TEXT),
            ("bytes=0-1,3-4", 200, TEXT),
            ("bytes=-", 200, TEXT),
            ("pages=1-2", 200, TEXT),
            ("bytes=" + "9" * 5_000 + "-", 200, TEXT),
        ],
    )
    async def test_part_of_it_can_be_asked_for(self, api: Api, wanted: str, status: int, expected: str) -> None:
        response = await api.http.get(await self.link(api, await api.somebody()), headers={"Range": wanted})

        assert (response.status_code, response.text) == (status, expected)
        assert response.headers["content-length"] == str(len(expected))

    async def test_without_a_body_only_the_headers_come(self, api: Api) -> None:
        response = await api.http.head(await self.link(api, await api.somebody()))

        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == str(len(TEXT))

    async def test_a_link_that_was_changed_is_none(self, api: Api) -> None:
        link = await self.link(api, await api.somebody())
        changed = str(link)[:-1] + ("A" if str(link)[-1] != "A" else "B")

        assert (await api.http.get(changed)).status_code == 404
        assert (await api.http.get(f"http://127.0.0.1:{api.port}/files/x")).status_code == 404

    async def test_a_deleted_document_has_no_file(self, api: Api) -> None:
        reader = await api.somebody()
        link = await self.link(api, reader)
        [edge] = (await reader.run("Documents"))["edges"]
        await reader.run("DeleteDocument", id=edge["node"]["id"])

        assert (await api.http.get(link)).status_code == 404
