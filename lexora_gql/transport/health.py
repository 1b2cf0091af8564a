"""Whether the server lives, and whether it can serve."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lexora_gql.system import SystemService
from lexora_gql.transport.lifecycle import Lifecycle

NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Health:
    """The endpoints /health and /ready."""

    system: SystemService
    lifecycle: Lifecycle

    async def health(self, _request: Request) -> Response:
        """Answer as long as the event loop turns."""
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    async def ready(self, _request: Request) -> Response:
        """Answer 200 while requests can be served, 503 otherwise, and say why."""
        readiness = await self.system.ready()
        reasons = list(readiness.reasons)
        if self.lifecycle.stopping.is_set():
            reasons.append("the server is going down")
        status = "unavailable" if reasons else "degraded" if readiness.degraded else "ready"
        body = {"status": status, "reasons": reasons, "degraded": list(readiness.degraded)}
        return JSONResponse(body, 503 if reasons else 200, NO_STORE)
