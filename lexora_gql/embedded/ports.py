"""Whether a port is free, before anything is started."""

import errno
import socket
import time

from lexora_gql.embedded.errors import CannotRun

# What a killed predecessor held is let go within moments.
PATIENCE_SECONDS = 1.0
POLL_SECONDS = 0.1


def require_free_port(host: str, port: int) -> None:
    """Check that we could listen on an address.

    Raises:
        CannotRun: Saying why not, in one line.
    """
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise CannotRun(f"HOST: {host} is not an address of this machine.") from None
    patient_until = time.monotonic() + PATIENCE_SECONDS
    failures = []
    for family, kind, protocol, _, address in places:
        while (failure := _failure(family, kind, protocol, address)) == errno.EADDRINUSE:
            if time.monotonic() >= patient_until:
                raise CannotRun(f"PORT: {port} is taken on {host}; set PORT to another one.")
            time.sleep(POLL_SECONDS)
        if failure in (errno.EACCES, errno.EPERM):
            raise CannotRun(f"PORT: {port} needs more rights than this user has; set PORT to 1024 or more.")
        failures.append(failure)
    # "localhost" is also an address of IPv6, which a machine may not have.
    if all(failures):
        raise CannotRun(f"HOST: {host} is not an address of this machine.")


def _failure(
    family: int, kind: int, protocol: int, address: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
) -> int:
    """Return the number of the error that listening meets, or 0."""
    with socket.socket(family, kind, protocol) as trial:
        # As the server does it: a port in TIME_WAIT is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
            trial.listen(1)
        except OSError as error:
            return error.errno or errno.EIO
    return 0
