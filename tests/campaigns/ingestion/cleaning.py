"""What a server does by itself in a minute, an hour or a day, so that its outcome can be checked at once."""

import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from lexora_gql.storage.database import Database
from tests.campaigns.ground import Ground
from tests.campaigns.ingestion.stock import INCOMING, files_in

GONE_SECONDS = 60.0
LOOK_SECONDS = 0.1
TWO_HOURS_SECONDS = 7_200


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Lets time pass, as far as files can tell."""

    ground: Ground
    database: Database

    async def deploy(self) -> list[int]:
        """Replace every worker in order; return the exit codes of the old ones.

        A new one looks at once for what was left half written. Those that stay behind are the same number.
        """
        self._age()
        codes = await asyncio.gather(*(self.ground.stop(place) for place in self.ground.working()))
        await self.ground.someone_works(at_least=len(codes))
        return list(codes)

    async def wait(self) -> None:
        """Wait until nothing is half written or to be removed, a minute at most."""
        started = time.monotonic()
        while time.monotonic() - started < GONE_SECONDS:
            async with self.database.engine.connect() as connection:
                purges = (await connection.execute(text("SELECT count(*) FROM purges"))).scalar_one()
            if not purges and not [path for path in self._files() if path.parent.name == INCOMING]:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def audit(self) -> int:
        """Look for files without a document, as the server does every day; return how many were removed."""
        self._age()
        code, said = await self.ground.stack.audit()
        assert code == 0, said
        # "7 files, 2 that no document names, 2 removed."
        return int(said.split(", ")[-1].split()[0])

    def troubles(self) -> list[str]:
        """Return what the logs of all processes hold beyond information and warnings."""
        found = []
        for program in self.ground.stack.programs:
            for line in program.output().splitlines():
                entry = json.loads(line) if line.startswith("{") else {"level": "error", "event": line}
                if entry["level"] in {"error", "critical"}:
                    found.append(f"{program.log.stem}: {line[:2_000]}")
        return found

    def _age(self) -> None:
        before = time.time() - TWO_HOURS_SECONDS
        for path in self._files():
            os.utime(path, (before, before))

    def _files(self) -> list[Path]:
        return files_in(self.ground.stack.folder / "data" / "blobs")
