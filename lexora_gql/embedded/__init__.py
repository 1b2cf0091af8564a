"""PostgreSQL and Redis as child processes, for `lexora up` and for the tests."""
