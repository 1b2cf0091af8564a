"""The server that the suites and clients speak to."""

from tests.transport.conftest import api, shared_api

__all__ = ["api", "shared_api"]
