"""Tests of transactions, pages and row-level security."""
