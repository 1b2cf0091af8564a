"""Bodies of multipart/form-data, byte by byte."""

import json
from dataclasses import dataclass

import httpx

from tests.transport.api import PREFLIGHT, Client

BOUNDARY = "cut-here"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
ONE = """mutation($file: Upload!) {
  uploadDocument(input: {file: $file}) {
    __typename
    ... on DocumentAccepted { isDuplicate document { filename title byteSize sha256 } }
    ... on UserError { code path }
  }
}"""
MANY = "mutation($inputs: [UploadDocumentInput!]!) { uploadDocuments(inputs: $inputs) { __typename } }"
CONTENT = b"Invoices are paid within 30 days.\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `disposition` is what its header says beyond `form-data; `."""

    disposition: str
    content: bytes
    headers: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        """Return it as it is sent, with the boundary before it."""
        lines = [f"--{BOUNDARY}", f"Content-Disposition: form-data; {self.disposition}", *self.headers, "", ""]
        return "\r\n".join(lines).encode() + self.content + b"\r\n"


def field(name: str, content: object) -> Part:
    """Return `operations` or `map`: JSON, or a text as it stands."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Part(f'name="{name}"', text.encode())


def file(name: str, content: bytes = CONTENT, filename: str = "a.txt") -> Part:
    """Return a file."""
    return Part(f'name="{name}"; filename="{filename}"', content)


def form(*parts: Part) -> bytes:
    """Return a body with its end."""
    return b"".join(bytes(part) for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def upload(*files: Part, operations: object = None, places: object = None) -> bytes:
    """Return the upload of one file, where nothing else is given."""
    operations = {"query": ONE, "variables": {"file": None}} if operations is None else operations
    places = {"0": ["variables.file"]} if places is None else places
    return form(field("operations", operations), field("map", places), *(files or (file("0"),)))


async def sent(client: Client, body: bytes, content_type: str = TYPE, **more: str) -> httpx.Response:
    """Return the response to a form."""
    headers = client.headers | PREFLIGHT | {"Content-Type": content_type} | more
    return await client.http.post("/graphql", content=body, headers=headers)
