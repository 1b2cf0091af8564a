"""What stands between a request and its execution: its document, what it would cost, and who pays for it."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType

from lexora_gql.accounts.service import Client
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.throttling import Budget, payer_of_address
from lexora_gql.transport.authentication import Identity
from lexora_gql.transport.graphql.context import Context, Environment
from lexora_gql.transport.graphql.execution.document_source import DocumentSource
from lexora_gql.transport.graphql.execution.executor import Executor, Prepared
from lexora_gql.transport.graphql.execution.limits import TOO_COSTLY
from lexora_gql.transport.graphql.execution.outcomes import Outcome, Refused
from lexora_gql.transport.graphql.execution.trusted_documents import TrustedDocuments
from lexora_gql.transport.graphql.requests import GraphQLRequest
from lexora_gql.transport.graphql.schema import CORE

REFUSAL_POINTS = 10
"""What a document costs that is refused: parsing and validating it, which may take 50 ms."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that has been let in.

    Attributes:
        context: Of this operation alone.
        budget: What its payer has left.
    """

    prepared: Prepared
    variables: dict[str, Any]
    context: Context
    budget: Budget

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.prepared.kind

    @property
    def extensions(self) -> dict[str, Any]:
        """What is told beside the result."""
        budget = self.budget
        return {
            "cost": {
                "requested": budget.points,
                "available": budget.available,
                "capacity": budget.capacity,
                "refillPerSecond": budget.per_second,
            }
        }


Check = Callable[[Prepared], None]


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets operations in; serves every request of a process, however it comes."""

    environment: Environment
    executor: Executor
    documents: DocumentSource
    metrics: Metrics

    @classmethod
    def of(cls, environment: Environment, metrics: Metrics) -> "Admission":
        """Return the admission of a process.

        Raises:
            WrongSettings: The manifest of trusted documents cannot be read.
        """
        settings, services = environment.settings, environment.services
        executor = Executor(CORE, metrics, is_open=settings.tells_schema)
        trusted = TrustedDocuments.from_settings(settings)
        return cls(environment, executor, DocumentSource(trusted, services.persisted_documents, metrics), metrics)

    async def admit(
        self,
        request: GraphQLRequest,
        identity: Identity,
        client: Client,
        *,
        check: Check | None = None,
        resume_after: str | None = None,
    ) -> Operation:
        """Find, check and charge an operation.

        Args:
            request: What came.
            identity: Who asks.
            client: Where they ask from.
            check: Whether it may come this way; raises what it likes, before anything is charged.
            resume_after: The cursor that a subscription goes on from, where the way it came knows of one.

        Raises:
            Refused: The document is not there, wrong, or beyond a limit.
            Throttled: Its payer has spent all they have.
        """
        throttling = self.environment.services.throttling
        payer = f"user:{identity.user_id}" if isinstance(identity, Viewer) else payer_of_address(client.address)
        try:
            prepared, points = await self._prepared(request, payer)
        except Refused:
            # Finding out what is wrong is work, too; nobody gets it without end.
            await throttling.admit(payer, points=REFUSAL_POINTS, uploads=0)
            raise
        if check is not None:
            check(prepared)
        uploads = prepared.plan.uploads(request.variables)
        budget = await throttling.admit(payer, points=points, uploads=uploads)
        await self.documents.remember(request, payer)
        is_caching = prepared.kind is not OperationType.MUTATION
        context = Context(self.environment, identity, client, is_caching=is_caching, resume_after=resume_after)
        return Operation(prepared, request.variables, context, budget)

    async def outcomes(self, operation: Operation) -> AsyncGenerator[Outcome, None]:
        """Execute an operation: one outcome of a query or a mutation, those of a subscription as they come.

        What the operation cost is told with the first.

        Raises:
            Refused: There is no outcome, or no further one.
        """
        arguments = operation.prepared, operation.variables, operation.context
        if operation.kind is not OperationType.SUBSCRIPTION:
            yield (await self.executor.execute(*arguments)).extended(operation.extensions)
            return
        extensions = operation.extensions
        with self.metrics.live_subscriptions.labels(operation.prepared.root_field).track_inprogress():
            async with aclosing(self.executor.subscribe(*arguments)) as outcomes:
                async for outcome in outcomes:
                    yield outcome.extended(extensions)
                    extensions = {}

    async def _prepared(self, request: GraphQLRequest, payer: str) -> tuple[Prepared, int]:
        """Return an operation with its cost in points."""
        text = await self.documents.find(request, payer)
        prepared = self.executor.prepare(text, request.operation_name)
        points, most = prepared.plan.points(request.variables), self.environment.settings.query_cost_max
        if points > most:
            message = (
                f"The operation may cost {points:,} points; one operation may cost {most:,}. Ask for smaller pages."
            )
            raise Refused.because(GraphQLError(message, extensions={"code": TOO_COSTLY, "cost": points, "limit": most}))
        return prepared, points
