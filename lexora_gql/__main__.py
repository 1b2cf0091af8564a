"""The `lexora` command."""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from lexora_gql import __version__
from lexora_gql.errors import DomainError
from lexora_gql.settings import Settings, WrongSettings, load_settings
from lexora_gql.terminal.commands import ask_command, upload_command
from lexora_gql.terminal.errors import USAGE, CannotGoOn
from lexora_gql.terminal.findings import Finding, Probe, State
from lexora_gql.terminal.person import Person
from lexora_gql.terminal.plain_text import one_line
from lexora_gql.terminal.running import end_with, run, tolerate_narrow_terminals

# Each command imports what it needs when it is called: a server takes seconds to import, `lexora ask` none.
# ruff: noqa: PLC0415

app = typer.Typer(
    name="lexora",
    help="Answers questions from your documents, each claim cited to page and words.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def lexora(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    """Take what all commands share."""
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command("up")
def up() -> None:
    """Run everything on this machine: PostgreSQL, Redis, API and worker. Ctrl-C ends it."""
    from lexora_gql.embedded.up import run_up

    end_with(lambda: run_up(load_settings()))


@app.command("serve")
def serve() -> None:
    """Run the API on HOST and PORT; needs DATABASE_URL, REDIS_URL and SECRET_KEY."""

    def start() -> int:
        # Wrong settings are said before seconds are spent on importing.
        settings = load_settings()
        from lexora_gql.assembly.server import serve as serve_until_stopped

        return serve_until_stopped(settings)

    end_with(start)


@app.command("work")
def work() -> None:
    """Run a worker, which reads documents; needs what `serve` needs."""

    def start() -> int:
        settings = load_settings()
        from lexora_gql.assembly.worker import work as work_until_stopped

        return work_until_stopped(settings)

    end_with(start)


@app.command("migrate")
def migrate() -> None:
    """Bring the database to this release's newest migration."""
    end_with(lambda: _migrate(_of_running_up(load_settings())))


@app.command("export-schema")
def export_schema(
    path: Annotated[
        Path | None,
        typer.Argument(help="A file, or a folder for all that is made from it; printed when not given."),
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 if what is there differs.")] = False,
) -> None:
    """Write the GraphQL schema that this server offers."""
    from lexora_gql.terminal.contract import files
    from lexora_gql.transport.graphql.execution.costs.weights import describe
    from lexora_gql.transport.graphql.schema import CORE, export_sdl

    end_with(lambda: (files.check if check else files.export)(export_sdl(), describe(CORE), path))


@app.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="The address to sign in with.")],
    *,
    password: Annotated[
        str | None,
        typer.Option(envvar="LEXORA_PASSWORD", help="Asked for when not given; read from a pipe where nobody is."),
    ] = None,
) -> None:
    """Make an account that may administrate the server."""

    def create() -> int:
        settings = _of_running_up(load_settings())
        from sqlalchemy.exc import SQLAlchemyError

        from lexora_gql.assembly import administration

        try:
            address = administration.create_admin(settings, email, password or _asked_password())
        except DomainError as error:
            raise CannotGoOn(error.message) from None
        except SQLAlchemyError as error:
            raise CannotGoOn(f"The database refuses: {_of_the_database(error)}") from None
        typer.echo(f"{address} is an administrator.")
        return 0

    end_with(create)


@app.command("reindex")
def reindex(
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Take part in the work, and end with it; also in one under way.")
    ] = False,
) -> None:
    """Embed everything with the embedder that is set now; the old vectors serve until it is done."""
    end_with(lambda: _reindex(_of_running_up(load_settings()), is_waiting=wait))


