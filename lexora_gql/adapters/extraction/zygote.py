"""The process that has imported every reader once, and forks a child for each file.

Importing the readers takes most of a second, forking takes milliseconds. The server starts one zygote with an empty
environment and a single socket, and asks it over that socket:

    server → zygote   {"do": "read", "job": 7, "media_type": …} with two descriptors: the file, the pipe for frames
                      {"do": "kill", "job": 7}
    zygote → server   {"job": 0} once it is ready
                      {"job": 7, "status": …, "memory_bytes": …, "cpu_seconds": …} when a child has ended

Only the zygote signals and reaps children, so that a process id is never used after somebody else could have got it.
When the server ends, its end of the socket closes and the zygote goes; when the zygote ends, the kernel kills its
children.
"""

import gc
import json
import logging
import os
import selectors
import signal
import socket
import warnings
from dataclasses import dataclass, field

from lexora_gql.adapters.extraction.limits import Limits, die_with_parent
from lexora_gql.adapters.extraction.reading import preload, read_in_child

MESSAGE_BYTES_MAX = 4_096
DESCRIPTORS = 2


@dataclass(slots=True)
class Zygote:
    """Forks, kills and reaps.

    Attributes:
        control: The socket to the server.
        limits: What each child may use.
        children: Job by process id.
    """

    control: socket.socket
    limits: Limits
    children: dict[int, int] = field(default_factory=dict)

    def serve(self) -> None:
        """Work until the server closes its end."""
        wakeup, wakeup_write = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(wakeup_write, False)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        selector = selectors.DefaultSelector()
        selector.register(self.control, selectors.EVENT_READ)
        selector.register(wakeup, selectors.EVENT_READ)
        self._say({"job": 0})
        while True:
            for key, _ in selector.select():
                if key.fileobj is self.control:
                    if not self._hear():
                        return
                else:
                    os.read(wakeup, 4_096)
            self._reap()

    def end_children(self) -> None:
        """Kill what is left; the kernel would do it too, a moment later."""
        for pid in self.children:
            self._kill(pid)

    def _hear(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self.control, MESSAGE_BYTES_MAX, DESCRIPTORS)
        if not message:
            return False
        request = json.loads(message)
        if request["do"] == "read":
            self._fork(request["job"], request["media_type"], descriptors)
        else:
            for pid, job in self.children.items():
                if job == request["job"]:
                    self._kill(pid)
        return True

    def _fork(self, job: int, media_type: str, descriptors: list[int]) -> None:
        file, pipe = descriptors
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            # Whatever happens, a child must never return into the loop of the zygote.
            try:
                die_with_parent(zygote)
                os.setpgid(0, 0)
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                read_in_child(file, pipe, media_type, self.limits)
            finally:
                os._exit(1)
        self.children[pid] = job
        for descriptor in descriptors:
            os.close(descriptor)

    def _kill(self, pid: int) -> None:
        for kill in (os.killpg, os.kill):  # the group may not exist yet, an instant after the fork
            try:
                kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _reap(self) -> None:
        while self.children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            self._say(
                {
                    "job": self.children.pop(pid),
                    "status": os.waitstatus_to_exitcode(status),
                    "memory_bytes": usage.ru_maxrss * 1024,
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                }
            )

    def _say(self, message: dict[str, float]) -> None:
        self.control.send(json.dumps(message).encode())


def main(descriptor: int, server: int, limits: Limits, modules: list[str]) -> None:
    """Be the zygote, until the server closes the other end of the socket."""
    die_with_parent(server)
    os.setsid()
    # What parsers say about a file may hold its text, which belongs in no log.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # A library that starts threads when it is imported would leave its children without them.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    preload(modules)
    gc.collect()
    # Moves all that lives out of the collector's sight, so that children do not copy pages just to look at them.
    gc.freeze()
    zygote = Zygote(socket.socket(fileno=descriptor), limits)
    try:
        zygote.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server has ended
    finally:
        zygote.end_children()
        os._exit(0)
