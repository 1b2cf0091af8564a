"""Whether a document suits the schema, found out in bounded time."""

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    specified_rules,
    validate,
)
from graphql.validation import NoSchemaIntrospectionCustomRule, ValidationContext
from graphql.validation.validate import ValidationAbortedError

from lexora_gql.transport.graphql.execution.limits import too_costly

ERRORS_MAX = 5
"""Errors of one document; whoever has more sees the others once these are mended."""
MERGING_MAX = 5_000
"""Steps of comparing fields that have one name in the answer: with n of them n² / 2 pairs, each with all below it.

A step takes one or two microseconds. All operations of ours together take fewer than 200; what components of a page
may ask for, 25 fragments on one object that all select the same four fields, takes as many as this.
"""


class MergingRule(OverlappingFieldsCanBeMergedRule):
    """The rule of the specification, giving up after `MERGING_MAX` steps instead of a hundred times as many."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MERGING_MAX


OPEN_RULES = tuple(MergingRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules)
CLOSED_RULES = (*OPEN_RULES, NoSchemaIntrospectionCustomRule)


def validated(schema: GraphQLSchema, document: DocumentNode, *, is_open: bool) -> list[GraphQLError]:
    """Return what is wrong with a document that keeps its limits, at most `ERRORS_MAX` errors.

    Args:
        schema: What it is validated against.
        document: As `limits.exceeded` has let it pass.
        is_open: Whether introspection and suggestions are given.

    Returns:
        One error with the code TOO_COSTLY where finding out is more work than may be done.
    """
    rules = OPEN_RULES if is_open else CLOSED_RULES
    errors = validate(schema, document, rules, ERRORS_MAX, hide_suggestions=not is_open)
    if len(errors) <= ERRORS_MAX and errors and isinstance(errors[-1], ValidationAbortedError):
        message = "The document selects the same fields so often, or nests fragments so deeply, "
        message += "that finding out whether it is valid would take too long."
        return [too_costly(message)]
    return errors[:ERRORS_MAX]
