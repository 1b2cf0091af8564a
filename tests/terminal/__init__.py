"""Tests of the commands that speak to a server, and of the doctor."""
