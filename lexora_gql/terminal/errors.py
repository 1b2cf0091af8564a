"""Why a command ends early, in one line each.

CannotGoOn
├── Refused       the server said no
└── Unreachable   no server answers, or not as one
Dropped           a socket broke; worth another try
"""

from typing import ClassVar

FAILED = 1
USAGE = 2
NO_EVIDENCE = 3
INTERRUPTED = 130


class CannotGoOn(Exception):
    """A reason for whoever sits at the terminal.

    Attributes:
        exit_code: What the command ends with.
    """

    def __init__(self, line: str, *, exit_code: int = FAILED) -> None:
        super().__init__(line)
        self.exit_code = exit_code


class Refused(CannotGoOn):
    """The server said no.

    Attributes:
        code: Of a member of a result union, or a top-level error's `extensions.code`; empty where there is none.
        retry_after_seconds: When it may say yes; None where it never will.
    """

    def __init__(self, line: str, *, code: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(line)
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class Unreachable(CannotGoOn):
    """No server answers, or not as one."""


class Dropped(Exception):
    """A socket broke, or could not be opened.

    Attributes:
        close_code: Of the WebSocket, where one came.
    """

    UNAUTHENTICATED: ClassVar = frozenset({4401, 4403})

    def __init__(self, reason: str, *, close_code: int | None = None) -> None:
        super().__init__(reason)
        self.close_code = close_code

    @property
    def needs_a_new_token(self) -> bool:
        """Whether the token was no good, or is no longer."""
        return self.close_code in self.UNAUTHENTICATED
