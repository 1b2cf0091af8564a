"""From a document to its result: parse, count, validate, execute. HTTP and WebSocket share this."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    execute,
    subscribe,
    visit,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from lexora_gql.telemetry.metrics import Metrics
from lexora_gql.transport.graphql.context import Context
from lexora_gql.transport.graphql.execution.costs.plan import CostPlan, plan
from lexora_gql.transport.graphql.execution.document_cache import DocumentCache, ValidDocument
from lexora_gql.transport.graphql.execution.limits import TOO_COSTLY, Limits, exceeded, parsed, too_costly
from lexora_gql.transport.graphql.execution.outcomes import Outcome, Refused
from lexora_gql.transport.graphql.execution.validation import validated

DIGITS_MAX = 100
LONG_NUMBER = re.compile(rf"[0-9]{{{DIGITS_MAX + 1}}}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that may be executed."""

    document: DocumentNode
    operation: OperationDefinitionNode
    plan: CostPlan

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation

    @property
    def root_field(self) -> str:
        """The first root field, for the metrics; a subscription has but one."""
        node = self.operation.selection_set.selections[0]
        return node.name.value if isinstance(node, FieldNode) else "other"


class Executor:
    """Executes operations against one schema; serves every request of a process."""

    def __init__(self, schema: GraphQLSchema, metrics: Metrics, *, is_open: bool, limits: Limits | None = None) -> None:
        """Take the schema.

        Args:
            schema: With Strawberry's resolvers.
            metrics: Of this process.
            is_open: Whether introspection and suggestions are given; not in production.
            limits: What an operation may hold.
        """
        self._schema = schema
        self._is_open = is_open
        self._limits = limits or Limits()
        self._documents = DocumentCache(metrics)

    def prepare(self, source: str, operation_name: str | None) -> Prepared:
        """Parse, count and validate.

        Raises:
            Refused: With what is wrong.
        """
        document = self._documents.get(source)
        if document is None:
            document = ValidDocument(self._validated(source))
            self._documents.put(source, document)
        operation = _operation(document.operations, operation_name)
        if id(operation) not in document.plans:
            document.plans[id(operation)] = plan(self._schema, document.tree, operation)
        return Prepared(document.tree, operation, document.plans[id(operation)])

    async def execute(self, prepared: Prepared, variables: Mapping[str, Any], context: Context) -> Outcome:
        """Execute a query or a mutation to its end."""
        result = execute(self._schema, prepared.document, **self._arguments(prepared, variables, context))
        return Outcome.of(await result if isawaitable(result) else result)

    async def subscribe(
        self, prepared: Prepared, variables: Mapping[str, Any], context: Context
    ) -> AsyncGenerator[Outcome, None]:
        """Execute a subscription; closing the generator closes what it reads from.

        Raises:
            Refused: Before the first result, where there will be none.
        """
        stream = subscribe(self._schema, prepared.document, **self._arguments(prepared, variables, context))
        results = await stream if isawaitable(stream) else stream
        if isinstance(results, ExecutionResult):
            raise Refused.because(*(results.errors or ()))
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", results)):
            try:
                async for result in results:
                    yield Outcome.of(result)
            except Exception as error:  # whatever a source raises ends its stream as an error message
                raise Refused.because(_as_graphql_error(error)) from error

    def _arguments(self, prepared: Prepared, variables: Mapping[str, Any], context: Context) -> dict[str, Any]:
        name = prepared.operation.name
        return {
            "context_value": context,
            "variable_values": dict(variables),
            "operation_name": name.value if name else None,
            "executor_class": StrawberryGraphQLCoreExecutionContext,
            "hide_suggestions": not self._is_open,
            "operation_extensions": {},
        }

    def _validated(self, source: str) -> DocumentNode:
        document = self._parsed(source)
        try:
            errors = self._faults(document)
        except RecursionError:
            # Many tokens, each a level deeper through fragments; it is beyond the depth that is allowed, anyway.
            errors = [too_costly("The document is nested too deeply.")]
        if errors:
            raise Refused.because(*errors)
        return document

    def _faults(self, document: DocumentNode) -> list[GraphQLError]:
        error = exceeded(document, self._limits)
        return [error] if error is not None else validated(self._schema, document, is_open=self._is_open)

    def _parsed(self, source: str) -> DocumentNode:
        try:
            document = parsed(source, self._limits)
        except GraphQLError as error:
            is_graphql = (error.extensions or {}).get("code") == TOO_COSTLY
            raise Refused.because(error, is_parsed=is_graphql) from error
        # Only an escape can bring about the one, only many digits the other.
        if "\\" in source or LONG_NUMBER.search(source):
            visit(document, _ReadableValues())
        return document


class _ReadableValues(Visitor):
    """Refuses texts that PostgreSQL cannot store, and numbers that Python does not read."""

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        if LONG_NUMBER.search(node.value):
            message = f"A number has more than {DIGITS_MAX} digits."
            raise Refused.because(GraphQLError(message, node))

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\x00" in node.value:
            raise Refused.because(GraphQLError("A text holds a NUL, which no text may hold.", node))


def _operation(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
    if len(operations) == 1:
        return operations[0]
    message = (
        f"There is no operation named {name[:100]!r}."
        if name is not None
        else "`operationName` must say which operation."
    )
    raise Refused.because(GraphQLError(message))


def _as_graphql_error(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
