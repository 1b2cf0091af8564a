"""Pages of documents as pictures, by signed link; access is checked again at each use."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.placing import Stretch
from lexora_gql.errors import Unavailable
from lexora_gql.transport.downloads import HEADERS
from lexora_gql.transport.graphql.context import Environment


@dataclass(frozen=True, slots=True)
class PageImages:
    """The ASGI application at /pages/{token}."""

    environment: Environment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        view = self.environment.links.read_page(request.path_params["token"])
        if view is not None:
            stretch = Stretch(view.document_id, view.start, view.end)
            try:
                picture = await self.environment.services.placing.picture(Viewer(view.user_id), stretch, view.page)
            except Unavailable as error:
                return PlainTextResponse(error.message, 503, HEADERS | {"Retry-After": "2"})
            if picture is not None:
                return Response(picture, 200, HEADERS, "image/png")
        # Forged, expired, somebody else's, deleted, or no PDF: whoever asks is not told which.
        return PlainTextResponse("There is no such page, or the link is too old.", 404, HEADERS)
