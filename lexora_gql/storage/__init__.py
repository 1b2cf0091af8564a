"""PostgreSQL: the only place that opens and commits a transaction."""
