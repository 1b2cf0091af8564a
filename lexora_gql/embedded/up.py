"""`lexora up`: everything on one machine with one command, ended by one Ctrl-C."""

import asyncio
import signal
import sys
from contextlib import suppress

from lexora_gql.embedded.child import Child
from lexora_gql.embedded.data_folder import DataFolder
from lexora_gql.embedded.errors import CannotRun
from lexora_gql.embedded.greeting import greeting
from lexora_gql.embedded.ports import require_free_port
from lexora_gql.embedded.postgres import EmbeddedPostgres
from lexora_gql.embedded.program import Program
from lexora_gql.embedded.redis import EmbeddedRedis
from lexora_gql.embedded.server import EmbeddedServer
from lexora_gql.embedded.supervisor import Supervisor
from lexora_gql.settings import Settings, WrongSettings

NAME_WIDTH = 8
# Under `up` somebody waits at the keyboard for the end; what they set themselves wins.
GRACE_SECONDS = 5.0
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_up(settings: Settings, *, module: str = "lexora_gql") -> int:
    """Run PostgreSQL, Redis, API and worker until a signal ends them.

    Args:
        settings: DATABASE_URL or REDIS_URL in them name servers that are used instead of our own.
        module: Run with `-m`; knows the commands migrate, serve and work.

    Returns:
        The exit code: 0 after an orderly end, 1 when something cannot be started (one line on stderr says what).
    """
    folder = DataFolder(settings.data_dir)
    try:
        with folder.held():
            require_free_port(settings.host, settings.port)
            return asyncio.run(Up(settings, folder, module).run())
    except WrongSettings as error:
        reasons = error.lines
    except (CannotRun, OSError) as error:
        reasons = [str(error)]
    for reason in reasons:
        print(f"lexora: {reason}", file=sys.stderr)  # noqa: T201  # this is a command
    return 1


class Up:
    """One run of `lexora up`."""

    def __init__(self, settings: Settings, folder: DataFolder, module: str) -> None:
        self.settings = settings
        self.folder = folder
        self.module = module
        self.supervisor = Supervisor(write_line)
        self.servers: list[EmbeddedServer] = []

    async def run(self) -> int:
        """Start everything, wait for a signal, and end everything."""
        working = asyncio.create_task(self._start_and_wait())
        for number in ENDINGS:
            # Under nohup the end of the terminal is not ours.
            if signal.getsignal(number) is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, self._end, working)
        try:
            await working
        except asyncio.CancelledError:
            write_line("lexora", "ending")
        finally:
            await self.supervisor.stop()
            for server in self.servers:
                server.release()
        return 0

    def _end(self, working: asyncio.Task[None]) -> None:
        # Asked twice: no more patience.
        if working.cancelling() or working.done():
            self.supervisor.kill()
        working.cancel()

    async def _start_and_wait(self) -> None:
        environment = self._settled_environment()
        environment["DATABASE_URL"] = await self._database_url()
        environment["REDIS_URL"] = await self._redis_url()
        await self._migrate(self._program("migrate", "migrate", environment))
        with self.folder.announced(DATABASE_URL=environment["DATABASE_URL"], REDIS_URL=environment["REDIS_URL"]):
            await self.supervisor.start(
                [
                    self._program("api", "serve", environment, ready_url=f"{self._own_address()}/ready"),
                    self._program("worker", "work", environment),
                ]
            )
            print(greeting(self.settings), flush=True)  # noqa: T201  # this is a command
            # Only a signal ends this.
            await asyncio.Event().wait()

    def _settled_environment(self) -> dict[str, str]:
        settings = self.settings
        if settings.secret_key is not None:
            key = settings.secret_key.get_secret_value()
        elif settings.is_production:
            raise CannotRun("SECRET_KEY: is not set; ENVIRONMENT=production takes no generated one.")
        else:
            key = self.folder.secret_key()
        # Somebody reads along in a terminal; whoever collects logs wants JSON.
        readable = sys.stdout.isatty() and "log_format" not in settings.model_fields_set
        return {
            "LOG_FORMAT": "console" if readable else settings.log_format,
            "SECRET_KEY": key,
            "DATA_DIR": str(self.folder.path),
            "HOST": settings.host,
            "PORT": str(settings.port),
            "SHUTDOWN_GRACE_SECONDS": str(self._grace_seconds()),
            # What the worker counts is read off the API's /metrics.
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder.emptied("metrics")),
        }

    def _program(
        self, name: str, command: str, environment: dict[str, str], *, ready_url: str | None = None
    ) -> Program:
        return Program(name, [self.module, command], environment, self._grace_seconds(), ready_url)

    async def _database_url(self) -> str:
        if self.settings.database_url is not None:
            self.settings.require_database_url()
            return self.settings.database_url.get_secret_value()
        home, owner = self.folder.home("postgres")
        return await self._run_server(EmbeddedPostgres(home, owner=owner))

    async def _redis_url(self) -> str:
        if self.settings.redis_url is not None:
            return self.settings.require_redis_url()
        home, owner = self.folder.home("redis")
        return await self._run_server(EmbeddedRedis(home, owner=owner))

    async def _run_server(self, server: EmbeddedServer) -> str:
        self.servers.append(server)
        await self.supervisor.start([server])
        return server.url

    async def _migrate(self, program: Program) -> None:
        migrating = await Child.start(program.command, write_line)
        try:
            code = await migrating.wait()
        finally:
            migrating.kill()
        if code != 0:
            raise CannotRun(f"The database cannot be brought up to date (exit code {code}); see above.")

    def _grace_seconds(self) -> float:
        if "shutdown_grace_seconds" in self.settings.model_fields_set:
            return self.settings.shutdown_grace_seconds
        return GRACE_SECONDS

    def _own_address(self) -> str:
        # PUBLIC_URL may lead through a proxy that is not there yet.
        return self.settings.model_copy(update={"public_url": None}).address


def write_line(name: str, line: str) -> None:
    """Pass on a line of output, its origin in front."""
    # Whoever read our output may be gone; that is no reason to end.
    with suppress(OSError, ValueError):
        print(f"{name:<{NAME_WIDTH}} | {line}", flush=True)  # noqa: T201  # this is a command
