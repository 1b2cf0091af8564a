"""The campaign in its short form, without what takes a lease to be noticed; `ops/chaos answers` runs the long one."""

import pytest

from tests.campaigns.answers.campaign import Campaign, Counts
from tests.campaigns.answers.ways import WAYS

SHORT = Counts(answers=8, kills=0, freezes=0, stops=3, pauses=1, wipes=1, redis_kills=0, pause_milliseconds=1_000)
SEED = 20_261_128


class TestAnswers:
    # On a machine that is busy with other things it takes minutes.
    @pytest.mark.timeout(300)
    async def test_every_reader_has_the_stored_text(self) -> None:
        async with Campaign.open(SHORT, SEED, say=print) as campaign:
            report = await campaign.run()

        assert report.violated == {}
        assert report.figures["answers whose readers were cut off"] == "8 COMPLETED"
        assert report.figures["stopped"] == "3 STOPPED"
        assert {way for asked in campaign.house.asked for way in asked.view.ways} == set(WAYS)
