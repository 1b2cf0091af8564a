"""The campaign in its short form; `ops/chaos ingestion` runs the long one."""

import pytest

from tests.campaigns.ingestion.campaign import Campaign
from tests.campaigns.ingestion.plan import Counts, Fault

SHORT = Counts(
    documents=8,
    kills=5,
    kills_at_points=5,
    freezes=1,
    freezes_at_points=1,
    redis=1,
    postgres=1,
    stops=0,
    api_kills=1,
    deletions=1,
)
SEED = 20_261_128


class TestIngestion:
    # On a machine that is busy with other things it takes minutes.
    @pytest.mark.timeout(300)
    async def test_nothing_is_lost_doubled_or_left_behind(self) -> None:
        async with Campaign.open(SHORT, SEED, say=print) as campaign:
            report = await campaign.run(SEED)

        assert report.violated == {}
        assert report.figures["documents deleted"] == "1"
        assert sum(campaign.faults.done[fault] for fault in Fault) == 10
