"""A step between fork and exec: drop root, die with the parent, then become the command.

Run as a script with `python -I -S`, because code between fork and exec inside a process with threads may
deadlock, and because a change of user clears the wish to die with the parent: the order matters.
"""

import ctypes
import os
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
UNREACHABLE = 126
USAGE = "launch.py PARENT_PID DEATH_SIGNAL UID GID (--reach PATH | COMMAND...)"


def main(arguments: list[str]) -> NoReturn:
    """Become a command, or say by the exit code whether a path can be reached (0 or 126).

    Args:
        arguments: See `USAGE`; a negative UID keeps the user.
    """
    parent, death_signal, user, group = (int(argument) for argument in arguments[:4])
    command = arguments[4:]
    if user >= 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if command[0] == "--reach":
        sys.exit(0 if os.access(command[1], os.X_OK) else UNREACHABLE)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        # The parent may have died before we asked.
        if os.getppid() != parent:
            sys.exit(UNREACHABLE)
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606  # the command is ours, and no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
