"""Trusted documents: the operations that a server may be told to take, and no others, each under its SHA-256."""

import hashlib
import json
from pathlib import Path

from graphql import GraphQLSchema, OperationDefinitionNode, print_ast, validate

from lexora_gql.terminal.errors import CannotGoOn
from lexora_gql.terminal.operations import operation, operation_names


def manifest(schema: GraphQLSchema, folder: Path) -> str:
    """Return a folder's operations, by name, each with the fragments that it spreads.

    Raises:
        CannotGoOn: An operation asks for what the schema has not, or a file cannot be parsed.

    Source:
        Apollo's manifest of persisted queries, version 1.
    """
    entries = [_entry(schema, name, folder) for name in operation_names(folder)]
    whole = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": entries}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _entry(schema: GraphQLSchema, name: str, folder: Path) -> dict[str, str]:
    document = operation(name, folder)
    if errors := validate(schema, document):
        raise CannotGoOn(f"The operation {name} is not valid: {errors[0].message}")
    [definition] = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    body = print_ast(document)
    digest = hashlib.sha256(body.encode("utf-8")).hexdigest()
    return {"id": digest, "name": name, "type": definition.operation.value, "body": body}