@app.command("evaluate")
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Holds corpus.jsonl, queries.jsonl and qrels.tsv, as BEIR's do.")],
    *,
    compare: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE that a second run differs in, or a file that --json wrote; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Measure how well these settings find what a folder says is relevant; needs no server."""
    run(lambda: _evaluate(folder, compare or [], is_json=as_json))


@app.command("audit")
def audit(
    *,
    force: Annotated[bool, typer.Option("--force", help="Remove them also where they are most of all files.")] = False,
) -> None:
    """Remove files that no document names, as the server does every day; ends with 1 if some are left."""

    def look() -> int:
        settings = _of_running_up(load_settings())
        from lexora_gql.assembly import administration

        try:
            found = administration.audit(settings, is_forced=force)
        except DomainError as error:
            raise CannotGoOn(error.message) from None
        typer.echo(f"{found.files:,} files, {found.orphans:,} that no document names, {found.removed:,} removed.")
        if found.is_refused:
            typer.echo("Nothing was removed: is DATABASE_URL the right one? If so, --force removes them.", err=True)
        return 1 if found.left else 0

    end_with(look)


@app.command("doctor")
def doctor() -> None:
    """Say what is configured, what answers and what does not; ends with 1 if something needed is broken."""
    from lexora_gql.storage.acting import DatabaseRole
    from lexora_gql.storage.migrations import revisions
    from lexora_gql.terminal import doctor as doctors
    from lexora_gql.terminal.probes_of_postgres import Expected

    async def examine() -> int:
        settings = _of_running_up(load_settings())
        expected = Expected([role.value for role in DatabaseRole], revisions())
        return await doctors.run_doctor(settings, expected, _own_probes(settings))

    run(examine)


app.command("upload")(upload_command)
app.command("ask")(ask_command)


def main() -> None:
    """Run the command that the command line names."""
    tolerate_narrow_terminals()
    app(prog_name="lexora")


def _of_running_up(settings: Settings) -> Settings:
    """Fill in the servers of the `lexora up` that runs on the data folder, where none are set."""
    from pydantic import SecretStr

    from lexora_gql.embedded.data_folder import DataFolder

    folder = DataFolder(settings.data_dir)
    found = {name.lower(): SecretStr(value) for name, value in folder.addresses().items()}
    if (folder.path / "secret_key").exists() and not settings.is_production:
        found["secret_key"] = SecretStr(folder.secret_key())
    return settings.model_copy(update={name: value for name, value in found.items() if getattr(settings, name) is None})


def _migrate(settings: Settings) -> int:
    from argparse import Namespace

    from alembic import command
    from alembic.util import CommandError
    from asyncpg import InterfaceError, PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    from lexora_gql.storage.migrations import alembic_config, revisions

    config = alembic_config()
    config.cmd_opts = Namespace(x=[f"url={settings.require_database_url()}"])
    try:
        command.upgrade(config, "head")
    except (OSError, CommandError, SQLAlchemyError, PostgresError, InterfaceError) as error:
        raise CannotGoOn(f"The database cannot be migrated: {_of_the_database(error)}") from None
    typer.echo(f"The database is at migration {revisions()[-1]}, the newest.")
    return 0


def _reindex(settings: Settings, *, is_waiting: bool) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from lexora_gql.assembly import reindexing

    try:
        state = reindexing.reindex(
            settings,
            lambda now: typer.echo(f"{now.embedder}: {now.done} of {now.total} passages"),
            is_waiting=is_waiting,
        )
    except DomainError as error:
        raise CannotGoOn(error.message) from None
    except SQLAlchemyError as error:
        raise CannotGoOn(f"The database refuses: {_of_the_database(error)}") from None
    if state.failure is not None:
        raise CannotGoOn(state.failure)
    typer.echo("Searches go by the new vectors." if state.finished_at else "The workers are at it from now on.")
    return 0


async def _evaluate(folder: Path, compare: Sequence[str], *, is_json: bool) -> int:
    from rich.console import Console

    from lexora_gql.terminal import evaluation as shown

    changes = shown.changes_of(compare)
    earlier = [one for path in shown.files_of(compare) for one in shown.read_results(path)]
    wanted = {"as set": load_settings()}
    if changes:
        wanted[shown.label_of(changes)] = load_settings(**changes)

    from lexora_gql.assembly.evaluating import evaluate
    from lexora_gql.assembly.evaluation_sets import BadSet, read_set
    from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable

    found = []
    try:
        measured_by = await asyncio.to_thread(read_set, folder)
        for label, settings in wanted.items():
            with shown.Bars(label) as bars:
                found.append((await evaluate(settings, measured_by, bars.tell)).plain(label, measured_by))
    except BadSet as error:
        raise CannotGoOn(one_line(str(error)), exit_code=USAGE) from None
    except (EmbedderRejected, EmbedderUnavailable) as error:
        raise CannotGoOn(f"The embedder fails: {one_line(str(error))}.") from None
    if is_json:
        typer.echo(shown.as_json([*found, *earlier]))
    else:
        shown.show([*found, *earlier], Console())
    return 0


def _of_the_database(error: Exception) -> str:
    """Return a reason without the statement, which is long and may hold what is nobody's business."""
    from sqlalchemy.exc import DBAPIError

    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return one_line(str(cause)) or type(cause).__name__


