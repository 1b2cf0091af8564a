"""`lexora upload` and `lexora ask`."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lexora_gql.terminal.answer_json import AnswerJson
from lexora_gql.terminal.answer_text import AnswerText
from lexora_gql.terminal.asking import Question, ask
from lexora_gql.terminal.client import Client
from lexora_gql.terminal.endpoint import Endpoint
from lexora_gql.terminal.errors import FAILED, INTERRUPTED
from lexora_gql.terminal.files import find_files
from lexora_gql.terminal.person import Person
from lexora_gql.terminal.running import run
from lexora_gql.terminal.scopes import collection_id
from lexora_gql.terminal.session_file import SessionFile
from lexora_gql.terminal.signing_in import Given, sign_in
from lexora_gql.terminal.upload_bars import UploadBars
from lexora_gql.terminal.upload_lines import UploadLines
from lexora_gql.terminal.uploading import Destination, Upload

Url = Annotated[str, typer.Option("--url", envvar="LEXORA_URL", help="The server's address.")]
Email = Annotated[str | None, typer.Option("--email", envvar="LEXORA_EMAIL", help="Who signs in.")]
Password = Annotated[
    str | None,
    typer.Option("--password", envvar="LEXORA_PASSWORD", help="Better in the environment: others see a command line."),
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="LEXORA_TOKEN", help="An access token or API key, instead of signing in."),
]
NoSave = Annotated[bool, typer.Option("--no-save", help="Do not stay signed in for the next command.")]
LOCAL = "http://127.0.0.1:8000"


def upload_command(
    *,
    files: Annotated[list[Path], typer.Argument(help="Files, and folders of them.")],
    collection: Annotated[str | None, typer.Option(help="Name or id; your personal one by default.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="For every file; may be repeated.")] = None,
    url: Url = LOCAL,
    email: Email = None,
    password: Password = None,
    token: Token = None,
    no_save: NoSave = False,
) -> None:
    """Upload files and watch them being read, until each can be asked about or has failed."""
    given = Given(token, email, password, is_saving=not no_save)

    async def work() -> int:
        found = find_files(files)
        console = Console()
        async with _client(url, given) as client:
            identifier = await collection_id(client, collection) if collection else None
            destination = Destination(identifier, tuple(tag or ()))
            try:
                with UploadBars(console, len(found)) if console.is_terminal else UploadLines() as display:
                    failed = await Upload(client, destination, display).run(found)
            except asyncio.CancelledError:
                Person().say("lexora: Stopped watching; what has been uploaded is read all the same.")
                raise
        return FAILED if failed else 0

    run(work)


def ask_command(
    *,
    question: Annotated[str, typer.Argument(help="In your own words.")],
    document: Annotated[list[str] | None, typer.Option(help="Id of a document to look in; may be repeated.")] = None,
    collection: Annotated[list[str] | None, typer.Option(help="Name or id, to look in; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Look only where it is set; may be repeated.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Id of a conversation to go on with.")] = None,
    go_on: Annotated[bool, typer.Option("--continue", help="Go on with the last conversation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end, for programs.")] = False,
    url: Url = LOCAL,
    email: Email = None,
    password: Password = None,
    token: Token = None,
    no_save: NoSave = False,
) -> None:
    """Ask a question; the answer comes as it is written, then what backs it. Ctrl-C stops it.

    Ends with 0 after an answer, 1 when it failed, 3 when nothing in the documents answers.
    """
    if conversation is not None and go_on:
        raise typer.BadParameter("--conversation and --continue exclude each other.")
    asked = Question(question, document or (), collection or (), tag or (), conversation, go_on)
    given = Given(token, email, password, is_saving=not no_save)
    display = AnswerJson() if as_json else AnswerText(Console(), Console(stderr=True))

    async def work() -> int:
        async with _client(url, given) as client:
            with _stopped_by_ctrl_c() as stop:
                code = await ask(client, asked, display, stop)
        if code == INTERRUPTED:
            display.end()
            Person().say("lexora: Stopped.")
        return code

    run(work)


@asynccontextmanager
async def _client(url: str, given: Given) -> AsyncIterator[Client]:
    async with Endpoint(url) as endpoint:
        yield Client(endpoint, await sign_in(endpoint, given, Person(), SessionFile()))


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[asyncio.Event]:
    """Give an event that Ctrl-C sets; the second one ends the command as ever."""
    stop, loop, task = asyncio.Event(), asyncio.get_running_loop(), asyncio.current_task()

    def on_interrupt() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    # Signals come to the main thread alone; elsewhere nobody presses Ctrl-C.
    is_main = threading.current_thread() is threading.main_thread()
    if is_main:
        loop.add_signal_handler(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        if is_main:
            loop.remove_signal_handler(signal.SIGINT)
