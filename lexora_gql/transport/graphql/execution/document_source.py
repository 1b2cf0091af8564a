"""Which document a request means: the one in it, a trusted one, or one that the server was asked to remember."""

from dataclasses import dataclass

from graphql import GraphQLError

from lexora_gql.persisted_documents import PersistedDocuments
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.graphql.errors import BAD_REQUEST
from lexora_gql.transport.graphql.execution.outcomes import Refused
from lexora_gql.transport.graphql.execution.trusted_documents import TrustedDocuments, TrustMode, sha256_of
from lexora_gql.transport.graphql.requests import GraphQLRequest

NOT_FOUND = GraphQLError("PersistedQueryNotFound", extensions={"code": "PERSISTED_QUERY_NOT_FOUND"})
NOT_SUPPORTED = GraphQLError("PersistedQueryNotSupported", extensions={"code": "PERSISTED_QUERY_NOT_SUPPORTED"})
"""Message and code are Apollo's: its clients send the document itself when they read them."""


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """Finds a request's document."""

    trusted: TrustedDocuments
    remembered: PersistedDocuments
    metrics: Metrics

    async def find(self, request: GraphQLRequest, payer: str) -> str:
        """Return the text of the document that a request means.

        Args:
            request: What came.
            payer: Whose remembered documents may be meant.

        Raises:
            Refused: There is none, or it may not be sent to this server.
        """
        text, source = await self._find(request, payer)
        self.metrics.graphql_documents_total.labels(source).inc()
        return text

    async def remember(self, request: GraphQLRequest, payer: str) -> None:
        """Keep the document of a request that asks for it, now that it has been found valid."""
        if request.is_automatic and request.document_id and request.query and not self._is_closed:
            await self.remembered.keep(payer, request.document_id, request.query)

    @property
    def _is_closed(self) -> bool:
        return self.trusted.mode is TrustMode.ONLY

    async def _find(self, request: GraphQLRequest, payer: str) -> tuple[str, str]:
        if request.query is not None:
            return request.query, self._source_of(request.query, request.document_id, is_digest=request.is_automatic)
        document_id = request.document_id or ""
        trusted = self.trusted.find(document_id)
        if trusted is not None:
            return trusted, "trusted"
        if request.is_automatic and self._is_closed:
            raise Refused.because(NOT_SUPPORTED)
        remembered = await self.remembered.find(payer, document_id) if request.is_automatic else None
        if remembered is None:
            raise Refused.because(NOT_FOUND)
        return remembered, "automatic"

    def _source_of(self, text: str, document_id: str | None, *, is_digest: bool) -> str:
        if is_digest and sha256_of(text) != document_id:
            message = "`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`."
            raise Refused.because(GraphQLError(message, extensions={"code": BAD_REQUEST}))
        if self.trusted.mode is not TrustMode.OFF and self.trusted.is_trusted(text):
            return "trusted"
        if self._is_closed:
            message = "Only the documents that this server was told to trust may be sent to it."
            raise Refused.because(GraphQLError(message, extensions={"code": BAD_REQUEST}))
        return "automatic" if is_digest else "free"
