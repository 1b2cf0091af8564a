"""Alembic's scripts; each works while the previous release still runs."""
