"""What Prometheus reads."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from lexora_gql.system import SystemService
from lexora_gql.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """The endpoint /metrics."""

    metrics: Metrics
    system: SystemService

    async def read(self, _request: Request) -> Response:
        """Bring the gauges up to date and return everything."""
        await self.system.gauges()
        return Response(self.metrics.render(), headers={"Content-Type": self.metrics.content_type})
