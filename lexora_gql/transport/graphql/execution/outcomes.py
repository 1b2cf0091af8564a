"""What comes of a request, as it goes to the client."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Self

from graphql import ExecutionResult, GraphQLError

from lexora_gql.transport.graphql.errors import public_errors

# Made once: with arguments of its own json.dumps would make an encoder for each result.
to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""Writes JSON on one line; what JSON writes as escapes cannot end a line of an event stream."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result as it goes to the client.

    Attributes:
        is_parsed: Whether the document is GraphQL at all.
        is_executed: Whether execution began; otherwise there are only errors of the request.
        extensions: What is told beside the result, such as its cost.
    """

    errors: list[dict[str, Any]]
    data: dict[str, Any] | None = None
    is_parsed: bool = True
    is_executed: bool = True
    extensions: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, result: ExecutionResult) -> Self:
        """Return the outcome of an execution."""
        errors = result.errors or []
        # Without a path nothing was executed: variables were wrong.
        is_request_error = result.data is None and all(error.path is None for error in errors)
        return cls(public_errors(errors), result.data, is_executed=not is_request_error)

    @property
    def body(self) -> dict[str, Any]:
        """The response as GraphQL over HTTP has it."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.is_executed:
            body["data"] = self.data
        if self.extensions:
            body["extensions"] = self.extensions
        return body

    @property
    def verdict(self) -> str:
        """In one word, for the metrics."""
        if not self.is_executed:
            return "refused"
        return "error" if self.errors else "ok"

    def extended(self, extensions: dict[str, Any]) -> Self:
        """Return it with something told beside it."""
        return replace(self, extensions=self.extensions | extensions)


class Refused(Exception):
    """The request cannot be executed.

    Attributes:
        outcome: Errors only.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("; ".join(error["message"] for error in outcome.errors))
        self.outcome = outcome

    @classmethod
    def because(cls, *errors: GraphQLError, is_parsed: bool = True) -> Self:
        """Return the refusal for these reasons."""
        return cls(Outcome(public_errors(errors), is_parsed=is_parsed, is_executed=False))
