"""From a request to its result: parse, count, validate, execute. HTTP and WebSocket share this."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Self, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    execute,
    parse,
    specified_rules,
    subscribe,
    validate,
    visit,
)
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from lexora_gql.transport.graphql.context import Context
from lexora_gql.transport.graphql.errors import public_errors
from lexora_gql.transport.graphql.limits import TOO_COSTLY, Limits, exceeded

DOCUMENTS_KEPT = 64
DOCUMENT_KEPT_CHARACTERS_MAX = 8_000
VALIDATION_ERRORS_MAX = 20


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client sent.

    Attributes:
        query: The document.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result as it goes to the client.

    Attributes:
        is_executed: Whether execution began; otherwise there are only errors of the request.
    """

    errors: list[dict[str, Any]]
    data: dict[str, Any] | None = None
    is_executed: bool = True

    @property
    def body(self) -> dict[str, Any]:
        """The response as GraphQL over HTTP has it."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        return body | {"data": self.data} if self.is_executed else body


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that may be executed."""

    document: DocumentNode
    operation: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.operation.operation


class Refused(Exception):
    """The request cannot be executed.

    Attributes:
        outcome: Errors only.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("; ".join(error["message"] for error in outcome.errors))
        self.outcome = outcome

    @classmethod
    def because(cls, *errors: GraphQLError) -> Self:
        """Return the refusal for these reasons."""
        return cls(Outcome(public_errors(errors), is_executed=False))


class Executor:
    """Executes operations against one schema; serves every request of a process."""

    def __init__(self, schema: GraphQLSchema, *, is_open: bool, limits: Limits | None = None) -> None:
        """Take the schema.

        Args:
            schema: With Strawberry's resolvers.
            is_open: Whether introspection and suggestions are given; not in production.
            limits: What an operation may hold.
        """
        self._schema = schema
        self._is_open = is_open
        self._limits = limits or Limits()
        self._rules = specified_rules if is_open else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()

    def prepare(self, request: GraphQLRequest) -> Prepared:
        """Parse, count and validate.

        Raises:
            Refused: With what is wrong.
        """
        document = self._document(request.query)
        return Prepared(document, _operation(document, request.operation_name))

    async def execute(self, prepared: Prepared, request: GraphQLRequest, context: Context) -> Outcome:
        """Execute a query or a mutation to its end."""
        result = execute(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            hide_suggestions=not self._is_open,
            operation_extensions={},
        )
        return _outcome(await result if isawaitable(result) else result)

    async def subscribe(
        self, prepared: Prepared, request: GraphQLRequest, context: Context
    ) -> AsyncGenerator[Outcome, None]:
        """Execute a subscription; closing the generator closes what it reads from.

        Raises:
            Refused: Before the first result, where there will be none.
        """
        stream = subscribe(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            hide_suggestions=not self._is_open,
            operation_extensions={},
        )
        results = await stream if isawaitable(stream) else stream
        if isinstance(results, ExecutionResult):
            raise Refused.because(*(results.errors or ()))
        async with aclosing(cast("AsyncGenerator[ExecutionResult, None]", results)):
            try:
                async for result in results:
                    yield _outcome(result)
            except Exception as error:  # whatever a source raises ends its stream as an error message
                raise Refused.because(_as_graphql_error(error)) from error

    def _document(self, source: str) -> DocumentNode:
        if source in self._documents:
            self._documents.move_to_end(source)
            return self._documents[source]
        document = self._parsed(source)
        try:
            errors = self._faults(document)
        except RecursionError:
            # Many tokens, each a level deeper through fragments; it is beyond the depth that is allowed, anyway.
            errors = [GraphQLError("The document is nested too deeply.", extensions={"code": TOO_COSTLY})]
        if errors:
            raise Refused.because(*errors)
        if len(source) <= DOCUMENT_KEPT_CHARACTERS_MAX:
            self._documents[source] = document
            if len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        return document

    def _faults(self, document: DocumentNode) -> list[GraphQLError]:
        error = exceeded(document, self._limits)
        if error is not None:
            return [error]
        return validate(self._schema, document, self._rules, VALIDATION_ERRORS_MAX, hide_suggestions=not self._is_open)

    def _parsed(self, source: str) -> DocumentNode:
        try:
            document = parse(
                source,
                max_lexical_tokens=self._limits.tokens,
                max_comments=self._limits.comments,
                max_source_length=self._limits.source_characters,
            )
        except GraphQLError as error:
            raise Refused.because(error) from error
        if "\\" in source:
            visit(document, _StorableTexts())
        return document


class _StorableTexts(Visitor):
    """Refuses documents whose texts PostgreSQL cannot store; only an escape can bring them about."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\x00" in node.value:
            raise Refused.because(GraphQLError("A text holds a NUL, which no text may hold.", node))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
    if len(operations) == 1:
        return operations[0]
    message = (
        f"There is no operation named {name!r}." if name is not None else "`operationName` must say which operation."
    )
    raise Refused.because(GraphQLError(message))


def _outcome(result: ExecutionResult) -> Outcome:
    errors = result.errors or []
    # Without a path nothing was executed: variables were wrong.
    is_request_error = result.data is None and all(error.path is None for error in errors)
    return Outcome(public_errors(errors), result.data, is_executed=not is_request_error)


def _as_graphql_error(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
