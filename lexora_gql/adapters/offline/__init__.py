"""A deterministic twin of each port, for tests and for places without the vendor."""
