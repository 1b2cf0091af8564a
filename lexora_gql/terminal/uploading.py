"""Uploading files and watching them being read."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gql.transport.file_upload import FileVar

from lexora_gql.terminal.client import Client
from lexora_gql.terminal.errors import Refused
from lexora_gql.terminal.files import LocalFile, WatchedFile
from lexora_gql.terminal.plain_text import one_line
from lexora_gql.terminal.results import member

UPLOADS_AT_ONCE = 4
ENDED = frozenset({"READY", "FAILED"})


class Display(Protocol):
    """What shows how far each file is."""

    def sending(self, file: LocalFile, sent_bytes: int) -> None:
        """Show how many bytes of it have left."""
        ...

    def reading(self, file: LocalFile, document: Mapping[str, Any]) -> None:
        """Show the state of the document that the server made of it."""
        ...

    def ready(self, file: LocalFile, document: Mapping[str, Any], *, seconds: float, is_duplicate: bool) -> None:
        """Show that it can be asked about."""
        ...

    def failed(self, file: LocalFile, reason: str) -> None:
        """Show why it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """What every file of an upload is given."""

    collection_id: str | None = None
    tags: tuple[str, ...] = ()

    def input(self, file: FileVar) -> dict[str, Any]:
        """Return `UploadDocumentInput`."""
        given: dict[str, Any] = {"file": file}
        if self.collection_id is not None:
            given["collectionId"] = self.collection_id
        if self.tags:
            given["tags"] = list(self.tags)
        return given


@dataclass
class Upload:
    """One run over many files; nothing is lost between a file's acceptance and the stream of changes."""

    client: Client
    destination: Destination
    display: Display
    _states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_AT_ONCE))

    async def run(self, files: Sequence[LocalFile]) -> int:
        """Upload and watch all files.

        Returns:
            How many of them cannot be asked about.

        Raises:
            CannotGoOn: The server is away, or refuses more than a file.
        """
        # The cursor comes first: what happens from now on is in the stream, however late we listen.
        after = (await self.client.execute("DocumentFeedCursor", {}))["documentFeedCursor"]
        watching = asyncio.create_task(self._watch(after))
        sending = [asyncio.create_task(self._one(file)) for file in files]
        whole = asyncio.gather(*sending)
        ends: list[asyncio.Future[Any]] = [watching, whole]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not whole.done():
                # Watching ends only by a failure, and without it nobody would ever be done.
                await watching
            return sum(not is_ready for is_ready in await whole)
        finally:
            for task in (watching, *sending):
                task.cancel()
            await asyncio.gather(watching, whole, *sending, return_exceptions=True)

    async def _watch(self, after: str) -> None:
        changes = self.client.follow("DocumentEvents", "documentEvents", {}, after=after, is_endless=True)
        async with aclosing(changes):
            async for change in changes:
                document = change.get("document")
                async with self._changed:
                    if document is None:
                        self._states[change["documentId"]] = {"status": "DELETED"}
                    else:
                        self._states[document["id"]] = document
                    self._changed.notify_all()

    async def _one(self, file: LocalFile) -> bool:
        began = time.monotonic()
        try:
            async with self._slots:
                accepted = await self._send(file)
        except (Refused, OSError) as error:
            if isinstance(error, Refused) and error.code == "UNAUTHENTICATED":
                raise
            self.display.failed(file, one_line(str(error)))
            return False
        document = await self._ended(file, accepted["document"])
        if document["status"] == "READY":
            seconds = time.monotonic() - began
            self.display.ready(file, document, seconds=seconds, is_duplicate=accepted["isDuplicate"])
            return True
        self.display.failed(file, _reason(document))
        return False

    async def _send(self, file: LocalFile) -> dict[str, Any]:
        def on_read(sent_bytes: int) -> None:
            self.display.sending(file, sent_bytes)

        with await asyncio.to_thread(file.path.open, "rb") as opened:

            def variables() -> dict[str, Any]:
                watched = FileVar(WatchedFile(opened, on_read), filename=_filename(file.path))
                return {"input": self.destination.input(watched)}

            self.display.sending(file, 0)
            return member((await self.client.execute("UploadDocument", variables))["uploadDocument"])

    async def _ended(self, file: LocalFile, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Wait until a document is READY, FAILED or gone; return its last state."""
        shown: Mapping[str, Any] | None = None
        async with self._changed:
            while True:
                document = self._states.get(document["id"], document)
                if document["status"] not in {"PENDING", "PROCESSING"}:
                    return document
                if document is not shown:
                    shown = document
                    self.display.reading(file, document)
                await self._changed.wait()


def _filename(path: Path) -> str:
    # Names of files may hold bytes that are no text; what is sent must be.
    return path.name.encode("utf-8", "replace").decode()


def _reason(document: Mapping[str, Any]) -> str:
    if document["status"] == "DELETED":
        return "deleted meanwhile"
    failure = document.get("failure") or {}
    return one_line(f"{failure.get('message', '')} ({failure.get('code', 'unknown')})")
