"""What clients of the last release would stumble over, and whether they were told."""

import re
from dataclasses import dataclass

from graphql import (
    GraphQLSchema,
    find_breaking_changes,
    find_dangerous_changes,
    is_required_argument,
    is_required_input_field,
    resolve_schema_coordinate,
)
from graphql.utilities.resolve_schema_coordinate import (
    ResolvedDirectiveArgument,
    ResolvedFieldArgument,
    ResolvedInputField,
)

ANNOUNCEMENT = "- **Breaking:** "
"""How a line of the history announces a breaking change; the change follows in the words of this check."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes since the last release that are not safe for every client, each in one line.

    Attributes:
        unannounced: Those that break clients, and that the history's newest chapter does not announce.
        announced: Those that break clients, as announced.
        dangerous: Those that break only clients that do not bear with what they do not know.
    """

    unannounced: list[str]
    announced: list[str]
    dangerous: list[str]


def changes(released: GraphQLSchema, offered: GraphQLSchema, history: str) -> Changes:
    """Compare the schema with that of the last release.

    Args:
        released: What clients were promised.
        offered: What the server offers now.
        history: The text of CHANGES.md, the newest chapter first.
    """
    told = _newest_chapter(history)
    dangerous = {change.description for change in find_dangerous_changes(released, offered)}
    # graphql-core takes what has lost its default for dangerous only, though it must be given from now on.
    lost = {line for line in dangerous if _has_become_required(line, offered)}
    breaking = sorted({change.description for change in find_breaking_changes(released, offered)} | lost)
    announced = [line for line in breaking if any(words.startswith(ANNOUNCEMENT + line) for words in told)]
    return Changes([line for line in breaking if line not in announced], announced, sorted(dangerous - lost))


def _has_become_required(line: str, offered: GraphQLSchema) -> bool:
    lost = re.fullmatch(r"(\S+) defaultValue was removed\.", line)
    match resolve_schema_coordinate(offered, lost[1]) if lost else None:
        case ResolvedFieldArgument(field_argument=argument) | ResolvedDirectiveArgument(directive_argument=argument):
            return is_required_argument(argument)
        case ResolvedInputField(input_field=field):
            return is_required_input_field(field)
    return False


def _newest_chapter(history: str) -> list[str]:
    chapters = re.split(r"^## .*\n", history, flags=re.MULTILINE)
    return chapters[1].splitlines() if len(chapters) > 1 else []