def _asked_password() -> str:
    person = Person()
    password = person.ask_secret("Password", twice=True) if person.is_there else sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CannotGoOn("No password was given: set LEXORA_PASSWORD, or pipe one in.", exit_code=USAGE)
    return password


def _own_probes(settings: Settings) -> dict[str, Probe]:
    """Return the doctor's probes that need the server's own code."""
    return {
        "Embedder": partial(_embedder, settings),
        "Vectors": partial(_vectors, settings),
        "Reranker": partial(_reranker, settings),
        "Playground": _playground,
        "Servers for `lexora up`": partial(_binaries, settings),
    }


async def _embedder(settings: Settings) -> Sequence[Finding]:
    from lexora_gql.ports.embedder import EmbedderRejected, EmbedderUnavailable

    try:
        from lexora_gql.assembly.adapters import choose_embedder

        embedder = choose_embedder(settings)
        [vector] = await embedder.embed(["Does the embedder answer?"])
    except (EmbedderUnavailable, EmbedderRejected, OSError, ImportError) as error:
        return [Finding("Embedder", State.BROKEN, one_line(str(error)) or type(error).__name__)]
    return [Finding("Embedder", State.GOOD, f"{embedder.name} answers with {len(vector)} dimensions")]


async def _vectors(settings: Settings) -> Sequence[Finding]:
    from sqlalchemy.exc import SQLAlchemyError

    from lexora_gql.assembly.reindexing import stored_vectors
    from lexora_gql.ports.embedder import EmbedderRejected

    subject, advice = "Vectors", "run `lexora reindex`"
    try:
        stored = await stored_vectors(settings)
    except (DomainError, WrongSettings, SQLAlchemyError, OSError, EmbedderRejected):
        return [Finding(subject, State.UNUSED, "cannot be looked at; see PostgreSQL, Migrations and Embedder")]
    if stored.serving != stored.configured:
        by = "still go by them" if stored.is_to_be_had else "go by wording only"
        about = f"are of {stored.serving}, {stored.configured} is set; searches {by}: {advice}"
        return [Finding(subject, State.DEGRADED, about)]
    if stored.without:
        lacking = f"{stored.without} of {stored.passages} passages lack those of {stored.serving}"
        return [Finding(subject, State.DEGRADED, f"{lacking}, and are found by wording only: {advice}")]
    return [Finding(subject, State.GOOD, f"{stored.passages} passages, all with those of {stored.serving}")]


async def _reranker(settings: Settings) -> Sequence[Finding]:
    from lexora_gql.assembly.adapters import choose_reranker
    from lexora_gql.ports.reranker import RerankerRejected, RerankerUnavailable

    subject = "Reranker"
    reranker = choose_reranker(settings)
    if reranker is None:
        return [Finding(subject, State.UNUSED, "none is set; passages stay in the order of meaning and wording")]
    try:
        await reranker.rerank("Does the reranker answer?", ["It does.", "The canteen opens at noon."])
    except (RerankerUnavailable, RerankerRejected) as error:
        about = f"{one_line(str(error))}; searches go on without it"
        return [Finding(subject, State.DEGRADED, about)]
    finally:
        await reranker.aclose()
    return [Finding(subject, State.GOOD, f"{reranker.name} answers")]


async def _playground() -> Sequence[Finding]:
    from lexora_gql.transport.graphiql.bundle import BUILD_COMMAND, fingerprint, read_bundle

    bundle = await asyncio.to_thread(read_bundle)
    if bundle is None:
        return [Finding("Playground", State.DEGRADED, f"is not built; {BUILD_COMMAND}")]
    if bundle.sources != await asyncio.to_thread(fingerprint):
        return [Finding("Playground", State.DEGRADED, f"was built from other sources; {BUILD_COMMAND}")]
    return [Finding("Playground", State.GOOD, "is built")]


async def _binaries(settings: Settings) -> Sequence[Finding]:
    from lexora_gql.embedded.binaries import find_postgres, find_redis
    from lexora_gql.embedded.errors import CannotRun
    from lexora_gql.embedded.ownership import Owner

    subject = "Servers for `lexora up`"
    if settings.database_url is not None and settings.redis_url is not None:
        return [Finding(subject, State.UNUSED, "not needed: DATABASE_URL and REDIS_URL name others")]
    try:
        # As ourselves, nothing is copied into the data folder.
        found = f"{find_postgres().installation}, {find_redis(Owner(), settings.data_dir)}"
    except CannotRun as error:
        return [Finding(subject, State.BROKEN, str(error))]
    return [Finding(subject, State.GOOD, found)]


if __name__ == "__main__":
    main()
