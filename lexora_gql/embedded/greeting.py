"""What `lexora up` says once everything runs."""

import json
import shlex

from lexora_gql.settings import Settings

REGISTRATION = """
mutation($input: RegisterInput!) {
  register(input: $input) { __typename ... on Authenticated { accessToken } ... on UserError { code message } }
}
"""


def greeting(settings: Settings) -> str:
    """Return the addresses, and a first request to paste."""
    address = settings.address
    lines = [
        "",
        "Lexora is ready.",
        "",
        *([f"  Playground   {address}/graphql"] if settings.has_playground else []),
        f"  GraphQL      {address}/graphql",
        f"  Health       {address}/health",
        f"  Readiness    {address}/ready",
        f"  Metrics      {address}/metrics",
        f"  Data         {settings.data_dir.absolute()}",
    ]
    if settings.registration == "open":
        lines += [
            "",
            "Make an account, and take the accessToken as `Authorization: Bearer`:",
            "",
            f"  {first_request(address)}",
        ]
    return "\n".join([*lines, "", "Ctrl-C ends everything; what is stored stays.", ""])


def first_request(address: str) -> str:
    """Return a curl command that registers somebody, on one line, for any shell."""
    person = {"email": "you@example.com", "password": "correct horse battery staple"}
    body = json.dumps({"query": " ".join(REGISTRATION.split()), "variables": {"input": person}})
    return f"curl -s {address}/graphql -H 'Content-Type: application/json' -d {shlex.quote(body)}"
