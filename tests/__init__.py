"""Tests; each folder mirrors one of the package."""
