"""Lexora: a GraphQL server that answers questions from an organisation's documents."""

from importlib.metadata import version

__version__ = version("lexora-gql")
