"""Members of result unions."""

from typing import Any

from lexora_gql.terminal.errors import Refused
from lexora_gql.terminal.plain_text import one_line


def member(result: dict[str, Any]) -> dict[str, Any]:
    """Return the member that means success.

    Raises:
        Refused: It is one that implements `UserError`; only those have a code and a message.
    """
    if "code" not in result or "message" not in result:
        return result
    wait = result.get("retryAfterSeconds")
    raise Refused(
        one_line(str(result["message"])), code=str(result["code"]), retry_after_seconds=float(wait) if wait else None
    )
