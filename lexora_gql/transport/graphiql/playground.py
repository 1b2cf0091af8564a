"""Serving the playground: `page()` for browsers at GET /graphql, `STATIC` for what the page loads."""

import os
import re
import secrets
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import Scope

from lexora_gql.transport.graphiql.bundle import BUILD_COMMAND, FOLDER, read_bundle

PATH = "/graphiql/static"
NONCE_BYTES = 18

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    # The nonce is for style elements; style attributes it does not allow.
    "style-src": "'self' 'nonce-{nonce}'",
    "font-src": "data:",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    # Ours, in trust.js; the last is of the DOMPurify inside the editor.
    "trusted-types": "default lexora-editor lexora-purifier dompurify",
}
_POLICY_TEXT = "; ".join(f"{directive} {value}" for directive, value in _POLICY.items())

_PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page names hashed files and has a nonce, so it must be asked for anew; GET /graphql also answers queries.
    "Cache-Control": "no-store",
    "Vary": "Accept",
}

# The address is relative so that a prefix put in front of /graphql by a proxy holds for the files, too.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lexora playground</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{folder}/{style}" nonce="{nonce}">
<script type="module" src="{folder}/{script}"></script>
</head>
<body>
<div id="playground"><p class="waiting">Loading the playground. It needs JavaScript.</p></div>
</body>
</html>
"""

# Not left to the machine's own table of types: a script with a wrong one is refused under nosniff.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_HASHED = re.compile(r"-[A-Z0-9]{8}\.[a-z0-9]+$")


def page(folder: Path = FOLDER) -> Response:
    """Return the page that loads the playground, or 503 with the command that builds it."""
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    headers = {"Content-Security-Policy": _POLICY_TEXT.format(nonce=nonce)} | _PAGE_HEADERS
    bundle = read_bundle(folder)
    if bundle is None:
        text = f"The playground is not built. Build it with:\n\n    {BUILD_COMMAND}\n"
        return PlainTextResponse(text, status_code=503, headers=headers)
    text = _PAGE.format(folder=PATH.removeprefix("/"), script=bundle.script, style=bundle.style, nonce=nonce)
    return HTMLResponse(text, headers=headers)


class BundleFiles(StaticFiles):
    """The bundle's files, each with a type that is right and as long a life as its name allows."""

    async def check_config(self) -> None:
        """Accept that the folder is missing: it may be built while the server runs."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file of the bundle; what has another type, such as the manifest, is not there."""
        if Path(path).suffix not in _TYPES:
            return "", None
        return super().lookup_path(path)

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Add type, lifetime and protection."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        name = Path(full_path).name
        is_hashed = _HASHED.search(name) is not None
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        response.headers["x-content-type-options"] = "nosniff"
        # It binds the workers, whose only traffic is messages with the page.
        response.headers["content-security-policy"] = "default-src 'none'"
        if isinstance(response, FileResponse):
            response.headers["content-type"] = _TYPES[Path(name).suffix]
        return response


STATIC = Mount(PATH, app=BundleFiles(directory=FOLDER, check_dir=False), name="playground")
