"""Uploads to a server whose disks are full: said in words, and nothing stays."""

import errno
import json
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest
from graphql import print_ast

from lexora_gql.terminal.operations import operation
from tests.transport.api import PREFLIGHT, Api, Client

LARGE = b"A line of text.\n" * (200_000 // 16)
MESSAGE = "The server has no room for files at the moment; try again later."


async def send(reader: Client, *files: bytes) -> httpx.Response:
    operations = {
        "query": print_ast(operation("UploadDocuments")),
        "variables": {"inputs": [{"file": None} for _ in files]},
    }
    places = {str(at): [f"variables.inputs.{at}.file"] for at in range(len(files))}
    return await reader.http.post(
        "/graphql",
        data={"operations": json.dumps(operations), "map": json.dumps(places)},
        files=[(str(at), (f"{at}.txt", content)) for at, content in enumerate(files)],
        headers=reader.headers | PREFLIGHT,
    )


def full(**_: object) -> BinaryIO:
    """Return a file on a disk that is full."""
    return Path("/dev/full").open("w+b")


def stored(api: Api) -> list[Path]:
    return [path for path in api.process.settings.blobs_folder.rglob("*") if path.is_file()]


async def documents(reader: Client) -> int:
    return int((await reader.run("Documents"))["totalCount"])


class TestWhereFilesAreKeptAside:
    async def test_the_request_is_refused_and_the_next_is_taken(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader = await api.somebody()
        before = stored(api)
        monkeypatch.setattr(tempfile, "SpooledTemporaryFile", full)
        response = await send(reader, LARGE, b"Small.")
        monkeypatch.undo()

        assert (response.status_code, response.headers["retry-after"]) == (503, "60")
        assert response.json() == {"errors": [{"message": MESSAGE, "extensions": {"code": "UNAVAILABLE"}}]}
        assert response.headers["connection"] == "close"
        assert (await documents(reader), stored(api)) == (0, before)
        [taken] = (await send(reader, LARGE)).json()["data"]["uploadDocuments"]
        assert taken["__typename"] == "DocumentAccepted"


class TestWhereFilesAreStored:
    async def test_the_operation_is_unavailable_and_what_came_before_stays(
        self, api: Api, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader = await api.somebody()
        await send(reader, b"Before.")
        kept = stored(api)

        def no_room(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", no_room)
        response = await send(reader, LARGE)
        monkeypatch.undo()

        [error] = response.json()["errors"]
        assert (response.status_code, error["message"]) == (200, MESSAGE)
        assert error["extensions"] == {"code": "UNAVAILABLE", "retryAfterSeconds": 60.0}
        assert (await documents(reader), stored(api)) == (1, kept)
