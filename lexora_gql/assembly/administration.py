"""What administrators do from the command line, beside a server that may be running."""

import uvloop

from lexora_gql.assembly.process import open_process
from lexora_gql.documents.auditing import Audit
from lexora_gql.settings import Settings


def create_admin(settings: Settings, email: str, password: str) -> str:
    """Make an administrator's account and return its address.

    Raises:
        DomainError: Address or password will not do.
        WrongSettings: Something that is needed is not set.
    """

    async def create() -> str:
        async with open_process(settings) as process:
            user = await process.services.accounts.create_admin(email, password)
            return user.email

    return uvloop.run(create())


def audit(settings: Settings, *, is_forced: bool) -> Audit:
    """Remove the files that no document names; see `FileAudit.audit`.

    Raises:
        DomainError: PostgreSQL or the blob store is away.
        WrongSettings: Something that is needed is not set.
    """

    async def look() -> Audit:
        async with open_process(settings) as process:
            return await process.upkeep.housekeeping.look_through_files(is_forced=is_forced)

    return uvloop.run(look())
