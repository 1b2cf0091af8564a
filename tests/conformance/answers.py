"""What an answer to hostile input must be like: in our words, with a known code, telling nothing of the inside."""

import json
import re
import sys
import tempfile
from typing import Any

import httpx

from tests.shared_data import PROJECT

ERRORS = (PROJECT / "schema" / "errors.md").read_text(encoding="utf-8")
CODES = frozenset(
    re.findall(r"^\| `([A-Z_]+)`", ERRORS.partition("## `extensions.code`")[2].partition("\n## ")[0], re.MULTILINE)
)
TYPES = ("application/json; charset=utf-8", "application/graphql-response+json; charset=utf-8")
INSIDE = re.compile(
    r"traceback|file \"|\.py\b|site-packages|lexora_gql|sqlalchemy|asyncpg|psycopg|postgres|redis|starlette|uvicorn"
    r"|python|strawberry|graphql-core|codec can|recursion|str_digits|object at 0x|<class|exception|errno"
    r"|\bselect .* from\b|insert into|" + "|".join(re.escape(folder) for folder in (tempfile.gettempdir(), sys.prefix)),
    re.IGNORECASE,
)


def faults_of(response: httpx.Response) -> list[str]:
    """Return what is wrong with an answer; nothing of it depends on what was asked."""
    if response.status_code >= 500:
        return [f"status {response.status_code}: {response.text[:500]}"]
    if response.headers.get("content-type") not in TYPES:
        return [f"type {response.headers.get('content-type')}"]
    body = json.loads(response.text)
    if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
        return [f"no answer: {response.text[:500]}"]
    return [fault for error in body.get("errors", []) for fault in _faults_of(error)]


def _faults_of(error: dict[str, Any]) -> list[str]:
    faults = []
    code = error.get("extensions", {}).get("code")
    if code not in CODES or code == "INTERNAL":
        faults.append(f"code {code}: {error}")
    if not error.get("message"):
        faults.append(f"no message: {error}")
    if found := INSIDE.search(json.dumps(error)):
        faults.append(f"tells {found[0]!r}: {error}")
    return faults


def codes_of(response: httpx.Response) -> list[str]:
    """Return the codes of an answer's errors."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]
