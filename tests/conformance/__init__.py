"""Public suites, real clients and hostile input against the running server."""
