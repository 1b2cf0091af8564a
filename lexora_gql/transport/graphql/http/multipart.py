"""Uploads by the GraphQL multipart request specification, read as they arrive.

`operations` and `map` come first; they say which files there will be. Memory stays flat whatever is sent: fields are
bounded, files go to disk, and what is beyond a limit is dropped or refused as it arrives.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartState, parse_options_header

from lexora_gql.transport.graphql.http.staging import StagedFile
from lexora_gql.transport.graphql.refusals import BodyTooLarge, RequestRefused
from lexora_gql.transport.graphql.requests import JSON_BYTES_MAX, GraphQLRequest, parse_json, to_request

FILES_MAX = 10
FIELDS = ("operations", "map")


def body_bytes_max(max_file_bytes: int) -> int:
    """Return how many bytes the largest body may have: as many files as are taken, and what is said of them."""
    return FILES_MAX * max_file_bytes + JSON_BYTES_MAX


@dataclass(slots=True)
class _Field:
    """`operations` or `map`."""

    name: str
    data: bytearray = field(default_factory=bytearray)


class MultipartReader:
    """Reads one request; a context, at whose end the files are gone."""

    def __init__(self, content_type: str, *, max_file_bytes: int) -> None:
        """Take the limits.

        Args:
            content_type: The header, which names the boundary.
            max_file_bytes: Of each file; larger ones are marked, and their rest is dropped.

        Raises:
            RequestRefused: There is no boundary, or it is no good.
        """
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            message = "The header Content-Type names no boundary."
            raise RequestRefused(message)
        try:
            self._parser = MultipartParser(boundary, self._callbacks())  # type: ignore[arg-type]  # a TypedDict of these
        except FormParserError as error:
            message = "The header Content-Type names a boundary that is too long."
            raise RequestRefused(message) from error
        self._max_file_bytes = max_file_bytes
        self._bytes_read = 0
        self._field_bytes_left = JSON_BYTES_MAX
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._fields: dict[str, bytes] = {}
        self._paths: dict[str, list[str]] = {}
        self._files: dict[str, StagedFile] = {}
        self._part: _Field | StagedFile | None = None
        self._ended: list[StagedFile] = []

    async def __aenter__(self) -> "MultipartReader":
        return self

    async def __aexit__(self, *_: object) -> None:
        for file in self._files.values():
            await file.close()

    async def read(self, stream: AsyncIterator[bytes]) -> GraphQLRequest:
        """Read the body to its end.

        Raises:
            BodyTooLarge: It is larger than ten files and their fields may be; the rest is not read.
            RequestRefused: It is malformed.
        """
        async for piece in stream:
            if self._bytes_read + len(piece) > body_bytes_max(self._max_file_bytes):
                message = f"The body is larger than {FILES_MAX} files of {self._max_file_bytes:,} bytes."
                raise BodyTooLarge(message)
            try:
                self._parser.write(piece)
            except FormParserError as error:
                message = "The body is not well-formed multipart/form-data"
                if isinstance(error, MultipartParseError) and error.offset >= 0:
                    message += f" at byte {self._bytes_read + error.offset + 1}"
                raise RequestRefused(f"{message}.") from error
            self._bytes_read += len(piece)
            await self._flush()
        if self._parser.state != MultipartState.END:
            message = "The body ends before its last boundary."
            raise RequestRefused(message)
        return self._request()

    async def _flush(self) -> None:
        for file in self._ended:
            await file.flush()
        self._ended.clear()
        if isinstance(self._part, StagedFile) and self._part.is_piece_full:
            await self._part.flush()

    def _request(self) -> GraphQLRequest:
        missing = [name for name in FIELDS if name not in self._fields]
        missing += [name for name in self._paths if name not in self._files]
        if missing:
            message = f"The part `{missing[0][:100]}` is missing."
            raise RequestRefused(message)
        operations = parse_json(self._fields["operations"], "`operations`")
        for name, paths in self._paths.items():
            for path in paths:
                put_file(operations, path, self._files[name].finished())
        return to_request(operations)

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
        }

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode(errors="replace")
        if disposition != b"form-data" or not name:
            message = "A part has no `Content-Disposition: form-data` with a name."
            raise RequestRefused(message)
        if len(self._fields) < len(FIELDS):
            self._part = self._begin_field(name)
        else:
            self._part = self._begin_file(name, options.get(b"filename"))

    def _begin_field(self, name: str) -> _Field:
        expected = FIELDS[len(self._fields)]
        if name != expected:
            message = f"The part `{expected}` must come before the part `{name[:100]}`."
            raise RequestRefused(message)
        return _Field(name)

    def _begin_file(self, name: str, filename: bytes | None) -> StagedFile:
        if name not in self._paths or name in self._files or filename is None:
            message = f"The part `{name[:100]}` is none of the files in `map`, comes twice, or has no file name."
            raise RequestRefused(message)
        file = StagedFile(filename.decode(errors="replace"), max_bytes=self._max_file_bytes)
        self._files[name] = file
        return file

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if isinstance(self._part, StagedFile):
            self._part.feed(data[start:end])
        elif self._part is not None:
            self._field_bytes_left -= end - start
            if self._field_bytes_left < 0:
                message = f"`operations` and `map` are larger than {JSON_BYTES_MAX:,} bytes."
                raise BodyTooLarge(message)
            self._part.data += data[start:end]

    def _on_part_end(self) -> None:
        part, self._part = self._part, None
        if isinstance(part, StagedFile):
            self._ended.append(part)
        elif part is not None:
            self._fields[part.name] = bytes(part.data)
            if part.name == "map":
                self._paths = parse_map(self._fields["map"])


def parse_map(body: bytes) -> dict[str, list[str]]:
    """Return where each file goes.

    Raises:
        RequestRefused: It is no map from names to paths, or names more than 10 places.
    """
    given = parse_json(body, "`map`")
    if not isinstance(given, dict) or not all(_is_list_of_texts(paths) for paths in given.values()):
        message = "`map` must be an object of lists of paths."
        raise RequestRefused(message)
    if sum(len(paths) for paths in given.values()) > FILES_MAX:
        message = f"`map` names more than {FILES_MAX} places for files."
        raise RequestRefused(message)
    return given


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def put_file(operations: object, path: str, file: object) -> None:
    """Put a file where a path points to.

    Args:
        operations: The request, as JSON.
        path: Such as `variables.inputs.0.file`.
        file: What goes there.

    Raises:
        RequestRefused: There is no null to be replaced.
    """
    *parents, last = path.split(".")
    holder = operations
    if path.partition(".")[0] == "variables":
        for step in parents:
            holder = _child(holder, step)
        if isinstance(holder, dict) and last in holder and holder[last] is None:
            holder[last] = file
            return
        index = _index(last)
        if isinstance(holder, list) and index is not None and index < len(holder) and holder[index] is None:
            holder[index] = file
            return
    message = f"`map` points to `{path[:100]}`, where `operations` has no null."
    raise RequestRefused(message)


def _child(holder: object, step: str) -> object:
    if isinstance(holder, dict):
        return holder.get(step)
    index = _index(step)
    if isinstance(holder, list) and index is not None and index < len(holder):
        return holder[index]
    return None


def _index(step: str) -> int | None:
    return int(step) if step.isascii() and step.isdecimal() and len(step) <= len(str(JSON_BYTES_MAX)) else None
