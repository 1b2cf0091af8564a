"""What a child says about a file, as length-prefixed frames over a pipe.

A child may have been taken over by the file that it reads. So nothing is unpickled, every frame is bounded, and the
receiver checks all that it is told. A frame is a kind (1 byte), a length (4 bytes, big-endian) and that many bytes:

    P  progress: [done, total or null]
    T  a piece of the text, UTF-8
    L  pages: rows of [number, start, end, label or null]
    H  headings: rows of [level, title, start]
    B  blocks: rows of [start, end]
    V  a version is complete: {title, language, page_count, warnings}; rows since the last V belong to it
    W  words: rows of [page, text, bottom, top, [left, right, left, right, ...]], for who asks where words stand
    I  a piece of a picture, for who asks how a page looks
    F  failure: {code, message}
"""

import json
import struct
from collections.abc import Callable, Iterable
from itertools import islice

from lexora_gql.ports.text_extractor import ExtractedText, ExtractionFailed

HEADER = struct.Struct(">cI")
FRAME_BYTES_MAX = 1024 * 1024
ROWS_A_FRAME = 500
CHARACTERS_A_FRAME = FRAME_BYTES_MAX // 4

PROGRESS = b"P"
TEXT = b"T"
PAGES = b"L"
HEADINGS = b"H"
BLOCKS = b"B"
VERSION = b"V"
WORDS = b"W"
PICTURE = b"I"
FAILURE = b"F"

Write = Callable[[bytes], None]


def pack(kind: bytes, payload: bytes) -> bytes:
    """Return one frame."""
    return HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: bytes, value: object) -> bytes:
    """Return one frame that holds JSON."""
    return pack(kind, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def write_text(write: Write, text: str) -> None:
    """Send the text, in pieces that a frame holds whatever the script."""
    for start in range(0, len(text), CHARACTERS_A_FRAME):
        write(pack(TEXT, text[start : start + CHARACTERS_A_FRAME].encode()))


def write_version(write: Write, found: ExtractedText) -> None:
    """Send all that is known beside the text, and that it stands as a whole."""
    write_rows(write, PAGES, ([page.number, page.start, page.end, page.label] for page in found.pages))
    write_rows(write, HEADINGS, ([heading.level, heading.title, heading.start] for heading in found.headings))
    write_rows(write, BLOCKS, ([block.start, block.end] for block in found.blocks))
    meta = {
        "title": found.title,
        "language": found.language,
        "page_count": found.page_count,
        "warnings": list(found.warnings),
    }
    write(pack_json(VERSION, meta))


def write_failure(write: Write, failure: ExtractionFailed) -> None:
    """Send why there is no text."""
    write(pack_json(FAILURE, {"code": failure.code, "message": failure.message}))


def write_rows(write: Write, kind: bytes, rows: Iterable[list[object]]) -> None:
    """Send rows, so many a frame."""
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_A_FRAME)):
        write(pack_json(kind, batch))
