"""Starting again what failed, over the API."""

from collections.abc import AsyncIterator

import pytest

from lexora_gql.adapters.offline.text_extractor import OfflineTextExtractor
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.transport.api import Api

RETRY = "mutation($id: ID) { reprocessFailedDocuments(collectionId: $id) }"


@pytest.fixture
async def extractor(api: Api) -> AsyncIterator[OfflineTextExtractor]:
    """The reader of files, which fails for some of them."""
    extractor = api.process.upkeep.ingestion.extractor
    assert isinstance(extractor, OfflineTextExtractor)
    extractor.failures |= {
        "Passing.": ExtractionFailed("CORRUPT", "Because.", is_retryable=True),
        "Hopeless.": ExtractionFailed("ENCRYPTED", "Because."),
    }
    yield extractor
    extractor.failures.clear()


class TestReprocessingWhatFailed:
    async def test_it_tells_how_many_were_started_and_they_are_read(
        self, api: Api, extractor: OfflineTextExtractor
    ) -> None:
        client = await api.somebody()
        await client.upload(("a.txt", b"Passing."), ("b.txt", b"Hopeless."), ("c.txt", b"Fine."))
        await api.ingest()
        extractor.failures.clear()

        started = await client.run("ReprocessFailedDocuments")
        await api.ingest()

        assert started == 1
        edges = (await client.run("Documents", orderBy="TITLE_ASC"))["edges"]
        assert [edge["node"]["status"] for edge in edges] == ["READY", "FAILED", "READY"]
        assert await client.run("ReprocessFailedDocuments") == 0

    async def test_a_collection_narrows_it(self, api: Api, extractor: OfflineTextExtractor) -> None:
        client = await api.somebody()
        await client.upload(("a.txt", b"Passing."))
        await api.ingest()
        collection = (await client.run("CreateCollection", name="Empty"))["collection"]["id"]

        assert await client.run("ReprocessFailedDocuments", collectionId=collection) == 0

        [edge] = (await client.run("Documents"))["edges"]
        assert (edge["node"]["status"], edge["node"]["failure"]["isRetryable"]) == ("FAILED", True)

    async def test_somebody_else_s_collection_is_none(self, api: Api, extractor: OfflineTextExtractor) -> None:
        owner, other = await api.somebody(), await api.somebody()
        collection = (await owner.run("CreateCollection", name="Mine"))["collection"]["id"]
        await owner.upload(("a.txt", b"Passing."), collectionId=collection)
        await api.ingest()

        for given in (collection, "nonsense", "RG9jdW1lbnQ6MQ=="):
            error = await other.error(RETRY, {"id": given})
            assert (error["extensions"]["code"], error["path"]) == ("NOT_FOUND", ["reprocessFailedDocuments"])
        assert (await api.nobody().error(RETRY))["extensions"]["code"] == "UNAUTHENTICATED"
        [edge] = (await owner.run("Documents"))["edges"]
        assert edge["node"]["status"] == "FAILED"
