"""Reading uploads as they arrive."""

import asyncio
import hashlib
import json
import os
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexora_gql.documents.service import IncomingFile
from lexora_gql.transport.graphql.http.multipart import MultipartReader
from lexora_gql.transport.graphql.refusals import RequestRefused
from lexora_gql.transport.graphql.requests import GraphQLRequest

BOUNDARY = "cut-here"
CONTENT_TYPE = f'multipart/form-data; boundary="{BOUNDARY}"'
MAX = 200_000
QUERY = "mutation($file: Upload!) { uploadDocument(input: {file: $file}) { __typename } }"
OPERATIONS = json.dumps({"query": QUERY, "variables": {"file": None}})
MAP = json.dumps({"0": ["variables.file"]})


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    """Return a part of a body."""
    suffix = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{suffix}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def body(*parts: bytes) -> bytes:
    """Return a whole body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def upload(content: bytes, filename: str = "a.txt") -> bytes:
    """Return the body of an upload of one file."""
    return body(part("operations", OPERATIONS.encode()), part("map", MAP.encode()), part("0", content, filename))


async def pieces_of(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """Yield a body as a server would."""
    for at in range(0, len(data), size):
        yield data[at : at + size]
        await asyncio.sleep(0)


async def read(data: bytes, *, size: int = 65_536, content_type: str = CONTENT_TYPE) -> GraphQLRequest:
    """Read a body and let go of its files."""
    async with MultipartReader(content_type, max_file_bytes=MAX) as reader:
        return await reader.read(pieces_of(data, size))


async def refusal(data: bytes, *, content_type: str = CONTENT_TYPE) -> RequestRefused:
    """Return how a body is refused."""
    with pytest.raises(RequestRefused) as raised:
        await read(data, content_type=content_type)
    return raised.value


async def content_of(file: IncomingFile) -> bytes:
    """Return all bytes of a staged file."""
    return b"".join([piece async for piece in file.pieces()])


class TestOneFile:
    @pytest.mark.parametrize("size", [1, 7, 4_096, 10_000_000])
    async def test_it_is_the_same_however_it_is_cut(self, size: int) -> None:
        content = random.Random(7).randbytes(20_000 if size < 10 else 150_000) + b"\r\n--cut-her"
        async with MultipartReader(CONTENT_TYPE, max_file_bytes=MAX) as reader:
            request = await reader.read(pieces_of(upload(content, "Rechnung März.txt"), size))
            file = request.variables["file"]

            assert (file.filename, file.byte_size, file.is_too_large) == ("Rechnung März.txt", len(content), False)
            assert file.sha256 == hashlib.sha256(content).digest()
            assert (file.head, file.tail) == (content[:8_192], content[-65_536:])
            assert await content_of(file) == content
            assert await content_of(file) == content

    async def test_an_empty_one_is_empty(self) -> None:
        async with MultipartReader(CONTENT_TYPE, max_file_bytes=MAX) as reader:
            file = (await reader.read(pieces_of(upload(b"")))).variables["file"]

            assert (file.byte_size, await content_of(file), file.head, file.tail) == (0, b"", b"", b"")

    async def test_one_as_large_as_allowed_is_whole(self) -> None:
        async with MultipartReader(CONTENT_TYPE, max_file_bytes=MAX) as reader:
            file = (await reader.read(pieces_of(upload(b"x" * MAX)))).variables["file"]

            assert (file.byte_size, file.is_too_large) == (MAX, False)

    async def test_one_that_is_larger_is_marked_and_its_rest_dropped(self) -> None:
        async with MultipartReader(CONTENT_TYPE, max_file_bytes=MAX) as reader:
            file = (await reader.read(pieces_of(upload(b"x" * (MAX + 1))))).variables["file"]

            assert (file.byte_size, file.is_too_large) == (MAX + 1, True)
            assert len(await content_of(file)) <= MAX


class TestSeveralFiles:
    async def test_each_comes_to_its_place(self) -> None:
        operations = {"query": QUERY, "variables": {"inputs": [{"file": None}, {"file": None, "title": "B"}]}}
        places = {"a": ["variables.inputs.0.file"], "b": ["variables.inputs.1.file"]}
        data = body(
            part("operations", json.dumps(operations).encode()),
            part("map", json.dumps(places).encode()),
            part("b", b"second", "b.txt"),
            part("a", b"first", "a.txt"),
        )
        async with MultipartReader(CONTENT_TYPE, max_file_bytes=MAX) as reader:
            inputs: list[dict[str, Any]] = (await reader.read(pieces_of(data))).variables["inputs"]

            assert [await content_of(each["file"]) for each in inputs] == [b"first", b"second"]
            assert inputs[1]["title"] == "B"


class TestWhatIsLeft:
    async def test_nothing_is_once_the_request_is_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        reader = MultipartReader(CONTENT_TYPE, max_file_bytes=4_000_000)
        async with reader:
            file = (await reader.read(pieces_of(upload(b"x" * 3_000_000)))).variables["file"]
            assert len(await content_of(file)) == 3_000_000

        with pytest.raises(ValueError, match="closed"):
            await content_of(file)
        assert os.listdir(tmp_path) == []  # noqa: PTH208  # as short as it is quick


class TestRefusals:
    @pytest.mark.parametrize(
        ("_case", "data", "status"),
        [
            ("nothing", b"", 400),
            ("no multipart", b'{"query":"{a}"}', 400),
            ("no last boundary", upload(b"abc")[:-6], 400),
            ("no parts", f"--{BOUNDARY}--\r\n".encode(), 400),
            ("no map", body(part("operations", OPERATIONS.encode())), 400),
            ("the file first", body(part("0", b"x", "a.txt"), part("operations", OPERATIONS.encode())), 400),
            ("the map first", body(part("map", MAP.encode()), part("operations", OPERATIONS.encode())), 400),
            ("no file", body(part("operations", OPERATIONS.encode()), part("map", MAP.encode())), 400),
            (
                "a file that is not in the map",
                body(part("operations", OPERATIONS.encode()), part("map", b"{}"), part("0", b"x", "a.txt")),
                400,
            ),
            (
                "a file twice",
                body(
                    part("operations", OPERATIONS.encode()),
                    part("map", MAP.encode()),
                    part("0", b"x", "a.txt"),
                    part("0", b"y", "a.txt"),
                ),
                400,
            ),
            (
                "a file without a name",
                body(part("operations", OPERATIONS.encode()), part("map", MAP.encode()), part("0", b"x")),
                400,
            ),
            ("operations that are no JSON", upload(b"x").replace(OPERATIONS.encode(), b"{"), 400),
            ("several operations", upload(b"x").replace(OPERATIONS.encode(), f"[{OPERATIONS}]".encode()), 400),
            ("a map that is no JSON", upload(b"x").replace(MAP.encode(), b"{"), 400),
            ("a map that is a list", upload(b"x").replace(MAP.encode(), b"[]"), 400),
            ("a map to a number", upload(b"x").replace(MAP.encode(), b'{"0":1}'), 400),
            ("a map to nowhere", upload(b"x").replace(MAP.encode(), b'{"0":[]}'), 400),
            ("a map beyond variables", upload(b"x").replace(b"variables.file", b"query"), 400),
            ("a map to what is not null", upload(b"x").replace(b'"file": null', b'"file": "here"'), 400),
            ("a map to what is not there", upload(b"x").replace(b"variables.file", b"variables.no.5.way"), 400),
            ("a map to a huge index", upload(b"x").replace(b"variables.file", b"variables." + b"9" * 5_000), 400),
            (
                "more places than files are taken",
                upload(b"x").replace(MAP.encode(), json.dumps({"0": ["variables.file"] * 11}).encode()),
                400,
            ),
            ("operations without end", upload(b"x").replace(OPERATIONS.encode(), b" " * 1_048_577), 413),
            ("a body without end", upload(b"x" * (11 * MAX + 1_048_576)), 413),
            ("a header without end", upload(b"x").replace(b"Content-Disposition", b"X" * 10_000), 400),
            ("a part that is no form data", upload(b"x").replace(b"form-data", b"attachment"), 400),
        ],
    )
    async def test_it_is_refused(self, _case: str, data: bytes, status: int) -> None:
        assert (await refusal(data)).status == status

    @pytest.mark.parametrize(
        "content_type",
        ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 300}"],
    )
    def test_a_boundary_that_is_none_is_refused(self, content_type: str) -> None:
        with pytest.raises(RequestRefused):
            MultipartReader(content_type, max_file_bytes=MAX)


class TestAnything:
    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 1_000), st.sampled_from(["cut", "insert", "replace"]), st.binary(max_size=12)),
            min_size=1,
            max_size=5,
        ),
        st.integers(1, 600),
    )
    def test_a_damaged_body_is_read_or_refused(self, damages: list[tuple[int, str, bytes]], size: int) -> None:
        data = upload(b"What comes after the header is the file.\r\n--cut-here-not\r\n")
        for place, how, filler in damages:
            at = place % len(data) if data else 0
            end = {"cut": at + len(filler), "insert": at, "replace": at + len(filler)}[how]
            data = data[:at] + (b"" if how == "cut" else filler) + data[end:]

        async def status() -> int:
            try:
                await read(data, size=size)
            except RequestRefused as refused:
                return refused.status
            return 200

        assert asyncio.run(status()) in {200, 400, 413}
