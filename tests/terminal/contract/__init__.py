"""Tests of the files that are made from the schema."""
