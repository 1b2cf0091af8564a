"""Why something cannot be started, in one line for whoever typed the command."""


class CannotRun(Exception):
    """Something that `lexora up` needs cannot be started."""
