import os
import socket
from pathlib import Path

import pytest

from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.ports import require_free_port
from tests.embedded.running_up import free_port


def first_free_port() -> int:
    """Return the lowest port that ordinary users may take; containers often allow all."""
    setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return int(setting.read_text()) if setting.exists() else 1024


class TestRequireFreePort:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
    def test_a_free_one_passes_and_stays_free(self, host: str) -> None:
        port = free_port()
        require_free_port(host, port)
        require_free_port(host, port)

    def test_a_taken_one_is_refused(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(CannotRun, match=rf"^PORT: {port} is taken on 0\.0\.0\.0; set PORT to another one\.$"):
                require_free_port("0.0.0.0", port)

    @pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 300])
    def test_an_address_of_nobody_is_refused(self, host: str) -> None:
        with pytest.raises(CannotRun, match=rf"^HOST: {host} is not an address of this machine\.$"):
            require_free_port(host, free_port())

    @pytest.mark.skipif(os.geteuid() == 0 or not first_free_port(), reason="this user may take any port")
    def test_a_port_for_root_only_is_refused(self) -> None:
        with pytest.raises(CannotRun, match=r"(needs more rights|is taken)"):
            require_free_port("127.0.0.1", 1)
