"""Rectangles of stretches of documents: for who may read them, as long as they are there."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.adapters.offline.page_reader import LETTER_WIDTH, OfflinePageReader
from lexora_gql.documents.placing import PlacingService, Stretch
from lexora_gql.errors import Unavailable
from lexora_gql.ports.blob_store import BlobStoreAway
from lexora_gql.ports.page_reader import PlacedWord
from lexora_gql.ports.text_extractor import ExtractionFailed
from tests.documents.desk import Desk
from tests.factories import Library

PAGES = "The boiler hums.\fThe canteen opens at noon."
SECOND = len("The boiler hums.\n\n")


@pytest.fixture
async def viewer(library: Library) -> Viewer:
    return await library.reader()


@pytest.fixture
def placing(desk: Desk) -> PlacingService:
    return PlacingService(desk.database, desk.blobs, OfflinePageReader())


@pytest.fixture
async def canteen(desk: Desk, viewer: Viewer) -> Stretch:
    """The words "canteen opens" on the second page."""
    document = await desk.upload(viewer, PAGES)
    await desk.read()
    return Stretch(document.id, SECOND + 4, SECOND + 17)


class TestRects:
    async def test_a_stretch_stands_on_its_page(
        self, placing: PlacingService, viewer: Viewer, canteen: Stretch
    ) -> None:
        [rect] = (await placing.rects(viewer, [canteen]))[canteen]

        assert (rect.page, rect.left, rect.right) == (2, 4 * LETTER_WIDTH, 17 * LETTER_WIDTH)

    async def test_its_page_is_drawn_with_it(
        self, placing: PlacingService, library: Library, desk: Desk, viewer: Viewer, canteen: Stretch
    ) -> None:
        assert await placing.picture(viewer, canteen, 2) == b"page 2 with 1 marks"
        assert await placing.picture(viewer, canteen, 1) == b"page 1 with 0 marks"
        assert await placing.picture(await library.reader(), canteen, 2) is None
        await desk.documents.delete(viewer, canteen.document_id)
        assert await placing.picture(viewer, canteen, 2) is None

    async def test_a_stretch_over_two_pages_stands_on_both(
        self, placing: PlacingService, viewer: Viewer, canteen: Stretch
    ) -> None:
        both = Stretch(canteen.document_id, 4, canteen.end)

        assert [rect.page for rect in (await placing.rects(viewer, [both, canteen]))[both]] == [1, 2]

    async def test_somebody_elses_document_has_no_places(
        self, placing: PlacingService, library: Library, canteen: Stretch
    ) -> None:
        assert await placing.rects(await library.reader(), [canteen]) == {canteen: []}

    async def test_a_deleted_document_has_no_places(
        self, placing: PlacingService, desk: Desk, viewer: Viewer, canteen: Stretch
    ) -> None:
        await desk.documents.delete(viewer, canteen.document_id)

        assert await placing.rects(viewer, [canteen]) == {canteen: []}

    async def test_a_file_that_is_gone_has_no_places(
        self, placing: PlacingService, desk: Desk, viewer: Viewer, canteen: Stretch
    ) -> None:
        await desk.blobs.delete((await desk.row(canteen.document_id)).blob_key)

        assert await placing.rects(viewer, [canteen]) == {canteen: []}

    async def test_a_store_that_is_away_says_so(
        self, placing: PlacingService, desk: Desk, viewer: Viewer, canteen: Stretch
    ) -> None:
        desk.blobs.trouble = BlobStoreAway()

        with pytest.raises(Unavailable):
            await placing.rects(viewer, [canteen])

    async def test_a_file_that_cannot_be_read_has_no_places(self, desk: Desk, viewer: Viewer, canteen: Stretch) -> None:
        class Broken(OfflinePageReader):
            async def words(self, path: Path, media_type: str, pages: Sequence[int]) -> dict[int, Sequence[PlacedWord]]:
                del path, media_type, pages
                raise ExtractionFailed("PARSER_CRASHED", "It crashed.")

        placing = PlacingService(desk.database, desk.blobs, Broken())

        assert await placing.rects(viewer, [canteen]) == {canteen: []}
