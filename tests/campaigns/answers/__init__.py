"""Answers whose readers, writers and Redis are cut, killed and wiped, and what readers must have seen all the same."""
