"""What a server's /metrics says, for benchmarks that measure from inside."""

from collections import Counter
from dataclasses import dataclass
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.client import Client

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """All series by name and labels."""

    series: Counter[Series]

    @classmethod
    async def of(cls, client: Client) -> Self:
        """Read the page as it is now."""
        text = (await client.http.get(f"{client.address}/metrics")).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return cls(Counter({(one.name, frozenset(one.labels.items())): one.value for one in samples}))

    def since(self, before: Self) -> "MetricsPage":
        """Return what has been counted between two looks."""
        since = Counter(self.series)
        since.subtract(before.series)
        return MetricsPage(since)

    def value(self, name: str, /, **labels: str) -> float:
        """Return one series; 0 where there is none."""
        return self.series[name, frozenset(labels.items())]

    def total(self, name: str) -> float:
        """Return the sum of all series of a name."""
        return sum(value for (series, _), value in self.series.items() if series == name)

    def count(self, histogram: str, /, **labels: str) -> int:
        """Return how many values a histogram holds."""
        return int(self.value(f"{histogram}_count", **labels))

    def percentile(self, histogram: str, share: float, /, **labels: str) -> float:
        """Return the edge of a histogram's bucket below which a share of the values is, 0 to 100: never too little."""
        wanted = self.count(histogram, **labels) * share / 100
        edges = {
            float(dict(given)["le"]): value
            for (name, given), value in self.series.items()
            if name == f"{histogram}_bucket" and dict(given).items() >= labels.items()
        }
        return min((edge for edge, below in edges.items() if below >= wanted), default=float("inf"))
